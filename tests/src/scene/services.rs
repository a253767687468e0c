//! The services, as a scene knows them.

use anyhow::Context as _;
use postgres::Settings;
use serde::Serialize;
use server::{Assembly, House};
use sqlx::migrate::Migrator;

/// Under which the office of a scene closes what it deliberates.
pub(super) const OFFICE_KEY: [u8; 32] = [0x5a; 32];

/// One of them.
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
    /// webhooks.
    Webhooks,
}

impl Service {
    /// All.
    pub const ALL: [Self; 5] =
        [Self::CustomerProfile, Self::Ticketing, Self::SlaMonitor, Self::OmbudsmanEscalation, Self::Webhooks];

    /// Those that hold data of people, and answer for it. webhooks holds nothing of anybody, and tells of what the others write.
    pub const HOLDERS: [Self; 4] =
        [Self::CustomerProfile, Self::Ticketing, Self::SlaMonitor, Self::OmbudsmanEscalation];

    /// Its name, which is also that of its ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CustomerProfile => customer_profile::SOURCE,
            Self::Ticketing => ticketing::SOURCE,
            Self::SlaMonitor => sla_monitor::SOURCE,
            Self::OmbudsmanEscalation => ombudsman_escalation::SOURCE,
            Self::Webhooks => webhooks::SOURCE,
        }
    }

    /// Its schema.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::CustomerProfile => customer_profile::SCHEMA,
            Self::Ticketing => ticketing::SCHEMA,
            Self::SlaMonitor => sla_monitor::SCHEMA,
            Self::OmbudsmanEscalation => ombudsman_escalation::SCHEMA,
            Self::Webhooks => webhooks::SCHEMA,
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
            "ventanilla.webhook.v1" => Some(Self::Webhooks),
            _ => None,
        }
    }

    /// Its own tables.
    pub fn migrations(self) -> Migrator {
        match self {
            Self::CustomerProfile => customer_profile::migrations(),
            Self::Ticketing => ticketing::migrations(),
            Self::SlaMonitor => sla_monitor::migrations(),
            Self::OmbudsmanEscalation => ombudsman_escalation::migrations(),
            Self::Webhooks => webhooks::migrations(),
        }
    }

    /// Puts it together. `keep_ended_days`: how long what is over is not erased, when not as long as by default.
    pub(super) async fn assemble(
        self,
        database: Settings,
        house: House,
        keep_ended_days: Option<u16>,
    ) -> anyhow::Result<Assembly> {
        let assembly = match self {
            Self::CustomerProfile => {
                let settings = customer_profile::Settings::new(database);
                customer_profile::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
            Self::Ticketing => {
                let mut settings = ticketing::Settings::new(database);
                settings.keep_ended_days = keep_ended_days.unwrap_or(settings.keep_ended_days);
                ticketing::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
            Self::SlaMonitor => {
                let settings = sla_monitor::Settings::new(database);
                sla_monitor::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
            Self::OmbudsmanEscalation => {
                let mut settings = ombudsman_escalation::Settings::new(database, &OFFICE_KEY);
                // So that cases under every regime can be brought.
                settings.accredited = true;
                settings.keep_ended_days = keep_ended_days.unwrap_or(settings.keep_ended_days);
                ombudsman_escalation::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
            Self::Webhooks => {
                let settings = webhooks::Settings::new(database, &[0x3b; 32]);
                webhooks::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
        };
        assembly.with_context(|| format!("{} does not start", self.name()))
    }
}
