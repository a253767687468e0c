//! Publishes, as metrics, how well breaches are foretold in each department and in each queue: what `GetCalibration` tells of the last year, once an hour.
//!
//! The figures are of clocks and departments and of nobody. Where metrics are exported nowhere, nothing is recorded.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::{Classify as _, Kind};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Gauge;
use tokio_util::sync::CancellationToken;

use crate::error::Failure;
use crate::monitor::Monitor;
use crate::usecase::get_calibration::{Asked, get_calibration};

/// A service that was just started has clocks to catch up with first.
const FIRST: Duration = Duration::from_secs(60);
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(3_600);
/// How far back clocks are judged.
const BACK: SignedDuration = SignedDuration::from_hours(365 * 24);

/// The worker.
#[derive(Clone)]
pub struct CalibrationWorker {
    monitor: Monitor,
    brier: Gauge<f64>,
    base_rate: Gauge<f64>,
    skill: Gauge<f64>,
    brier_by_queue: Gauge<f64>,
}

impl CalibrationWorker {
    /// A worker of this monitor.
    pub fn new(monitor: Monitor) -> Self {
        let gauge = |name: &'static str, description: &'static str| {
            telemetry::meter().f64_gauge(name).with_description(description).build()
        };
        Self {
            monitor,
            brier: gauge(
                "ventanilla.sla.breach_forecast.brier_score",
                "mean squared distance of foretold and observed breaches of the last year; lower is better",
            ),
            base_rate: gauge(
                "ventanilla.sla.breach_forecast.base_rate",
                "share of the clocks of the last year that were foretold of and breached",
            ),
            skill: gauge(
                "ventanilla.sla.breach_forecast.skill",
                "1 is perfect, 0 no better than always telling the base rate",
            ),
            brier_by_queue: gauge(
                "ventanilla.sla.breach_forecast.brier_score_by_queue",
                "the same as brier_score, of the clocks of affairs that waited in a queue",
            ),
        }
    }

    /// Looks once an hour until told to stop.
    ///
    /// # Errors
    /// What waiting does not heal; the supervisor starts the worker again.
    pub async fn run(self, cancel: CancellationToken) -> Result<(), Failure> {
        let mut pause = FIRST;
        loop {
            tokio::select! {
                () = cancel.cancelled() => return Ok(()),
                () = tokio::time::sleep(pause) => {}
            }
            pause = PAUSE;
            match self.look().await {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                    tracing::warn!(error = kernel::chain(&error), "the calibration is looked at again in an hour");
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn look(&self) -> Result<(), Failure> {
        let to = self.monitor.now().await?;
        let from = to.checked_sub(BACK).unwrap_or(Timestamp::MIN);
        let told = get_calibration(&self.monitor, &Asked { from, to, department: None }).await?;
        for (department, judged) in told.lines.departments {
            let Some(calibration) = judged.record.calibration() else { continue };
            let of = [KeyValue::new("department", department)];
            self.brier.record(calibration.brier, &of);
            self.base_rate.record(calibration.base_rate, &of);
            if let Some(skill) = calibration.skill {
                self.skill.record(skill, &of);
            }
        }
        for (queue, judged) in told.lines.queues {
            let Some(calibration) = judged.record.calibration() else { continue };
            self.brier_by_queue.record(calibration.brier, &[KeyValue::new("queue", queue)]);
        }
        Ok(())
    }
}
