//! `ForecastBreach`: how likely a running clock is to be breached.

use jiff::Timestamp;
use sla_monitor_domain::State;
use sla_monitor_domain::foresight::{Curve, Foresight, foretell};

use super::forecast_resolution::Cohort;
use super::foretell::curve;
use super::{Standing, standing};
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::names::ClockId;
use crate::store::foresight::Like;

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
    let now = clock.stored.now;
    // A clock is met in time *at* its due instant, and late after it.
    let (age, due_age) = (age_at(&clock, now), age_at(&clock, due));
    let by_runs = clock.rule.measure.is_some();
    let of = |department| Like {
        subject_type: &clock.stored.subject_type,
        stage: &clock.rule.stage,
        department,
        but: clock.stored.id,
    };
    let own = curve(monitor, &of(Some(clock.stored.department.as_str())), by_runs).await?;
    let house = match own.breach(age, due_age) {
        Some(_) => Curve::new(Vec::new(), Vec::new()),
        None => curve(monitor, &of(None), by_runs).await?,
    };
    Ok(match foretell(&own, &house, age, due_age) {
        Some(told) => {
            let cohort = if told.of_house { Cohort::House } else { Cohort::Department };
            Told { due, now, foresight: Some(told.foresight), cohort }
        }
        None => Told { due, now, foresight: None, cohort: Cohort::TooFew },
    })
}

/// How old the clock is at an instant: of one of the house's own, its present run, without what stood still.
fn age_at(clock: &Standing, at: Timestamp) -> i64 {
    if clock.rule.measure.is_none() {
        return at.as_microsecond() - clock.replayed.first_origin.as_microsecond();
    }
    let still: i64 = clock.replayed.pauses.iter().map(|p| p.to.as_microsecond() - p.from.as_microsecond()).sum();
    at.as_microsecond() - clock.replayed.origin.as_microsecond() - still
}
