//! Requests to bring affairs from elsewhere.

use std::collections::HashMap;

use jiff::Timestamp;
use kernel::Violations;
use prost::Message as _;
use server::parse;
use ticketing_domain::{Answer, Destination, ExternalId, Slug, Word};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::history_step::Step;

use super::characteristic::characteristics;
use super::message::{refuse_late, said};
use super::ticket::{close_reason, draft, optional};
use super::{key, past, reason, whole};
use crate::proof::sha256;
use crate::usecase::{CHARACTERISTICS, Event, Histories, History};

/// Affairs brought by one call.
const MAX_HISTORIES: usize = 500;
/// Steps of one affair.
const MAX_STEPS: usize = 2_000;

pub(in crate::grpc) fn import(request: &pb::ImportTicketsRequest, now: Timestamp) -> Result<Histories, Violations> {
    let mut v = Violations::new();
    let key = key(&mut v, "ImportTickets", &request.request_id, request);
    if request.histories.is_empty() {
        v.push("histories", "is required");
    } else if request.histories.len() > MAX_HISTORIES {
        v.push("histories", format!("must have at most {MAX_HISTORIES} affairs, has {}", request.histories.len()));
        return whole(v, None);
    }
    let mut seen = HashMap::new();
    let mut histories = Vec::with_capacity(request.histories.len());
    for (i, asked) in request.histories.iter().enumerate() {
        let mut within = Violations::new();
        histories.extend(history(&mut within, asked, now));
        v.absorb(&format!("histories[{i}]"), within);
        if let Some(before) = seen.insert((&asked.source_system, &asked.external_id), i) {
            v.push(format!("histories[{i}].external_id"), format!("is the affair of histories[{before}] again"));
        }
    }
    whole(v, key.map(|key| Histories { histories, key }))
}

fn history(v: &mut Violations, asked: &pb::TicketHistory, now: Timestamp) -> Option<History> {
    let source_system = required::<Slug>(v, "source_system", &asked.source_system);
    let external_id = required::<ExternalId>(v, "external_id", &asked.external_id);
    if asked.opened_time.is_none() {
        v.push("opened_time", "is required");
    }
    let opened = past(v, "opened_time", asked.opened_time.as_ref(), now);
    let draft = match &asked.ticket {
        Some(ticket) => draft(v, ticket, opened.unwrap_or(now)),
        None => {
            v.push("ticket", "is required");
            None
        }
    };
    let said = asked.ticket.as_ref().map(|ticket| ticket.characteristics.as_slice()).unwrap_or_default();
    let characteristics = characteristics(v, CHARACTERISTICS, said);
    let steps = steps(v, &asked.steps, now);
    Some(History {
        source_system: source_system?,
        external_id: external_id?,
        draft: draft?,
        characteristics,
        opened: opened?,
        steps,
        content_hash: sha256(&asked.encode_to_vec()),
    })
}

fn steps(v: &mut Violations, asked: &[pb::HistoryStep], now: Timestamp) -> Vec<(Timestamp, Event)> {
    if asked.len() > MAX_STEPS {
        v.push("steps", format!("must have at most {MAX_STEPS} steps, has {}", asked.len()));
        return Vec::new();
    }
    let mut steps = Vec::with_capacity(asked.len());
    for (i, step) in asked.iter().enumerate() {
        let mut within = Violations::new();
        if step.occurred_time.is_none() {
            within.push("occurred_time", "is required");
        }
        let at = past(&mut within, "occurred_time", step.occurred_time.as_ref(), now);
        let event = event(&mut within, step.step.as_ref());
        if let Some((at, Event::Said(said))) = at.zip(event.as_ref()) {
            refuse_late(&mut within, said.explains, at);
        }
        v.absorb(&format!("steps[{i}]"), within);
        steps.extend(at.zip(event));
    }
    steps
}

fn event(v: &mut Violations, step: Option<&Step>) -> Option<Event> {
    match step {
        None => {
            v.push("step", "is required: a message, a transition, an answer or a step");
            None
        }
        Some(Step::Message(message)) => {
            if !message.mentions.is_empty() {
                v.push("message.mentions", "is left out of what happened elsewhere: nobody is to look at it now");
            }
            said(v, message).map(Event::Said)
        }
        Some(Step::Transition(transition)) => {
            let mut within = Violations::new();
            let destination = destination(&mut within, transition);
            v.absorb("transition", within);
            destination.map(Event::Moved)
        }
        Some(Step::EnteredStep(step)) => v.check("entered_step", step.parse()).map(Event::Entered),
        Some(Step::Answer(answer)) => {
            let point = parse::required_text(v, "answer.claim_point", &answer.claim_point, 20);
            let text = v.check("answer.answer", answer.answer.parse::<Answer>());
            Some(Event::Answered { point: point?, text: text? })
        }
    }
}

/// The state with what it asks for; what it does not ask for must be left out, so that nothing sent is lost.
fn destination(v: &mut Violations, asked: &pb::HistoryTransition) -> Option<Destination> {
    use pb::TicketState as S;
    let state = match S::try_from(asked.to_state) {
        Ok(state) if state != S::Unspecified => state,
        _ => return parse::not_a_value(v, "to_state", asked.to_state),
    };
    let takes_reason = matches!(state, S::InProgress | S::Pending | S::Held | S::Rejected | S::Cancelled);
    if !takes_reason && !asked.reason.is_empty() {
        v.push("reason", format!("is left out for {}", state.as_str_name()));
    }
    if !matches!(state, S::Resolved | S::Rejected) && !asked.text.is_empty() {
        v.push("text", format!("is left out for {}", state.as_str_name()));
    }
    if state != S::Closed && asked.close_reason != 0 {
        // An unknown number is told as such, whatever the state.
        close_reason(v, "close_reason", asked.close_reason);
        v.push("close_reason", format!("is left out for {}", state.as_str_name()));
    }
    match state {
        S::Unspecified | S::Acknowledged => {
            v.push("to_state", "every affair begins as ACKNOWLEDGED and never comes back to it");
            None
        }
        S::InProgress => {
            let before = v.as_slice().len();
            let reason = optional::<Word>(v, "reason", &asked.reason);
            (v.as_slice().len() == before).then_some(Destination::InProgress { reason })
        }
        S::Pending => reason(v, &asked.reason).map(|awaiting| Destination::Pending { awaiting }),
        S::Held => reason(v, &asked.reason).map(|awaiting| Destination::Held { awaiting }),
        S::Cancelled => reason(v, &asked.reason).map(|reason| Destination::Cancelled { reason }),
        S::Resolved => v.check("text", asked.text.parse()).map(|resolution| Destination::Resolved { resolution }),
        S::Closed => {
            let reason = close_reason(v, "close_reason", asked.close_reason);
            reason.map(|reason| Destination::Closed { reason })
        }
        S::Rejected => {
            let reason = reason(v, &asked.reason);
            let signpost = v.check("text", asked.text.parse());
            reason.zip(signpost).map(|(reason, signpost)| Destination::Rejected { reason, signpost })
        }
    }
}

fn required<T: std::str::FromStr>(v: &mut Violations, field: &str, value: &str) -> Option<T>
where
    T::Err: std::fmt::Display,
{
    if value.is_empty() {
        v.push(field, "is required");
        return None;
    }
    v.check(field, value.parse())
}
