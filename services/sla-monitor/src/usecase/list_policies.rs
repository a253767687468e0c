//! `ListPolicies`: the obligations the suite knows.

use sla_monitor_domain::Rule;
use sla_monitor_domain::rule::Kind;

use crate::monitor::Monitor;

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

/// The page, and the id to go on after when there is more.
#[tracing::instrument(name = "policy.list", skip_all)]
pub fn list_policies<'a>(monitor: &'a Monitor, page: &Page) -> (Vec<&'a Rule>, Option<String>) {
    let fits = |rule: &&Rule| {
        page.kind.is_none_or(|kind| rule.kind == kind)
            && (rule.enabled() || !page.enabled_only)
            && page.after.as_ref().is_none_or(|after| rule.id > *after)
    };
    let mut rules: Vec<&Rule> = monitor.law.catalogue.rules().filter(fits).take(page.size + 1).collect();
    let more = rules.len() > page.size;
    rules.truncate(page.size);
    let next = rules.last().filter(|_| more).map(|rule| rule.id.clone());
    (rules, next)
}
