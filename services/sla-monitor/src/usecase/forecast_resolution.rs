//! `ForecastResolution`: by when an affair will be answered, as far as those like it tell, answered or not. Writes nothing.

use jiff::{SignedDuration, Timestamp};
use sla_monitor_domain::forecast::{FEWEST, forecast};
use sla_monitor_domain::foresight::Curve;

use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::forecast::ages;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Kind of affair.
    pub subject_type: String,
    /// Who works on it.
    pub department: String,
    /// Its first receipt.
    pub start: Timestamp,
    /// With how much probability, in percent.
    pub percent: u8,
    /// An instant of which the share is asked.
    pub due: Option<Timestamp>,
}

/// Whose affairs it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cohort {
    /// Those of the department.
    Department,
    /// Those of all.
    House,
    /// There were too few.
    TooFew,
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// By when so many percent are answered.
    pub earliest: Option<Timestamp>,
    /// By when so many were not, where it is not known by when they are.
    pub not_before: Option<Timestamp>,
    /// Share that were answered by the instant asked for.
    pub kept_share: Option<f64>,
    /// How many answered affairs it rests on.
    pub basis: usize,
    /// How many that wait.
    pub open: usize,
    /// Whose.
    pub cohort: Cohort,
}

/// The forecast for an affair that is as old as it is at `now`, of the department's own affairs where it has enough.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "resolution.forecast", skip_all)]
pub async fn forecast_resolution(monitor: &Monitor, asked: &Asked, now: Timestamp) -> Result<Told, Failure> {
    let age_at = |at: Timestamp| i64::try_from(at.duration_since(asked.start).as_micros()).unwrap_or(i64::MAX);
    let (age, due_age) = (age_at(now), asked.due.map(age_at));
    let mut basis = 0;
    for (department, cohort) in [(Some(asked.department.as_str()), Cohort::Department), (None, Cohort::House)] {
        let ages = ages(monitor.db.reader(), &asked.subject_type, department).await?;
        let curve = Curve::new(ages.answered, ages.open);
        let at_age = |age: i64| asked.start.checked_add(SignedDuration::from_micros(age)).ok();
        if let Some(told) = forecast(&curve, age, asked.percent, due_age) {
            return Ok(Told {
                earliest: told.by_age.and_then(at_age),
                not_before: if told.by_age.is_none() { at_age(told.followed_to) } else { None },
                kept_share: told.kept_share,
                basis: told.answered,
                open: told.open,
                cohort,
            });
        }
        basis = curve.older(age).0.min(FEWEST);
    }
    Ok(Told { earliest: None, not_before: None, kept_share: None, basis, open: 0, cohort: Cohort::TooFew })
}
