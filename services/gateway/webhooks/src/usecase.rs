//! One file per RPC, or per kind of RPCs: the recipe, without transport and without SQL.

pub mod create_subscription;
pub mod delete_subscription;
pub mod deliveries;
pub mod redeliver_delivery;
pub mod replay_subscription;
pub mod rotate_secret;
pub mod send_test_event;
pub mod show_subscription;
pub mod turn_subscription;
pub mod update_subscription;
mod write;

use kernel::{Department, ResourceId as _, Role};
use server::Principal;
use webhooks_domain::SubscriptionId;
use webhooks_domain::pattern::Filter;

use crate::error::Failure;
use crate::store::subscription::Stored;

/// Whose subscriptions somebody sees or changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    All,
    /// Their department's.
    Own(Department),
    /// Nobody's: they work for no department.
    None,
}

impl Reach {
    /// Whose this caller changes.
    pub fn to_change(principal: &Principal) -> Self {
        if principal.has(Role::Sre) {
            return Self::All;
        }
        principal.actor.department.clone().map_or(Self::None, Self::Own)
    }

    /// Whose this caller sees: who audits sees all.
    pub fn to_see(principal: &Principal) -> Self {
        if principal.has(Role::Auditor) { Self::All } else { Self::to_change(principal) }
    }

    /// Whether what is of this department is within it.
    pub fn holds(&self, department: &str) -> bool {
        match self {
            Self::All => true,
            Self::Own(own) => own.as_str() == department,
            Self::None => false,
        }
    }

    /// The subscription, when there is one within reach.
    fn seen(&self, id: SubscriptionId, found: Option<Stored>) -> Result<Stored, Failure> {
        let within = found.filter(|stored| self.holds(stored.department.as_str()));
        within.ok_or_else(|| Failure::SubscriptionNotFound(id.name()))
    }

    /// The filter that the caller may have: who does not reach all names their own department, and means it when they name none.
    fn narrow(&self, filter: Filter) -> Result<Filter, Failure> {
        match self {
            Self::All => Ok(filter),
            Self::Own(own) if filter.departments.iter().all(|named| named == own) => {
                Ok(Filter { departments: vec![own.clone()], ..filter })
            }
            Self::Own(_) | Self::None => Err(Failure::NotYourDepartment),
        }
    }
}

/// What a subscription says.
#[derive(Debug, Clone)]
pub struct Content {
    /// Where events go.
    pub url: String,
    /// Which.
    pub filter: Filter,
    /// What it is for.
    pub description: String,
}
