//! `GetServiceParameters`: what Ley 10/2025 has published and audited.

use jiff::Timestamp;
use sla_monitor_domain::figures::{CallParameters, NOT_STATED, Parameter, TERMS_OF_ARTICLE_17, Times, causes};
use sla_monitor_domain::quantile::Durations;
use sqlx::PgConnection;

use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::parameters::{Counted, Period, count, count_in};

/// The parameters of a period.
#[derive(Debug, Clone)]
pub struct Parameters {
    /// Of calls.
    pub calls: CallParameters,
    /// How long calls that were answered had waited.
    pub waited: Durations,
    /// How long it took until a person came.
    pub humans: Durations,
    /// Of affairs: all of them, then by type.
    pub resolved: Vec<(Parameter, Durations)>,
    /// What brought complaints about, the commonest first.
    pub causes: Vec<Parameter>,
    /// The database's time.
    pub now: Timestamp,
}

/// Counts the period.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "parameters.get", skip_all)]
pub async fn get_service_parameters(monitor: &Monitor, period: &Period) -> Result<Parameters, Failure> {
    told(monitor, count(&monitor.db, period, &legal()).await?)
}

/// The same at the snapshot of a transaction.
///
/// # Errors
/// As [`get_service_parameters`].
pub(super) async fn parameters_in(
    monitor: &Monitor,
    tx: &mut PgConnection,
    period: &Period,
) -> Result<Parameters, Failure> {
    told(monitor, count_in(tx, period, &legal()).await?)
}

fn legal() -> [String; 2] {
    TERMS_OF_ARTICLE_17.map(str::to_owned)
}

fn told(monitor: &Monitor, counted: Counted) -> Result<Parameters, Failure> {
    let impossible = || postgres::StoreError::corrupt("call", "ended_as", "counts that cannot be true together");
    let calls = counted.calls.parameters(monitor.measures.abandoned_calls.into()).ok_or_else(impossible)?;
    let mut resolved = Vec::with_capacity(counted.resolved.len());
    for kind in counted.resolved {
        let parameter = kind.parameter().ok_or_else(impossible)?;
        resolved.push((parameter, kind.took));
    }
    let causes = causes(counted.causes.iter().map(|(cause, times)| {
        let name = if cause.is_empty() { NOT_STATED } else { cause };
        (name, *times)
    }));
    let (waited, humans) = (counted.calls.calls.answered, counted.calls.humans);
    Ok(Parameters { calls, waited, humans, resolved, causes, now: counted.now })
}

/// The percentiles that are published; none of nothing.
pub fn percentiles(durations: &Durations) -> Option<[i64; 5]> {
    Times::new(durations, None).map(|times| times.quantiles.map(|(_, micros)| micros))
}
