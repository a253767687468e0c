//! `PreviewDue`: when a term would fall due. Writes nothing.

use jiff::Timestamp;
use sla_monitor_domain::Proof;
use sla_monitor_domain::clock::Unreplayable;
use sla_monitor_domain::proof::preview;
use uuid::Uuid;

use super::get_calendar::calendar;
use super::get_policy::{Obligation, get_policy};
use crate::error::Failure;
use crate::monitor::{Monitor, Version};
use crate::store::affair;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Rule.
    pub rule: String,
    /// Instant it would be counted from.
    pub start: Timestamp,
    /// Calendar, when it is to be counted on this one and no other.
    pub calendar: Option<String>,
    /// Affair it would be of.
    pub affair: Option<Uuid>,
    /// Department that works on it; empty for none.
    pub department: String,
}

/// The obligation and the proof of the due instant.
///
/// # Errors
/// [`Failure`] when rule or calendar are unknown, or nothing can be counted.
#[tracing::instrument(name = "due.preview", skip_all)]
pub async fn preview_due(monitor: &Monitor, asked: Preview) -> Result<(Obligation, Proof), Failure> {
    let obligation = get_policy(monitor, &asked.rule, 0).await?;
    let rule = obligation.rule();
    let own = rule.measure.as_ref().and_then(|measure| measure.calendar.clone());
    let named = match (asked.calendar.or(own), asked.affair) {
        (Some(named), _) => Some(named),
        (None, Some(id)) => affair::get(monitor.db.reader(), id).await?.map(|known| known.calendar),
        (None, None) => None,
    };
    let named = named.unwrap_or_else(|| monitor.law().calendar_of(&asked.department).id.clone());
    let calendar = calendar(monitor, &named, Version::Newest).await?;
    let proof = preview(rule, &calendar, asked.start).map_err(|error| match error {
        Unreplayable::NoTerm(rule_id) => Failure::NoTermToCount { rule: rule_id, stage: rule.stage.clone() },
        Unreplayable::Uncountable(_) | Unreplayable::NeverStarted => Failure::DateOutOfRange,
    })?;
    Ok((obligation, proof))
}
