//! Measured calls on the wire and in the ledger, both ways.

use jiff::Timestamp;
use server::parse::{channel_to_proto, language_to_proto};
use sla_monitor_domain::call::{Judgement, Verdict};
use sla_monitor_domain::condition::Metric;
use sla_monitor_domain::figures::{Abandoned, Ended, HumanRequest, Measured, Supervisor, SupervisorRequest};
use ventanilla_proto::sla::v1 as proto;
use ventanilla_proto::r#type::v1::Channel;

use super::present::time;
use crate::policy;
use crate::store::call::Call;

/// The entry that tells of calls that were new, and what was made of them.
pub fn entry(source_system: &str, calls: &[(&Call, Vec<Judgement>)]) -> proto::CallsMeasured {
    let calls = calls.iter().map(|(call, judgements)| judged(call, judgements)).collect();
    proto::CallsMeasured { source_system: source_system.to_owned(), calls }
}

/// A call, and what was made of it.
pub fn judged(call: &Call, judgements: &[Judgement]) -> proto::JudgedCall {
    let measured = &call.measured;
    let (at_once, later) = match measured.supervisor.map(|request| request.given) {
        Some(Supervisor::AtOnce(at)) => (Some(time(at)), None),
        Some(Supervisor::Later(at)) => (None, Some(time(at))),
        Some(Supervisor::Never) | None => (None, None),
    };
    let told = proto::MeasuredCall {
        external_id: measured.key.1.clone(),
        department: measured.department.clone(),
        queue: call.queue.clone(),
        channel: channel_to_proto(call.channel).into(),
        language: call.language.map(language_to_proto).unwrap_or_default().into(),
        served_first: call.served_first,
        arrived_time: Some(time(measured.arrived)),
        wait_end: match measured.ended {
            Ended::Answered => proto::WaitEnd::Answered,
            Ended::Abandoned => proto::WaitEnd::Abandoned,
            Ended::HungUp => proto::WaitEnd::HungUp,
        }
        .into(),
        wait_ended_time: Some(time(measured.wait_ended)),
        human_requested_time: measured.human.map(|human| time(human.asked)),
        human_time: measured.human.and_then(|human| human.given).map(time),
        supervisor_requested_time: measured.supervisor.map(|request| time(request.asked)),
        supervisor_time: at_once,
        supervisor_later_time: later,
    };
    proto::JudgedCall {
        call: Some(told),
        supervisor_due_time: measured.supervisor.map(|request| time(request.due)),
        judgements: judgements.iter().map(judgement).collect(),
    }
}

fn judgement(judged: &Judgement) -> proto::CallJudgement {
    proto::CallJudgement {
        metric: policy::metric_to_proto(judged.metric).into(),
        policy: format!("policies/{}", judged.policy),
        policy_version: judged.version,
        calendar: format!("calendars/{}", judged.calendar.0),
        calendar_version: judged.calendar.1.clone(),
        origin_time: Some(time(judged.origin)),
        due_time: Some(time(judged.due)),
        verdict: match judged.verdict {
            Verdict::Kept => proto::PolicyVerdict::Kept,
            Verdict::Missed => proto::PolicyVerdict::Breached,
            Verdict::LeftOut => proto::PolicyVerdict::FellAway,
        }
        .into(),
        abandoned_reading: match (judged.metric, judged.abandoned) {
            (Metric::SpeedOfAnswer, reading) => policy::abandoned_to_proto(reading),
            _ => proto::AbandonedCalls::Unspecified,
        }
        .into(),
    }
}

/// What an entry says was made of a call; none if it is none that this version could have written.
pub fn read_judgements(judged: &proto::JudgedCall) -> Option<Vec<Judgement>> {
    let read = |told: &proto::CallJudgement| {
        Some(Judgement {
            metric: match told.metric() {
                proto::PolicyMetric::SpeedOfAnswer => Metric::SpeedOfAnswer,
                proto::PolicyMetric::HumanOnRequest => Metric::HumanOnRequest,
                _ => return None,
            },
            policy: told.policy.strip_prefix("policies/")?.to_owned(),
            version: told.policy_version,
            calendar: (told.calendar.strip_prefix("calendars/")?.to_owned(), told.calendar_version.clone()),
            origin: instant(told.origin_time.as_ref())?,
            due: instant(told.due_time.as_ref())?,
            abandoned: match told.abandoned_reading() {
                proto::AbandonedCalls::AfterTheTerm => Abandoned::AfterTheTerm,
                proto::AbandonedCalls::Always | proto::AbandonedCalls::Unspecified => Abandoned::Always,
            },
            verdict: match told.verdict() {
                proto::PolicyVerdict::Kept => Verdict::Kept,
                proto::PolicyVerdict::Breached => Verdict::Missed,
                proto::PolicyVerdict::FellAway => Verdict::LeftOut,
                _ => return None,
            },
            took: None,
        })
    };
    judged.judgements.iter().map(read).collect()
}

/// A call as an entry tells of it; none if it is none that this version could have written.
pub fn read(source_system: &str, judged: &proto::JudgedCall) -> Option<Measured> {
    let call = judged.call.as_ref()?;
    let human = instant(call.human_requested_time.as_ref())
        .map(|asked| HumanRequest { asked, given: instant(call.human_time.as_ref()) });
    let supervisor = match instant(call.supervisor_requested_time.as_ref()) {
        Some(asked) => {
            Some(SupervisorRequest { asked, given: given(call), due: instant(judged.supervisor_due_time.as_ref())? })
        }
        None => None,
    };
    Some(Measured {
        key: (source_system.to_owned(), call.external_id.clone()),
        department: call.department.clone(),
        by_phone: call.channel() == Channel::Phone,
        arrived: instant(call.arrived_time.as_ref())?,
        ended: match call.wait_end() {
            proto::WaitEnd::Answered => Ended::Answered,
            proto::WaitEnd::Abandoned => Ended::Abandoned,
            proto::WaitEnd::HungUp => Ended::HungUp,
            proto::WaitEnd::Unspecified => return None,
        },
        wait_ended: instant(call.wait_ended_time.as_ref())?,
        human,
        supervisor,
    })
}

fn given(call: &proto::MeasuredCall) -> Supervisor {
    match (instant(call.supervisor_time.as_ref()), instant(call.supervisor_later_time.as_ref())) {
        (Some(at), _) => Supervisor::AtOnce(at),
        (None, Some(at)) => Supervisor::Later(at),
        (None, None) => Supervisor::Never,
    }
}

/// An instant of an entry.
pub fn instant(at: Option<&prost_types::Timestamp>) -> Option<Timestamp> {
    at.and_then(|at| Timestamp::new(at.seconds, at.nanos).ok())
}
