//! Requests about what to do next for a customer.

use customer_profile_domain::{ActionId, CustomerId};
use jiff::Timestamp;
use kernel::Violations;
use postgres::RequestKey;
use prost::Message;
use server::{PageToken, page_size, parse};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use super::stewards::etag;
use super::{TAKEN, all_or_nothing, bad_token};
use crate::error::ProfileError;
use crate::usecase::next_actions::{self, Decision};

/// For whom something is to be proposed.
pub(in crate::grpc) fn proposal(
    request: &proto::ProposeNextBestActionRequest,
) -> Result<(CustomerId, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "name", &request.name);
    all_or_nothing(violations)?;
    let key = RequestKey::of(id.expect(TAKEN), "ProposeNextBestAction", &request.encode_to_vec());
    Ok((customer.expect(TAKEN), key))
}

/// What is decided.
pub(in crate::grpc) fn decision(
    request: &proto::DecideNextActionRequest,
) -> Result<(Decision, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let action = parse::name(&mut violations, "name", &request.name);
    let approve = match proto::NextActionVerdict::try_from(request.verdict) {
        Ok(proto::NextActionVerdict::Approve) => Some(true),
        Ok(proto::NextActionVerdict::Decline) => Some(false),
        Ok(proto::NextActionVerdict::Unspecified) | Err(_) => {
            parse::not_a_value(&mut violations, "verdict", request.verdict)
        }
    };
    let note = parse::optional_text(&mut violations, "note", &request.note, 500);
    if approve == Some(false) && request.note.trim().is_empty() {
        violations.push("note", "must say why it is declined");
    }
    let row_version = etag(&mut violations, &request.etag);
    all_or_nothing(violations)?;
    let decision = Decision {
        action: action.expect(TAKEN),
        approve: approve.expect(TAKEN),
        note: note.unwrap_or_default().into(),
        row_version: row_version.expect(TAKEN),
    };
    Ok((decision, RequestKey::of(id.expect(TAKEN), "DecideNextAction", &request.encode_to_vec())))
}

/// What was done.
pub(in crate::grpc) fn completion(
    request: &proto::CompleteNextActionRequest,
) -> Result<(ActionId, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let action = parse::name(&mut violations, "name", &request.name);
    all_or_nothing(violations)?;
    let key = RequestKey::of(id.expect(TAKEN), "CompleteNextAction", &request.encode_to_vec());
    Ok((action.expect(TAKEN), key))
}

/// A page of what was proposed for a customer, or of what waits for anybody.
pub(in crate::grpc) struct ActionsPage {
    pub customer: Option<CustomerId>,
    pub from: Option<(Timestamp, Uuid)>,
    pub size: usize,
}

/// Whose actions are wanted.
pub(in crate::grpc) fn actions_page(request: &proto::ListNextActionsRequest) -> Result<ActionsPage, ProfileError> {
    const ANYBODY: &str = "customers/-";
    let mut violations = Violations::new();
    let customer: Option<CustomerId> =
        if request.parent == ANYBODY { None } else { parse::name(&mut violations, "parent", &request.parent) };
    let size = page_size(&mut violations, request.page_size);
    all_or_nothing(violations)?;
    let read = |[at, id]: [String; 2]| Some((at.parse().ok()?, id.parse().ok()?));
    let from = match PageToken::decode(&request.page_token, next_actions::LIST, &next_actions::bound_to(customer)) {
        Ok(None) => None,
        Ok(Some(token)) => Some(token.fields::<2>().ok().and_then(read).ok_or_else(bad_token)?),
        Err(_) => return Err(bad_token()),
    };
    Ok(ActionsPage { customer, from, size })
}
