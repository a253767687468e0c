//! The four services, as the driver starts and looks at them.

use serde::Serialize;
use sqlx::migrate::Migrator;

/// One of the four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// customer-profile.
    CustomerProfile,
    /// ticketing.
    Ticketing,
    /// sla-monitor.
    SlaMonitor,
    /// ombudsman-escalation.
    OmbudsmanEscalation,
}

impl Service {
    /// All.
    pub const ALL: [Self; 4] = [Self::CustomerProfile, Self::Ticketing, Self::SlaMonitor, Self::OmbudsmanEscalation];

    /// Its name, which is also that of its ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CustomerProfile => customer_profile::SOURCE,
            Self::Ticketing => ticketing::SOURCE,
            Self::SlaMonitor => sla_monitor::SOURCE,
            Self::OmbudsmanEscalation => ombudsman_escalation::SOURCE,
        }
    }

    /// The service of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// Its schema, which is also the name of its database role.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::CustomerProfile => customer_profile::SCHEMA,
            Self::Ticketing => ticketing::SCHEMA,
            Self::SlaMonitor => sla_monitor::SCHEMA,
            Self::OmbudsmanEscalation => ombudsman_escalation::SCHEMA,
        }
    }

    /// Its own tables.
    pub fn migrations(self) -> Migrator {
        match self {
            Self::CustomerProfile => customer_profile::migrations(),
            Self::Ticketing => ticketing::migrations(),
            Self::SlaMonitor => sla_monitor::migrations(),
            Self::OmbudsmanEscalation => ombudsman_escalation::migrations(),
        }
    }
}
