//! `GetPolicy`: one obligation.

use sla_monitor_domain::Rule;

use crate::error::Failure;
use crate::monitor::Monitor;

/// The rule of this id.
///
/// # Errors
/// [`Failure::PolicyNotFound`] when there is none.
#[tracing::instrument(name = "policy.get", skip_all)]
pub fn get_policy<'a>(monitor: &'a Monitor, id: &str) -> Result<&'a Rule, Failure> {
    monitor.law.catalogue.rule(id).ok_or_else(|| Failure::PolicyNotFound(format!("policies/{id}")))
}
