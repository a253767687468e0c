//! `ForecastResolution`: by when an affair will be answered, as far as those that were tell. Writes nothing.

use jiff::{SignedDuration, Timestamp};
use sla_monitor_domain::forecast::{FEWEST, forecast};

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
    /// By when so many percent were answered.
    pub earliest: Option<Timestamp>,
    /// Share that were answered by the instant asked for.
    pub kept_share: Option<f64>,
    /// How many affairs it rests on.
    pub basis: usize,
    /// Whose.
    pub cohort: Cohort,
}

/// The forecast, of the department's own affairs where it has enough.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "resolution.forecast", skip_all)]
pub async fn forecast_resolution(monitor: &Monitor, asked: &Asked) -> Result<Told, Failure> {
    let age_at = |at: Timestamp| i64::try_from(at.duration_since(asked.start).as_micros()).unwrap_or(i64::MAX);
    let (age, due_age) = (age_at(monitor.ambient.now()), asked.due.map(age_at));
    let mut basis = 0;
    for (department, cohort) in [(Some(asked.department.as_str()), Cohort::Department), (None, Cohort::House)] {
        let ages = ages(monitor.db.reader(), &asked.subject_type, department).await?;
        if let Some(told) = forecast(&ages, age, asked.percent, due_age) {
            let earliest = asked.start.checked_add(SignedDuration::from_micros(told.by_age)).ok();
            return Ok(Told { earliest, kept_share: told.kept_share, basis: told.basis, cohort });
        }
        basis = ages.iter().filter(|answered| **answered > age).count().min(FEWEST);
    }
    Ok(Told { earliest: None, kept_share: None, basis, cohort: Cohort::TooFew })
}
