//! `GetServiceParameters`: what Ley 10/2025 has published and audited, and beside it what the house asks of calls.

use std::sync::Arc;

use jiff::Timestamp;
use postgres::StoreError;
use sla_monitor_domain::Rule;
use sla_monitor_domain::call::{Attained, Version};
use sla_monitor_domain::condition::Metric;
use sla_monitor_domain::figures::{CallParameters, NOT_STATED, Parameter, Published, Times, causes};
use sla_monitor_domain::quantile::Durations;
use sqlx::PgConnection;

use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::board::snapshot;
use crate::store::parameters::{Counted, Period, count_in};
use crate::store::{judged, law};

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
    /// What the house asks of calls beside the law, by metric, id and version.
    pub targets: Vec<Target>,
    /// The database's time.
    pub now: Timestamp,
}

/// What the house asks of calls by one version of a policy of its own, and how often it was kept.
#[derive(Debug, Clone)]
pub struct Target {
    /// The policy.
    pub rule: Arc<Rule>,
    /// What is measured.
    pub metric: Metric,
    /// Which share is asked for, in percent.
    pub percent: u8,
    /// How often it was kept.
    pub attained: Attained,
}

/// Counts the period. All looks see the same instant.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "parameters.get", skip_all)]
pub async fn get_service_parameters(monitor: &Monitor, period: &Period) -> Result<Parameters, Failure> {
    let mut tx = snapshot(&monitor.db).await?;
    let told = parameters_in(monitor, &mut tx, period).await;
    tx.rollback().await?;
    told
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
    let law = Published::of_period(period.from);
    let counted = count_in(tx, period, law).await?;
    let targets = targets(monitor, tx, period).await?;
    told(monitor, law, counted, targets)
}

/// What the house asks of the calls of a period: the versions under which some were judged.
async fn targets(monitor: &Monitor, tx: &mut PgConnection, period: &Period) -> Result<Vec<Target>, Failure> {
    let revision = law::revision(&mut *tx).await?;
    let law = monitor.law_at(tx, revision).await?;
    let target = |(_, id, number): &Version| {
        let rule = law.rule(id, *number)?;
        Some((Arc::clone(rule), rule.measure.as_ref()?.calls?.percent))
    };
    let attained = judged::attained(tx, period, |version| target(version).map(|(_, percent)| percent)).await?;
    let told = attained.into_iter().map(|(version, attained)| {
        let found = target(&version);
        let (rule, percent) = found.ok_or_else(|| StoreError::corrupt("call_verdict", "policy_version", &version.1))?;
        Ok(Target { rule, metric: version.0, percent, attained })
    });
    told.collect()
}

fn told(
    monitor: &Monitor,
    law: &'static Published,
    counted: Counted,
    targets: Vec<Target>,
) -> Result<Parameters, Failure> {
    let impossible = || StoreError::corrupt("call", "ended_as", "counts that cannot be true together");
    let calls = counted.calls.parameters(law, monitor.measures.abandoned_calls.into()).ok_or_else(impossible)?;
    let mut resolved = Vec::with_capacity(counted.resolved.len());
    for kind in counted.resolved {
        let parameter = kind.parameter(law).ok_or_else(impossible)?;
        resolved.push((parameter, kind.took));
    }
    let causes = causes(
        law,
        counted.causes.iter().map(|(cause, times)| {
            let name = if cause.is_empty() { NOT_STATED } else { cause };
            (name, *times)
        }),
    );
    let (waited, humans) = (counted.calls.calls.answered, counted.calls.humans);
    Ok(Parameters { calls, waited, humans, resolved, causes, targets, now: counted.now })
}

/// The percentiles that are published; none of nothing.
pub fn percentiles(durations: &Durations) -> Option<[i64; 5]> {
    Times::new(durations, None).map(|times| times.quantiles.map(|(_, micros)| micros))
}
