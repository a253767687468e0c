//! Requests about promises.

use jiff::Timestamp;
use kernel::{Department, Violations};
use prost::Message as _;
use server::{PageToken, page_size, parse, status};
use ticketing_domain::{
    AttemptOutcome, Cause, PromiseDraft, PromiseId, PromiseKind, PromiseText, Settlement, TicketId, Tried, Word,
};
use tonic::Status;
use ventanilla_proto::ticketing::v1 as pb;

use super::ticket::optional;
use super::{etag, key, list, past, whole};
use crate::store::promise::{Due, DueFilter};
use crate::usecase::{NewAttempt, NewPromise, PromiseEnd};

/// There are no more kinds.
const MOST_KINDS: usize = 5;

pub(in crate::grpc) fn make_promise(
    request: &pb::MakePromiseRequest,
    now: Timestamp,
) -> Result<NewPromise, Violations> {
    let mut v = Violations::new();
    let ticket = parse::name(&mut v, "parent", &request.parent);
    let key = key(&mut v, "MakePromise", &request.request_id, request);
    let stated = past(&mut v, "occurred_time", request.occurred_time.as_ref(), now);
    let draft = match &request.promise {
        Some(promise) => draft(&mut v, promise, ticket),
        None => {
            v.push("promise", "is required");
            None
        }
    };
    let whole_promise = || Some(NewPromise { ticket: ticket?, draft: draft?, key: key?, stated });
    let promise = whole_promise();
    whole(v, promise)
}

fn draft(v: &mut Violations, promise: &pb::Promise, ticket: Option<TicketId>) -> Option<PromiseDraft> {
    let text = v.check("promise.text", promise.text.parse::<PromiseText>());
    let due = parse::time(v, "promise.due_time", promise.due_time.as_ref());
    let channel = parse::channel(v, "promise.channel", promise.channel);
    let replaces = match promise.replaces.as_str() {
        "" => None,
        name => v.check("promise.replaces", PromiseId::parse(name)),
    };
    if let (Some(replaced), Some(ticket)) = (replaces, ticket)
        && replaced.ticket != ticket
    {
        v.push("promise.replaces", "must be a promise of the same ticket");
    }
    let kind = kind(v, promise, due);
    let despite = optional::<Word>(v, "promise.despite_forecast", &promise.despite_forecast);
    if despite.is_some() && promise.kind() != pb::PromiseKind::Resolution {
        v.push("promise.despite_forecast", "is left out for what is not an answer");
    }
    Some(PromiseDraft { kind: kind?, despite, text: text?, due: due?, channel: channel?, replaces })
}

/// The kind with its window, which those have that happen at a time of day.
fn kind(v: &mut Violations, promise: &pb::Promise, due: Option<Timestamp>) -> Option<PromiseKind> {
    let from = parse::optional_time(v, "promise.window_start_time", promise.window_start_time.as_ref());
    let tried = Tried::default();
    let kind = match pb::PromiseKind::try_from(promise.kind) {
        Ok(pb::PromiseKind::Other) => PromiseKind::Other,
        Ok(pb::PromiseKind::Resolution) => PromiseKind::Resolution,
        Ok(pb::PromiseKind::FollowUp) => PromiseKind::FollowUp,
        Ok(kind @ (pb::PromiseKind::Callback | pb::PromiseKind::Appointment)) => {
            if promise.window_start_time.is_none() {
                v.push("promise.window_start_time", "is required for a call back and for an appointment");
            }
            let from = from?;
            if due.is_some_and(|due| from >= due) {
                v.push("promise.window_start_time", "must be before due_time, the end of the window");
            }
            return Some(match kind {
                pb::PromiseKind::Callback => PromiseKind::Callback { from, tried },
                _ => PromiseKind::Appointment { from, tried },
            });
        }
        Ok(pb::PromiseKind::Unspecified) | Err(_) => return parse::not_a_value(v, "promise.kind", promise.kind),
    };
    if promise.window_start_time.is_some() {
        v.push("promise.window_start_time", "is left out for what happens at no time of day");
    }
    Some(kind)
}

pub(in crate::grpc) fn attempt_promise(
    request: &pb::AttemptPromiseRequest,
    now: Timestamp,
) -> Result<NewAttempt, Violations> {
    let mut v = Violations::new();
    let id = v.check("name", PromiseId::parse(&request.name));
    let outcome = match pb::AttemptOutcome::try_from(request.outcome) {
        Ok(pb::AttemptOutcome::Reached) => Some(AttemptOutcome::Reached),
        Ok(pb::AttemptOutcome::NoAnswer) => Some(AttemptOutcome::NoAnswer),
        Ok(pb::AttemptOutcome::Busy) => Some(AttemptOutcome::Busy),
        Ok(pb::AttemptOutcome::WrongAddress) => Some(AttemptOutcome::WrongAddress),
        Ok(pb::AttemptOutcome::Unspecified) | Err(_) => parse::not_a_value(&mut v, "outcome", request.outcome),
    };
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "AttemptPromise", &request.request_id, request);
    let stated = past(&mut v, "occurred_time", request.occurred_time.as_ref(), now);
    let attempt = || Some(NewAttempt { id: id?, outcome: outcome?, etag: etag?, key: key?, stated });
    let attempt = attempt();
    whole(v, attempt)
}

