//! Requests about how customers stand to each other.

use customer_profile_domain::{RelationId, RelationKind};
use jiff::Timestamp;
use kernel::Violations;
use postgres::RequestKey;
use prost::Message;
use server::parse;
use ventanilla_proto::customer::v1 as proto;

use super::{Page, TAKEN, all_or_nothing, page};
use crate::error::ProfileError;
use crate::usecase::state_relation::{self, Stated};

/// How a customer stands to another.
pub(in crate::grpc) fn relation(
    request: &proto::StateRelationRequest,
    now: Timestamp,
) -> Result<(Stated, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let customer = parse::name(&mut violations, "parent", &request.parent);
    if request.relation.is_none() {
        violations.push("relation", "is required");
    }
    let told = request.relation.clone().unwrap_or_default();
    let kind = match proto::RelationKind::try_from(told.kind) {
        Ok(proto::RelationKind::Household) => Some(RelationKind::Household),
        Ok(proto::RelationKind::Represents) => Some(RelationKind::Represents),
        Ok(proto::RelationKind::RepresentedBy) => Some(RelationKind::RepresentedBy),
        Ok(proto::RelationKind::Unspecified) | Err(_) => {
            parse::not_a_value(&mut violations, "relation.kind", told.kind)
        }
    };
    let other = parse::name(&mut violations, "relation.other_customer", &told.other_customer);
    if other.is_some() && other == customer {
        violations.push("relation.other_customer", "must be somebody else");
    }
    let evidence = parse::optional_text(&mut violations, "relation.evidence", &told.evidence, 500).unwrap_or_default();
    if kind.is_some_and(RelationKind::needs_evidence) && evidence.is_empty() {
        violations.push("relation.evidence", "must say what shows it: whoever speaks for another acts on their rights");
    }
    let expires_at = parse::optional_time(&mut violations, "relation.expire_time", told.expire_time.as_ref());
    if expires_at.is_some_and(|at| at <= now) {
        violations.push("relation.expire_time", "must be in the future");
    }
    all_or_nothing(violations)?;
    let stated = Stated {
        customer: customer.expect(TAKEN),
        kind: kind.expect(TAKEN),
        other: other.expect(TAKEN),
        evidence: evidence.into(),
        expires_at,
    };
    Ok((stated, RequestKey::of(id.expect(TAKEN), "StateRelation", &request.encode_to_vec())))
}

/// A relation that is over.
pub(in crate::grpc) fn relation_end(
    request: &proto::EndRelationRequest,
) -> Result<(RelationId, RequestKey), ProfileError> {
    let mut violations = Violations::new();
    let id = parse::request_id(&mut violations, &request.request_id);
    let relation = parse::name(&mut violations, "name", &request.name);
    all_or_nothing(violations)?;
    Ok((relation.expect(TAKEN), RequestKey::of(id.expect(TAKEN), "EndRelation", &request.encode_to_vec())))
}

/// Whose relations are wanted.
pub(in crate::grpc) fn relations_page(request: &proto::ListRelationsRequest) -> Result<Page, ProfileError> {
    page(&request.parent, request.page_size, &request.page_token, state_relation::LIST)
}
