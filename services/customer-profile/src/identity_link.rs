//! Links as the contract shows them.

use customer_profile_domain::{Basis, IdentifierKind, LinkType};
use kernel::ResourceId;
use server::parse::time_to_proto;
use ventanilla_proto::customer::v1 as proto;

use crate::store::identity::Listed;
use crate::{content, judgement};

/// What a link says.
pub(crate) const fn kind(kind: LinkType) -> proto::LinkType {
    match kind {
        LinkType::SameAs => proto::LinkType::SameAs,
        LinkType::NotSameAs => proto::LinkType::NotSameAs,
    }
}

/// On what it rests.
pub(crate) const fn basis(basis: &Basis) -> proto::LinkBasis {
    match basis {
        Basis::Steward => proto::LinkBasis::Steward,
        Basis::Identifier(_) => proto::LinkBasis::Identifier,
        Basis::Score => proto::LinkBasis::Score,
    }
}

fn identifier(basis: &Basis) -> Option<IdentifierKind> {
    match basis {
        Basis::Identifier(key) => Some(key.kind),
        Basis::Steward | Basis::Score => None,
    }
}

/// A link on the wire.
pub(crate) fn to_proto(listed: Listed) -> proto::IdentityLink {
    let state = match (&listed.revoked, listed.kind) {
        (Some(_), _) => proto::LinkState::Revoked,
        (None, LinkType::SameAs) if !listed.together => proto::LinkState::HeldBack,
        (None, _) => proto::LinkState::Active,
    };
    let (revoked_by, revoked_at) = listed.revoked.unzip();
    let (score, judged) = listed.compared.map(|c| (c.score, c.judgement)).unwrap_or_default();
    proto::IdentityLink {
        name: listed.id.name(),
        r#type: kind(listed.kind).into(),
        source_records: vec![listed.link.pair.a().name(), listed.link.pair.b().name()],
        state: state.into(),
        basis: basis(&listed.link.basis).into(),
        identifier_type: identifier(&listed.link.basis).map(content::identifier_type).unwrap_or_default().into(),
        grade: judgement::grade(listed.kind.grade()).into(),
        score,
        rules_version: listed.rules_version,
        asserted_by: listed.asserted_by,
        assert_time: Some(time_to_proto(listed.asserted_at)),
        reason: listed.reason.expose().clone(),
        revoked_by: revoked_by.unwrap_or_default(),
        revoke_time: revoked_at.map(time_to_proto),
        doubt: judged.doubt,
        findings: judged.findings,
    }
}
