//! A steward's word: how it is written down.

use std::collections::BTreeSet;

use customer_profile_domain::{Basis, CustomerId, LinkId, LinkType, Pair, ProposalId, SourceRecordId};
use kernel::{Personal, ResourceId};
use ledger::{Draft, Stamp};
use ventanilla_proto::customer::v1 as proto;

use super::Profile;
use crate::identity_link;
use crate::store::identity::{Compared, NewLink};

/// What a steward says, and why.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub reason: Personal<String>,
    pub proposal: Option<ProposalId>,
}

impl Word {
    /// A link that says so of two records, with what the steward saw of comparing them.
    pub(super) fn link(
        &self,
        profile: &Profile,
        kind: LinkType,
        pair: Pair,
        compared: Option<Compared>,
        now: jiff::Timestamp,
    ) -> NewLink {
        NewLink {
            id: LinkId::from_uuid(profile.ambient.uuid(now)),
            kind,
            pair,
            basis: Basis::Steward,
            compared,
            rules_version: String::new(),
            reason: self.reason.clone(),
            proposal: self.proposal,
        }
    }

    /// What the ledger is told of a link; of many that say the same, of the first, with the records on both sides.
    pub(super) fn asserted(
        &self,
        profile: &Profile,
        customer: CustomerId,
        link: &NewLink,
        sides: [&BTreeSet<SourceRecordId>; 2],
        stamp: &Stamp,
    ) -> Draft {
        let [records, other_records] = sides.map(|side| side.iter().map(|record| record.name()).collect());
        let payload = proto::IdentityLinkAsserted {
            link: link.id.name(),
            r#type: identity_link::kind(link.kind).into(),
            basis: identity_link::basis(&link.basis).into(),
            records,
            other_records,
            proposal: self.proposal.map(|id| id.name()).unwrap_or_default(),
            rules_version: link.rules_version.clone(),
        };
        let personal = proto::IdentityLinkAssertedPersonal { reason: self.reason.expose().clone() };
        Draft::new(profile.ambient.uuid(stamp.recorded_at), customer.name(), &payload, stamp)
            .with_personal(&personal, profile.ambient.bytes())
    }
}

/// What the ledger is told of a steward's link that is revoked.
pub(super) fn revoked(profile: &Profile, customer: CustomerId, link: LinkId, kind: LinkType, stamp: &Stamp) -> Draft {
    let payload = proto::IdentityLinkRevoked {
        link: link.name(),
        r#type: identity_link::kind(kind).into(),
        basis: proto::LinkBasis::Steward.into(),
    };
    Draft::new(profile.ambient.uuid(stamp.recorded_at), customer.name(), &payload, stamp)
}
