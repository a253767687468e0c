//! One file per RPC: the recipe, without transport and without SQL.

pub mod evaluate;
pub mod explain_call;
pub mod explain_clock;
pub mod forecast_breach;
pub mod forecast_resolution;
mod foretell;
pub mod get_board;
pub mod get_calendar;
pub mod get_calibration;
pub mod get_clock;
pub mod get_evaluation;
pub mod get_fairness;
pub mod get_policy;
pub mod get_service_parameters;
mod get_steps;
pub mod list_clocks;
pub mod list_policies;
pub mod preview_due;
pub mod publish_evaluation;
pub mod put_calendar;
pub mod record_calls;
pub mod replay_clocks;
pub mod simulate_calls;
pub mod simulate_policy;
pub mod watch_board;
pub mod watch_clocks;
mod write;
pub mod write_policy;

use std::sync::Arc;

use jiff::Timestamp;
use sla_monitor_domain::clock::{Terms, Threshold};
use sla_monitor_domain::{Calendar, Replay, Rule, replay};

use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::clock::Stored;

/// A clock as it stands, derived from its entries.
#[derive(Debug, Clone)]
pub struct Standing {
    /// What is kept of it.
    pub stored: Stored,
    /// What its entries make of it.
    pub replayed: Replay,
    /// The rule it runs under.
    pub rule: Arc<Rule>,
    /// The calendar it counts on.
    pub calendar: Arc<Calendar>,
    /// When it warns in the present run.
    pub thresholds: Vec<(Threshold, Timestamp)>,
    /// What would lengthen the present run, and until when.
    pub extensions: Vec<(String, Timestamp)>,
}

impl Standing {
    /// Derives a clock.
    async fn of(monitor: &Monitor, stored: Stored) -> Result<Self, Failure> {
        let (rule, calendar) = monitor.terms(&stored.pinned()).await?;
        let terms = Terms { rule: &rule, calendar: &calendar };
        let broken = |error| Failure::unreplayable(stored.id, &error);
        let replayed = replay(&stored.entries, terms).map_err(broken)?;
        let thresholds = replayed.thresholds(terms).map_err(|e| broken(e.into()))?;
        let extensions = replayed.extensions(terms, stored.now).map_err(|e| broken(e.into()))?;
        Ok(Self { stored, replayed, rule, calendar, thresholds, extensions })
    }
}

/// The clock of this id, derived.
async fn standing(monitor: &Monitor, id: crate::names::ClockId) -> Result<Standing, Failure> {
    use kernel::ResourceId as _;
    let stored = crate::store::clock::get(monitor.db.reader(), id.uuid()).await?;
    let stored = stored.ok_or_else(|| Failure::ClockNotFound(id.name()))?;
    Standing::of(monitor, stored).await
}
