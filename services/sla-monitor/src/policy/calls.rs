//! Policies about calls: what they ask for, and what they cannot.

use kernel::Violations;
use server::parse;
use sla_monitor_domain::condition::{Conditions, Metric};
use sla_monitor_domain::figures::Abandoned;
use sla_monitor_domain::policy::{CallTarget, Filter, Measure};
use ventanilla_proto::sla::v1 as proto;

/// What a policy asks of calls together; of any other metric it has to be left out.
pub(super) fn target(v: &mut Violations, said: &proto::PolicyMeasure, metric: Option<Metric>) -> Option<CallTarget> {
    let Some(metric) = metric.filter(|metric| metric.is_of_calls()) else {
        if said.target_percent != 0 {
            v.push("policy.measure.target_percent", "must be left out of all but metrics of calls");
        }
        if said.abandoned_calls != 0 {
            v.push("policy.measure.abandoned_calls", "must be left out of all but SPEED_OF_ANSWER");
        }
        return None;
    };
    let percent = u8::try_from(said.target_percent).ok().filter(|percent| (1..=100).contains(percent));
    if percent.is_none() {
        v.push("policy.measure.target_percent", "must be 1 to 100: which share of the calls is to be within the term");
    }
    let field = "policy.measure.abandoned_calls";
    let abandoned = match (proto::AbandonedCalls::try_from(said.abandoned_calls), metric) {
        (Ok(proto::AbandonedCalls::Unspecified), _) => Some(Abandoned::Always),
        (Ok(proto::AbandonedCalls::Always), Metric::SpeedOfAnswer) => Some(Abandoned::Always),
        (Ok(proto::AbandonedCalls::AfterTheTerm), Metric::SpeedOfAnswer) => Some(Abandoned::AfterTheTerm),
        (Ok(_), _) => {
            v.push(field, "must be left out of all but SPEED_OF_ANSWER");
            None
        }
        (Err(_), _) => parse::not_a_value(v, field, said.abandoned_calls),
    };
    Some(CallTarget { percent: percent?, abandoned: abandoned? })
}

/// What calls count as that were given up; nothing where that is no question.
pub(super) const fn reading_of(measure: &Measure) -> proto::AbandonedCalls {
    match (measure.metric, measure.calls) {
        (Metric::SpeedOfAnswer, Some(target)) => abandoned_to_proto(target.abandoned),
        _ => proto::AbandonedCalls::Unspecified,
    }
}

/// A reading of calls that were given up, on the wire.
pub const fn abandoned_to_proto(abandoned: Abandoned) -> proto::AbandonedCalls {
    match abandoned {
        Abandoned::Always => proto::AbandonedCalls::Always,
        Abandoned::AfterTheTerm => proto::AbandonedCalls::AfterTheTerm,
    }
}

/// Calls have no conditions: they are over when they become known.
pub(super) fn without_conditions(v: &mut Violations, said: Option<&proto::PolicyConditions>) -> Option<Conditions> {
    if said.is_some() {
        v.push(
            "policy.measure.conditions",
            "must be left out of a metric of calls: they are over when they become known",
        );
        return None;
    }
    Some(Conditions::default())
}

/// What a policy about calls cannot ask for: no telephone system tells it, or nothing of a call is still to come.
pub(super) fn of_telephones(v: &mut Violations, filter: &Filter, said: &proto::PolicyMeasure) {
    let mut left_out = |field: &str, is_empty: bool| {
        if !is_empty {
            v.push(format!("policy.measure.{field}"), "must be left out of a metric of calls");
        }
    };
    left_out("filter.ticket_types", filter.types.is_empty());
    left_out("filter.topics", filter.topics.is_empty());
    left_out("filter.sectors", filter.sectors.is_empty());
    left_out("filter.severities", filter.severities.is_empty());
    left_out("retroactive_start", !said.retroactive_start);
    left_out("retroactive_pause", !said.retroactive_pause);
    left_out("warnings", said.warnings.is_empty());
}
