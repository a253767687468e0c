//! `GetCalibration`: how well breaches are foretold.

use jiff::Timestamp;
use sla_monitor_domain::foresight::{ByLine, by_line};
use sla_monitor_domain::queue::department_of;

use crate::error::Failure;
use crate::monitor::Monitor;
use crate::usecase::foretell::followed;

/// Shares of the term at which a clock is judged, in percent.
pub const SHARES: [u8; 3] = [25, 50, 75];

/// Which clocks are judged.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Started at or after.
    pub from: Timestamp,
    /// Started before.
    pub to: Timestamp,
    /// Only of this department.
    pub department: Option<String>,
}

/// What is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// By department, and by queue.
    pub lines: ByLine,
    /// The database's time.
    pub now: Timestamp,
}

/// Judges the clocks of a period.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "calibration.get", skip_all)]
pub async fn get_calibration(monitor: &Monitor, asked: &Asked) -> Result<Told, Failure> {
    let (history, now) = followed(monitor, asked.from, asked.to).await?;
    let now = match now {
        Some(now) => now,
        None => monitor.now().await?,
    };
    // Some hundred milliseconds of arithmetic for the most that is judged at once.
    let judged = tokio::task::spawn_blocking(move || by_line(&history, now.as_microsecond(), &SHARES)).await;
    let mut lines = judged.map_err(|_| sqlx::Error::WorkerCrashed)?;
    let is_asked = |department: &str| asked.department.as_ref().is_none_or(|only| only == department);
    lines.departments.retain(|department, _| is_asked(department));
    lines.queues.retain(|queue, _| is_asked(department_of(queue)));
    Ok(Told { lines, now })
}
