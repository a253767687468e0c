//! The services, as the suite knows them.

use anyhow::Context as _;
use ledger::archive::Kept;
use postgres::Settings;
use server::{Assembly, House};
use sqlx::migrate::Migrator;

use crate::keys::Keys;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    /// All, in the order of their ports.
    pub const ALL: [Self; 5] =
        [Self::CustomerProfile, Self::Ticketing, Self::SlaMonitor, Self::OmbudsmanEscalation, Self::Webhooks];

    /// Its name, which is also that of its ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CustomerProfile => "customer-profile",
            Self::Ticketing => "ticketing",
            Self::SlaMonitor => "sla-monitor",
            Self::OmbudsmanEscalation => "ombudsman-escalation",
            Self::Webhooks => "webhooks",
        }
    }

    /// The service of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|service| service.name() == name)
    }

    /// Whose ledgers it follows: everybody's but its own, and but webhooks', which tells nobody in the house anything.
    pub fn follows(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |other| *other != self && *other != Self::Webhooks)
    }

    /// Its schema, which is also the name of its database role.
    pub const fn schema(self) -> &'static str {
        match self {
            Self::CustomerProfile => "customer_profile",
            Self::Ticketing => "ticketing",
            Self::SlaMonitor => "sla_monitor",
            Self::OmbudsmanEscalation => "ombudsman",
            Self::Webhooks => "webhooks",
        }
    }

    /// Settings of its process unless told otherwise.
    pub const fn defaults(self) -> &'static str {
        match self {
            Self::CustomerProfile => customer_profile::DEFAULTS,
            Self::Ticketing => ticketing::DEFAULTS,
            Self::SlaMonitor => sla_monitor::DEFAULTS,
            Self::OmbudsmanEscalation => ombudsman_escalation::DEFAULTS,
            Self::Webhooks => webhooks::DEFAULTS,
        }
    }

    /// What it goes on asking for of archived months.
    pub const fn kept(self) -> Kept {
        match self {
            Self::CustomerProfile => customer_profile::KEPT,
            Self::Ticketing => ticketing::KEPT,
            Self::SlaMonitor => sla_monitor::KEPT,
            Self::OmbudsmanEscalation => ombudsman_escalation::KEPT,
            Self::Webhooks => webhooks::KEPT,
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

    /// Puts it together.
    pub async fn assemble(self, database: Settings, house: House, keys: &Keys) -> anyhow::Result<Assembly> {
        let assembly = match self {
            Self::CustomerProfile => {
                let settings = customer_profile::Settings::new(database);
                customer_profile::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
            Self::Ticketing => {
                let settings =
                    ticketing::Settings { proof_key: keys.proofs.clone(), ..ticketing::Settings::new(database) };
                ticketing::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
            Self::SlaMonitor => {
                let settings = sla_monitor::Settings::new(database);
                sla_monitor::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
            Self::OmbudsmanEscalation => {
                let settings =
                    ombudsman_escalation::Settings::new(database, &keys.office).with_former_keys(&keys.office_former);
                ombudsman_escalation::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
            Self::Webhooks => {
                let settings = webhooks::Settings::new(database, &keys.webhooks);
                webhooks::assemble(settings, house).await.map_err(anyhow::Error::from)
            }
        };
        assembly.with_context(|| format!("{} does not start", self.name()))
    }
}
