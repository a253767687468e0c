//! `ListPolicies`: the obligations the suite knows, those that ship and those of the house, in order of id.

use std::sync::Arc;

use sla_monitor_domain::rule::Kind;

use super::get_policy::{Obligation, Version};
use crate::error::Failure;
use crate::monitor::Monitor;
use crate::store::law::{StoredPolicy, list_policies as stored_policies};

/// A page of policies.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only those that clocks are started for.
    pub enabled_only: bool,
    /// After this id.
    pub after: Option<String>,
    /// At most so many.
    pub size: usize,
}

/// The page, and the id to go on after when there is more. Of a policy of the house, the version in force, or else the newest.
///
/// # Errors
/// [`Failure`] of the database.
#[tracing::instrument(name = "policy.list", skip_all)]
pub async fn list_policies(monitor: &Monitor, page: &Page) -> Result<(Vec<Obligation>, Option<String>), Failure> {
    let (now, stored) = stored_policies(monitor.db.reader()).await?;
    let mut all: Vec<Obligation> =
        monitor.law().catalogue.rules().map(|rule| Obligation::Shipped(Arc::new(rule.clone()))).collect();
    for versions in stored.chunk_by(|a: &StoredPolicy, b: &StoredPolicy| a.id == b.id) {
        let mut row = Version::row(versions.to_vec(), now)?;
        let shown = row.iter().position(Version::in_force).unwrap_or(0);
        all.push(Obligation::House(Box::new(row.swap_remove(shown))));
    }
    all.sort_by(|a, b| a.rule().id.cmp(&b.rule().id));
    let starts_clocks = |obligation: &Obligation| match obligation {
        Obligation::Shipped(rule) => rule.enabled(),
        Obligation::ShippedBefore(_) => false,
        Obligation::House(version) => version.in_force(),
    };
    let fits = |obligation: &Obligation| {
        page.kind.is_none_or(|kind| obligation.rule().kind == kind)
            && (!page.enabled_only || starts_clocks(obligation))
            && page.after.as_ref().is_none_or(|after| obligation.rule().id > *after)
    };
    let mut found: Vec<Obligation> = all.into_iter().filter(fits).take(page.size + 1).collect();
    let more = found.len() > page.size;
    found.truncate(page.size);
    let next = found.last().filter(|_| more).map(|last| last.rule().id.clone());
    Ok((found, next))
}
