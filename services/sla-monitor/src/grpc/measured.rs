//! Measured calls on the wire and in the ledger, both ways.

use jiff::Timestamp;
use server::parse::{channel_to_proto, language_to_proto};
use sla_monitor_domain::figures::{Ended, HumanRequest, Measured, Supervisor, SupervisorRequest};
use ventanilla_proto::sla::v1 as proto;
use ventanilla_proto::r#type::v1::Channel;

use super::present::time;
use crate::store::call::Call;

/// The entry that tells of calls that were new.
pub fn entry(source_system: &str, calls: &[&Call]) -> proto::CallsMeasured {
    let calls = calls.iter().map(|call| judged(call)).collect();
    proto::CallsMeasured { source_system: source_system.to_owned(), calls }
}

fn judged(call: &Call) -> proto::JudgedCall {
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
    proto::JudgedCall { call: Some(told), supervisor_due_time: measured.supervisor.map(|request| time(request.due)) }
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
