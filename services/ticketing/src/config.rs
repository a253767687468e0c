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
}

fn objection_window_days() -> u16 {
    10
}

impl Settings {
    /// The house's own choices on this database.
    pub fn new(database: postgres::Settings) -> Self {
        Self { database, objection_window_days: objection_window_days() }
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy { objection_window: SignedDuration::from_hours(24 * i64::from(self.objection_window_days)) }
    }
}
