//! Requests about promises.

use jiff::Timestamp;
use kernel::Violations;
use server::parse;
use ticketing_domain::{Cause, PromiseDraft, PromiseId, PromiseText, Settlement, TicketId};
use ventanilla_proto::ticketing::v1 as pb;

use super::{etag, key, past, whole};
use crate::usecase::{NewPromise, PromiseEnd};

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
    Some(PromiseDraft { text: text?, due: due?, channel: channel?, replaces })
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
        Ok(pb::PromiseState::Made | pb::PromiseState::AtRisk | pb::PromiseState::Renegotiated) => {
            v.push("state", "must be KEPT, BROKEN_ANNOUNCED or BROKEN_SILENT");
            None
        }
        Ok(pb::PromiseState::Unspecified) | Err(_) => parse::not_a_value(v, "state", request.state),
    }
}
