//! `ForecastBreach`: how likely a running clock is to be breached.

use jiff::Timestamp;
use sla_monitor_domain::State;
use sla_monitor_domain::foresight::{Curve, Foresight};

use super::forecast_resolution::Cohort;
use super::standing;
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::names::ClockId;
use crate::store::foresight::{Like, ages};

/// What is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// The last instant in time.
    pub due: Timestamp,
    /// The database's time.
    pub now: Timestamp,
    /// The chance, and what it rests on; none where there were too few.
    pub foresight: Option<Foresight>,
    /// Whose clocks it rests on.
    pub cohort: Cohort,
}

/// The chance of a breach, from the clocks of the department where it has enough.
///
/// # Errors
/// [`Failure::ClockNotRunning`] when the clock has no due instant ahead or behind it.
#[tracing::instrument(name = "breach.forecast", skip_all)]
pub async fn forecast_breach(monitor: &Monitor, id: ClockId) -> Result<Told, Failure> {
    let clock = standing(monitor, id).await?;
    let State::Running { due } = clock.replayed.state else {
        return Err(Failure::ClockNotRunning { state: clock.replayed.state.as_str() });
    };
    let (first, now) = (clock.replayed.first_origin, clock.stored.now);
    let age_at = |at: Timestamp| at.as_microsecond() - first.as_microsecond();
    let own = Some(clock.stored.department.as_str());
    for (department, cohort) in [(own, Cohort::Department), (None, Cohort::House)] {
        let like = Like {
            subject_type: &clock.stored.subject_type,
            stage: &clock.rule.stage,
            department,
            but: clock.stored.id,
        };
        let ages = ages(monitor.db.reader(), &like).await?;
        // A clock is met in time *at* its due instant, and late after it.
        let foresight = Curve::new(ages.answered, ages.open).breach(age_at(now), age_at(due));
        if foresight.is_some() {
            return Ok(Told { due, now, foresight, cohort });
        }
    }
    Ok(Told { due, now, foresight: None, cohort: Cohort::TooFew })
}