/// A list of promises that still run.
pub(in crate::grpc) struct DuePromises {
    pub filter: DueFilter,
    pub after: Option<Due>,
    pub size: usize,
    binding: Vec<u8>,
}

impl DuePromises {
    /// The token of the page after this one.
    pub fn next_token(&self, last: Option<Due>) -> String {
        let token = |(at, id): Due| PageToken::encode("due", &self.binding, &[&at.to_string(), &id.to_string()]);
        last.map(token).unwrap_or_default()
    }
}

pub(in crate::grpc) fn due_promises(request: pb::ListDuePromisesRequest) -> Result<DuePromises, Status> {
    let mut v = Violations::new();
    let department = optional::<Department>(&mut v, "department", &request.department);
    let mut kinds = Vec::new();
    if request.kinds.len() > MOST_KINDS {
        v.push("kinds", format!("must be at most {MOST_KINDS} kinds"));
    } else {
        for (i, value) in request.kinds.iter().enumerate() {
            match pb::PromiseKind::try_from(*value) {
                Ok(pb::PromiseKind::Other) => kinds.push("other"),
                Ok(pb::PromiseKind::Resolution) => kinds.push("resolution"),
                Ok(pb::PromiseKind::Callback) => kinds.push("callback"),
                Ok(pb::PromiseKind::Appointment) => kinds.push("appointment"),
                Ok(pb::PromiseKind::FollowUp) => kinds.push("follow_up"),
                Ok(pb::PromiseKind::Unspecified) | Err(_) => {
                    parse::not_a_value::<()>(&mut v, &format!("kinds[{i}]"), *value);
                }
            }
        }
    }
    let to = parse::optional_time(&mut v, "to_time", request.to_time.as_ref());
    let size = page_size(&mut v, request.page_size);
    v.into_result().map_err(|e| status(&e))?;
    let token = request.page_token.clone();
    let binding = pb::ListDuePromisesRequest { page_size: 0, page_token: String::new(), ..request }.encode_to_vec();
    let after = match PageToken::decode(&token, "due", &binding).map_err(|e| status(&e))? {
        Some(token) => {
            let [at, id] = token.fields().map_err(|e| status(&e))?;
            let place = at.parse::<Timestamp>().ok().zip(id.parse().ok());
            Some(place.ok_or_else(|| status(&list::unreadable()))?)
        }
        None => None,
    };
    Ok(DuePromises { filter: DueFilter { department, kinds, to }, after, size, binding })
}

pub(in crate::grpc) fn settle_promise(
    request: &pb::SettlePromiseRequest,
    now: Timestamp,
) -> Result<PromiseEnd, Violations> {
    let mut v = Violations::new();
    let id = v.check("name", PromiseId::parse(&request.name));
    let etag = etag(&mut v, &request.etag);
    let key = key(&mut v, "SettlePromise", &request.request_id, request);
    let stated = past(&mut v, "occurred_time", request.occurred_time.as_ref(), now);
    let settlement = settlement(&mut v, request);
    let whole_end = || Some(PromiseEnd { id: id?, settlement: settlement?, etag: etag?, key: key?, stated });
    let end = whole_end();
    whole(v, end)
}

fn settlement(v: &mut Violations, request: &pb::SettlePromiseRequest) -> Option<Settlement> {
    let cause = match request.cause.as_str() {
        "" => None,
        text => v.check("cause", text.parse::<Cause>()),
    };
    match pb::PromiseState::try_from(request.state) {
        Ok(pb::PromiseState::Kept) if request.cause.is_empty() => Some(Settlement::Kept),
        Ok(pb::PromiseState::Kept) => {
            v.push("cause", "must be left out when the promise was kept");
            None
        }
        Ok(pb::PromiseState::BrokenAnnounced) => {
            if request.cause.is_empty() {
                v.push("cause", "is required: the customer is told why");
            }
            cause.map(|cause| Settlement::Announced { cause })
        }
        Ok(pb::PromiseState::BrokenSilent) => Some(Settlement::Silent { cause }),
        Ok(
            pb::PromiseState::Made
            | pb::PromiseState::AtRisk
            | pb::PromiseState::Renegotiated
            | pb::PromiseState::BrokenUnreported
            | pb::PromiseState::Lapsed,
        ) => {
            v.push("state", "must be KEPT, BROKEN_ANNOUNCED or BROKEN_SILENT");
            None
        }
        Ok(pb::PromiseState::Unspecified) | Err(_) => parse::not_a_value(v, "state", request.state),
    }
}
