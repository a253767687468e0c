//! `GetFairness`: whether what is owed is kept as often for one group of customers as for another.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sla_monitor_domain::fairness::{Dimension, FairService, Group, fair_service};
use sqlx::PgExecutor;

use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::fairness::{Alike, count};

/// Name of those with a right to be served first: whom somebody served so, who has it, and who declared what makes them vulnerable.
const SERVED_FIRST: &str = "served_first";

/// Name of all others.
const OTHERS: &str = "others";

/// What is compared, in this order.
const DIMENSIONS: [Dimension; 5] =
    [Dimension::Channel, Dimension::Language, Dimension::Vulnerability, Dimension::Tenure, Dimension::Segment];

/// What is told.
#[derive(Debug, Clone)]
pub struct Told {
    /// The comparison.
    pub service: FairService,
    /// Of how many affairs the group is not known, by dimension in the same order.
    pub unknown: Vec<u64>,
    /// The database's time.
    pub now: Timestamp,
}

/// Compares the affairs that were first received in a period.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "fairness.get", skip_all)]
pub async fn get_fairness(monitor: &Monitor, from: Timestamp, to: Timestamp) -> Result<Told, Failure> {
    fairness_by(monitor, monitor.db.reader(), from, to).await
}

/// The same by a connection, whose transaction may have its own snapshot.
///
/// # Errors
/// As [`get_fairness`].
pub(super) async fn fairness_by(
    monitor: &Monitor,
    executor: impl PgExecutor<'_>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Told, Failure> {
    let (alike, now) = count(executor, from, to).await?;
    let (mut dimensions, mut unknown) = (Vec::new(), Vec::new());
    for dimension in DIMENSIONS {
        let (groups, others) = groups(dimension, &alike)?;
        dimensions.push((dimension, groups));
        unknown.push(others);
    }
    Ok(Told { service: fair_service(dimensions), unknown, now: now.unwrap_or_else(|| monitor.ambient.now()) })
}

/// The groups of a dimension in order of name, and how many are in none.
fn groups(dimension: Dimension, alike: &[Alike]) -> Result<(Vec<Group>, u64), Failure> {
    let (mut sums, mut unknown) = (BTreeMap::<&str, (u64, u64)>::new(), 0);
    for alike in alike {
        let name = match dimension {
            Dimension::Channel => alike.channel.as_str(),
            Dimension::Language => alike.language.as_str(),
            // An affair from before its channel was kept has no right on record either.
            Dimension::Vulnerability if alike.channel.is_empty() => "",
            Dimension::Vulnerability if alike.served_first => SERVED_FIRST,
            Dimension::Vulnerability => OTHERS,
            Dimension::Tenure => alike.tenure.as_str(),
            Dimension::Segment => alike.segment.as_str(),
        };
        if name.is_empty() {
            unknown += alike.decided;
            continue;
        }
        let sum = sums.entry(name).or_default();
        *sum = (sum.0 + alike.kept, sum.1 + alike.decided);
    }
    let group = |(name, (kept, decided)): (&str, (u64, u64))| Group::new(name, kept, decided);
    let groups: Option<Vec<Group>> = sums.into_iter().map(group).collect();
    let impossible = || postgres::StoreError::corrupt("clock", "state", "more kept than decided");
    Ok((groups.ok_or_else(impossible)?, unknown))
}
