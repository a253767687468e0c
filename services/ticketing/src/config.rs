//! What ticketing can be told, beyond what every service is told.

use jiff::SignedDuration;
use serde::Deserialize;
use ticketing_domain::Policy;

/// Settings of ticketing.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// Its schema.
    pub database: postgres::Settings,
    /// Days a customer may object to a resolution before the ticket may be closed for it.
    #[serde(default = "objection_window_days")]
    pub objection_window_days: u16,
    /// Days after its end during which an affair may still be claimed about, and so is not erased (GDPR art. 17.3.e).
    #[serde(default = "keep_ended_days")]
    pub keep_ended_days: u16,
}

/// A consumer may bring a complaint to an arbitrator for a year (Ley 7/2017, art. 18.1.e).
fn keep_ended_days() -> u16 {
    365
}

fn objection_window_days() -> u16 {
    10
}

impl Settings {
    /// The house's own choices on this database.
    pub fn new(database: postgres::Settings) -> Self {
        Self { database, objection_window_days: objection_window_days(), keep_ended_days: keep_ended_days() }
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy { objection_window: SignedDuration::from_hours(24 * i64::from(self.objection_window_days)) }
    }

    pub(crate) fn keep_ended(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.keep_ended_days))
    }
}
