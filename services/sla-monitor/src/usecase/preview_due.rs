//! `PreviewDue`: when a term would fall due. Writes nothing.

use jiff::Timestamp;
use sla_monitor_domain::clock::Unreplayable;
use sla_monitor_domain::proof::preview;
use sla_monitor_domain::{Proof, Rule};

use super::get_calendar::get_calendar;
use super::get_policy::get_policy;
use crate::error::Failure;
use crate::monitor::Monitor;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Rule.
    pub rule: String,
    /// Instant it would be counted from.
    pub start: Timestamp,
    /// Calendar, when another than the default is meant.
    pub calendar: Option<String>,
}

/// The rule and the proof of the due instant.
///
/// # Errors
/// [`Failure`] when rule or calendar are unknown, or nothing can be counted.
#[tracing::instrument(name = "due.preview", skip_all)]
pub fn preview_due(monitor: &Monitor, asked: Preview) -> Result<(&Rule, Proof), Failure> {
    let rule = get_policy(monitor, &asked.rule)?;
    let calendar = asked.calendar.as_deref().unwrap_or(monitor.law.default_calendar());
    let calendar = get_calendar(monitor, calendar)?;
    let proof = preview(rule, calendar, asked.start).map_err(|error| match error {
        Unreplayable::NoTerm(rule_id) => Failure::NoTermToCount { rule: rule_id, stage: rule.stage.clone() },
        Unreplayable::Uncountable(_) | Unreplayable::NeverStarted => Failure::DateOutOfRange,
    })?;
    Ok((rule, proof))
}
