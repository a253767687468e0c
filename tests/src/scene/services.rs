//! The four services, as a scene knows them.

use anyhow::Context as _;
use postgres::Settings;
use server::{Assembly, House};
use sqlx::migrate::Migrator;

/// One of the four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
            Self::CustomerProfile => "customer-profile",
            Self::Ticketing => "ticketing",
            Self::SlaMonitor => "sla-monitor",
            Self::OmbudsmanEscalation => "ombudsman-escalation",
        }
    }

    /// Its schema.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::CustomerProfile => "customer_profile",
            Self::Ticketing => "ticketing",
            Self::SlaMonitor => "sla_monitor",
            Self::OmbudsmanEscalation => "ombudsman",
        }
    }

    /// The service whose contract is in this package, e.g. `ventanilla.ticketing.v1`; `None` for
    /// packages that every service serves.
    pub fn of_package(package: &str) -> Option<Self> {
        match package {
            "ventanilla.customer.v1" => Some(Self::CustomerProfile),
            "ventanilla.ticketing.v1" => Some(Self::Ticketing),
            "ventanilla.sla.v1" => Some(Self::SlaMonitor),
            "ventanilla.ombudsman.v1" => Some(Self::OmbudsmanEscalation),
            _ => None,
        }
    }

    /// Its own tables.
    pub fn migrations(self) -> Migrator {
        Migrator::with_migrations(Vec::new())
    }

    /// Puts it together.
    pub(super) async fn assemble(self, database: Settings, house: House) -> anyhow::Result<Assembly> {
        let _ = (database, house);
        let assembly: anyhow::Result<Assembly> = Ok(Assembly::new(self.name()));
        assembly.with_context(|| format!("{} does not start", self.name()))
    }
}
