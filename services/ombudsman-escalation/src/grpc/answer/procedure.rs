//! Answers about the procedure: what stands around a case, what is owed after it, what was corrected.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::case::{Case, Offer, State};
use ombudsman_escalation_domain::obligation::{Obligation, name};
use ombudsman_escalation_domain::vocabulary::BoundBy;
use prost::Message as _;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::grpc::vocabulary::{bound_by_to_proto, decision_text_to_proto, obligation_kind_to_proto, stage_to_proto};
use crate::store::case::StoredCase;
use crate::store::procedure::{Corrected, Standing};

/// What is shown of words that were destroyed.
const ERASED: &str = "[erased]";

fn entry_name(case: CaseId, sequence: u64) -> String {
    format!("{}/entries/{sequence}", case.name())
}

/// What stands around the state of a case.
pub(crate) fn procedure(stored: &StoredCase, reviews: &[CaseId], standing: Standing) -> pb::Procedure {
    let case = &stored.case;
    let mut told = pb::Procedure {
        name: format!("{}/procedure", case.id.name()),
        etag: postgres::etag(stored.version),
        state: stage_to_proto(case.stage()).into(),
        offer: case.state.offer().map(|of| offer(case.id, of)),
        waiting_offer: case.waiting_offer.as_ref().map(|of| offer(case.id, of)),
        bind_time: case.state.bound().map(|bound| time_to_proto(bound.at)),
        bound_by: case.state.bound().map(|bound| bound_by_to_proto(bound.by)).unwrap_or_default().into(),
        reports_to: case.regime.reports_to.en.to_owned(),
        reports_article: case.regime.reports_article.to_owned(),
        review_of: case.review_of.map(|reviewed| reviewed.name()).unwrap_or_default(),
        reviews: reviews.iter().map(|review| review.name()).collect(),
        superseded_by: standing.superseded_by.map(|review| review.name()).unwrap_or_default(),
        confirms: standing.confirms,
        end_time: stored.ended_at.map(time_to_proto),
        ..pb::Procedure::default()
    };
    match &case.state {
        State::ForwardedInternally { signpost, forwarded_at } => {
            told.competent.clone_from(signpost);
            told.forward_time = Some(time_to_proto(*forwarded_at));
        }
        State::Stayed { from, since, .. } => {
            told.came_from = stage_to_proto(*from).into();
            told.stay_time = Some(time_to_proto(*since));
        }
        State::Closed { after, .. } => told.came_from = stage_to_proto(*after).into(),
        State::Settled { settled_at, .. } => told.settle_time = Some(time_to_proto(*settled_at)),
        State::OwnInitiative { since, .. } => told.own_initiative_time = Some(time_to_proto(*since)),
        State::Rectified { proof } => told.rectification_entry = entry_name(case.id, *proof),
        _ => {}
    }
    told
}

pub(crate) fn offer(case: CaseId, offer: &Offer) -> pb::Offer {
    let promise = offer.promise.as_ref();
    pb::Offer {
        entry: entry_name(case, offer.entry),
        offer_time: Some(time_to_proto(offer.offered_at)),
        tell_time: offer.told.map(|told| time_to_proto(told.at)),
        reflection_end_time: offer.told.map(|told| time_to_proto(told.reflect_until)),
        expire_time: offer.told.map(|told| time_to_proto(told.open_until)),
        department: promise.map(|promise| promise.debtor.to_string()).unwrap_or_default(),
        term_days: promise.map_or(0, |promise| i32::try_from(promise.days).unwrap_or(i32::MAX)),
    }
}

/// One thing the firm owes.
pub(crate) fn obligation(case: CaseId, owed: &Obligation) -> pb::Obligation {
    pb::Obligation {
        name: name(case, owed.number),
        kind: obligation_kind_to_proto(owed.kind).into(),
        claim_point: owed.claim_point.clone().unwrap_or_default(),
        department: owed.debtor.to_string(),
        entry: entry_name(case, owed.entry),
        start_time: Some(time_to_proto(owed.since)),
        due_time: Some(time_to_proto(owed.due)),
        proof_entry: owed.proof.map(|proof| entry_name(case, proof.entry)).unwrap_or_default(),
        proof_time: owed.proof.map(|proof| time_to_proto(proof.at)),
        met_time: owed.done_at.map(time_to_proto),
        overdue_time: owed.overdue_at.map(time_to_proto),
        lapse_time: owed.lapsed_at.map(time_to_proto),
        reopens: owed.reopens.map(|(earlier, number)| name(earlier, number)).unwrap_or_default(),
    }
}

/// What the ledger tells of what comes to be owed.
pub(crate) fn obligation_set(case: CaseId, owed: &Obligation) -> pb::ObligationSet {
    pb::ObligationSet {
        case_name: case.name(),
        obligation: name(case, owed.number),
        kind: obligation_kind_to_proto(owed.kind).into(),
        department: owed.debtor.to_string(),
        due_time: Some(time_to_proto(owed.due)),
    }
}

/// The entry of the ledger that says that its time is over.
pub(crate) fn obligation_overdue(case: CaseId, owed: &Obligation) -> pb::ObligationOverdue {
    pb::ObligationOverdue {
        case_name: case.name(),
        obligation: name(case, owed.number),
        overdue_time: owed.overdue_at.map(time_to_proto),
        kind: obligation_kind_to_proto(owed.kind).into(),
    }
}

/// The entry of the ledger that says that the claimant was heard on a proposed refusal, or let their time pass.
pub(crate) fn hearing_ended(case: CaseId, answered: bool) -> pb::HearingEnded {
    pb::HearingEnded { case_name: case.name(), answered }
}

/// The entry of the ledger that says that a decision binds the firm, and by whom.
pub(crate) fn decision_bound(case: &Case, by: BoundBy) -> pb::DecisionBound {
    let article = match (by, case.regime.acceptance) {
        (BoundBy::Claimant | BoundBy::Firm, Some(acceptance)) => acceptance.article,
        (BoundBy::Claimant | BoundBy::Firm, None) | (BoundBy::Law, _) => case.regime.binding_article(),
    };
    pb::DecisionBound { case_name: case.id.name(), bound_by: bound_by_to_proto(by).into(), article: article.to_owned() }
}

/// A correction, as it was written into the dossier; without its words once they were destroyed.
pub(crate) fn correction(corrected: &Corrected) -> Option<pb::Correction> {
    let told = match &corrected.content {
        Some(content) => pb::Correction::decode(content.as_slice()).ok()?,
        None => pb::Correction {
            claim_point: corrected.claim_point.clone().unwrap_or_default(),
            text: decision_text_to_proto(corrected.part).into(),
            stood: ERASED.to_owned(),
            stands: ERASED.to_owned(),
            reason: ERASED.to_owned(),
            corrected_by: corrected.by.clone(),
            correct_time: Some(time_to_proto(corrected.at)),
            ..pb::Correction::default()
        },
    };
    let document_hash = corrected.signed.as_ref().map(|signed| signed.hash.to_vec()).unwrap_or_default();
    Some(pb::Correction { number: i32::try_from(corrected.number).unwrap_or(i32::MAX), document_hash, ..told })
}
