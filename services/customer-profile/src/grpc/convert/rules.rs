//! Requests about the rules of matching.

use customer_profile_domain::{ChangeBasis, ChangeKind, ReviewDecision, RulesReviewId};
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
use crate::store::rules_review::After;
use crate::usecase::review_rules::{self, Decide, Wanted};

/// That the rules of the settings are to be looked at.
pub(in crate::grpc) fn reapplication(request: &proto::ReapplyRulesRequest) -> Result<RequestKey, ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    all_or_nothing(violations)?;
    Ok(RequestKey::of(id.expect(TAKEN), "ReapplyRules", &request.encode_to_vec()))
}

/// A review's name.
pub(in crate::grpc) fn rules_review_id(request: &proto::GetRulesReviewRequest) -> Result<RulesReviewId, ProfileError> {
    let mut violations = Violations::new();
    let id = parse::name(&mut violations, "name", &request.name);
    all_or_nothing(violations)?;
    Ok(id.expect(TAKEN))
}

/// A decision on the version of a review that was seen.
pub(in crate::grpc) fn rules_decision(
    decision: ReviewDecision,
    request: &impl Message,
    [name, tag, request_id]: [&str; 3],
) -> Result<(Decide, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, request_id);
    let review = parse::name(&mut violations, "name", name);
    let row_version = etag(&mut violations, tag);
    all_or_nothing(violations)?;
    let method = match decision {
        ReviewDecision::Apply => "ApplyRulesReview",
        ReviewDecision::Drop => "DropRulesReview",
    };
    let decide = Decide { review: review.expect(TAKEN), decision, etag: postgres::etag(row_version.expect(TAKEN)) };
    Ok((decide, RequestKey::of(id.expect(TAKEN), method, &request.encode_to_vec())))
}

/// Which reviews are wanted: those before one, and how many.
#[allow(clippy::type_complexity, reason = "two values that are read once")]
pub(in crate::grpc) fn rules_reviews(
    request: &proto::ListRulesReviewsRequest,
) -> Result<(Option<(Timestamp, Uuid)>, usize), ProfileError> {
    let mut violations = Violations::new();
    let size = page_size(&mut violations, request.page_size);
    all_or_nothing(violations)?;
    let before = match PageToken::decode(&request.page_token, review_rules::REVIEWS, b"") {
        Ok(None) => None,
        Ok(Some(token)) => {
            let read = |[at, id]: [String; 2]| Some((at.parse().ok()?, id.parse().ok()?));
            Some(token.fields::<2>().ok().and_then(read).ok_or_else(bad_token)?)
        }
        Err(_) => return Err(bad_token()),
    };
    Ok((before, size))
}

/// Which changes of a review are wanted.
pub(in crate::grpc) fn rules_changes(request: &proto::ListRulesChangesRequest) -> Result<Wanted, ProfileError> {
    let mut violations = Violations::new();
    let review = parse::name(&mut violations, "parent", &request.parent);
    let kind = match proto::RulesChangeKind::try_from(request.kind) {
        Ok(proto::RulesChangeKind::Unspecified) => None,
        Ok(named) => ChangeKind::ALL.into_iter().find(|kind| review_rules::kind_to_proto(*kind) == named),
        Err(_) => parse::not_a_value(&mut violations, "kind", request.kind),
    };
    let size = page_size(&mut violations, request.page_size);
    all_or_nothing(violations)?;
    let filter = proto::ListRulesChangesRequest { page_size: 0, page_token: String::new(), ..request.clone() };
    let filter = filter.encode_to_vec();
    let after = match PageToken::decode(&request.page_token, review_rules::CHANGES, &filter) {
        Ok(None) => None,
        Ok(Some(token)) => Some(token.fields::<4>().ok().and_then(read_after).ok_or_else(bad_token)?),
        Err(_) => return Err(bad_token()),
    };
    Ok(Wanted { review: review.expect(TAKEN), kind, after, size, filter })
}

fn read_after([a, b, kind, basis]: [String; 4]) -> Option<After> {
    Some((a.parse().ok()?, b.parse().ok()?, ChangeKind::stored(&kind)?, ChangeBasis::stored(&basis)?))
}
