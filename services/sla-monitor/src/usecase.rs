//! One file per RPC: the recipe, without transport and without SQL.

pub mod explain_clock;
pub mod forecast_resolution;
pub mod get_board;
pub mod get_calendar;
pub mod get_clock;
pub mod get_policy;
pub mod list_clocks;
pub mod list_policies;
pub mod preview_due;
pub mod watch_clocks;

use jiff::Timestamp;
use sla_monitor_domain::clock::Terms;
use sla_monitor_domain::{Calendar, Replay, Rule, replay};

use crate::error::Failure;
use crate::monitor::{Law, Monitor};
use crate::store::clock::Stored;

/// A clock as it stands, derived from its entries.
#[derive(Debug, Clone)]
pub struct Standing<'a> {
    /// What is kept of it.
    pub stored: Stored,
    /// What its entries make of it.
    pub replayed: Replay,
    /// The rule it runs under.
    pub rule: &'a Rule,
    /// The calendar it counts on.
    pub calendar: &'a Calendar,
    /// Shares of the term of the present run.
    pub thresholds: Vec<(u8, Timestamp)>,
}

impl<'a> Standing<'a> {
    /// Derives a clock.
    fn of(law: &'a Law, stored: Stored) -> Result<Self, Failure> {
        let (rule, calendar) = law
            .terms(&stored.rule, &stored.calendar)
            .ok_or_else(|| postgres::StoreError::corrupt("clock", "rule", stored.id))?;
        let broken = |error| Failure::unreplayable(stored.id, &error);
        let replayed = replay(&stored.entries, Terms { rule, calendar }).map_err(broken)?;
        let thresholds = replayed.thresholds(calendar).map_err(|e| broken(e.into()))?;
        Ok(Self { stored, replayed, rule, calendar, thresholds })
    }
}

/// The clock of this id, derived.
async fn standing(monitor: &Monitor, id: crate::names::ClockId) -> Result<Standing<'_>, Failure> {
    use kernel::ResourceId as _;
    let stored = crate::store::clock::get(monitor.db.reader(), id.uuid()).await?;
    let stored = stored.ok_or_else(|| Failure::ClockNotFound(id.name()))?;
    Standing::of(&monitor.law, stored)
}
