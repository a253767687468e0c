//! Answers: what is stored, told in the contract's words.

mod learnt;
mod procedure;

pub(crate) use learnt::{leading, precedents, recommendation, recurrence, report, systemic_issue};

use kernel::ResourceId as _;
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::case::{Case, ClaimPoint, PartyTerm, Representative, State};
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::dossier::{Fault, Head, Sealed};
use ombudsman_escalation_domain::matter::{Amount, Matter};
use ombudsman_escalation_domain::precedent::Weighed;
use ombudsman_escalation_domain::team::Team;
use ombudsman_escalation_domain::vocabulary::{Stage, TermKind};
use server::parse::{actor_to_proto, channel_to_proto, language_to_proto, time_to_proto};
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::r#type::v1::Money;

pub(crate) use house::{disclosed, member};

mod house;

use super::vocabulary::{
    dossier_kind_to_proto, fault_to_proto, ground_to_proto, missing_item_to_proto, office_role_to_proto,
    origin_to_proto, outcome_to_proto, parallel_to_proto, party_to_proto, representative_kind_to_proto, stage_to_proto,
    term_kind_to_proto, visibility_to_proto,
};
use crate::store::access::Access;
use crate::store::case::StoredCase;
use crate::store::clock::{PartyClock, Terms};
use crate::store::decision::Issued;

pub(crate) use procedure::{
    correction, decision_bound, hearing_ended, obligation, obligation_overdue, obligation_set, offer, procedure,
};

/// A case with everything its answer shows.
pub(crate) fn case(stored: &StoredCase, team: &Team, terms: &Terms) -> pb::Case {
    let case = &stored.case;
    let complaint = &case.complaint;
    let stage = case.stage();
    pb::Case {
        name: case.id.name(),
        etag: postgres::etag(stored.version),
        ticket: case.ticket.name(),
        customer: case.customer.name(),
        regime: case.regime.id.to_owned(),
        state: stage_to_proto(stage).into(),
        filed_at_entity_time: Some(time_to_proto(complaint.filed_at_entity)),
        filed_at_office_time: Some(time_to_proto(complaint.filed_at_office)),
        facts_time: complaint.facts_at.map(time_to_proto),
        facts_known_time: complaint.known_at.map(time_to_proto),
        parallel_proceedings: complaint.parallel.map(parallel_to_proto).unwrap_or_default().into(),
        claim_points: complaint.points.iter().map(claim_point).collect(),
        channel: channel_to_proto(complaint.channel).into(),
        opened_by: Some(actor_to_proto(&stored.opened_by)),
        cure: case.cure.as_ref().map(|cure| pb::CureRequest {
            items: cure.items.iter().map(|item| missing_item_to_proto(*item).into()).collect(),
            due_time: Some(time_to_proto(cure.due)),
            cured_time: cure.cured_at.map(time_to_proto),
        }),
        refusal: refusal(stored),
        statement_due_time: case.state.statement_due().map(time_to_proto),
        assignments: team.seats.iter().map(assignment).collect(),
        decision: if case.state.is_decided() { decision_name(case.id) } else { String::new() },
        decide_due_time: terms.decide_due_at.map(time_to_proto),
        decide_breached_time: terms.decide_breached_at.map(time_to_proto),
        create_time: Some(time_to_proto(stored.created_at)),
        update_time: Some(time_to_proto(stored.updated_at)),
        matter: Some(matter(&stored.matter)),
        representative: complaint.representative.as_ref().map(representative),
        origin: complaint.origin.map(origin_to_proto).unwrap_or_default().into(),
        regulator_reference: complaint.regulator_reference.clone().unwrap_or_default(),
        party_terms: terms.of_parties.iter().map(party_term).collect(),
        next_due_time: stored.term_due_at.map(time_to_proto),
        term_extended_time: case.extended_at.map(time_to_proto),
        untold_offer_time: case.untold_offer().map(|offer| time_to_proto(offer.offered_at)),
    }
}

/// The same as the claimant's own data: without what nobody told them.
pub(crate) fn case_of_claimant(stored: &StoredCase, terms: &Terms) -> pb::Case {
    let state = stage_to_proto(told_stage(stored)).into();
    pb::Case { state, untold_offer_time: None, ..case(stored, &Team::default(), terms) }
}

/// A case as its claimant may read it.
pub(crate) fn claimant_case_unproven(stored: &StoredCase, terms: &Terms, others: &[CaseId]) -> pb::ClaimantCase {
    pb::ClaimantCase {
        case_name: stored.case.id.name(),
        state: stage_to_proto(told_stage(stored)).into(),
        filed_at_office_time: Some(time_to_proto(stored.case.complaint.filed_at_office)),
        decide_due_time: terms.decide_due_at.map(time_to_proto),
        code_needed: true,
        other_cases: others.iter().map(|other| other.name()).collect(),
        ..pb::ClaimantCase::default()
    }
}

/// Where it stands for the claimant, for whom there is no offer before they were told it.
fn told_stage(stored: &StoredCase) -> Stage {
    match (stored.case.stage(), stored.case.state.offer()) {
        (Stage::Conciliation, Some(offer)) if offer.told.is_none() => Stage::Investigation,
        (stage, _) => stage,
    }
}

/// The same for who showed the code.
pub(crate) fn claimant_case(
    stored: &StoredCase,
    terms: &Terms,
    options: Vec<pb::ClaimantOption>,
    others: &[CaseId],
) -> pb::ClaimantCase {
    let whole = case(stored, &Team::default(), terms);
    let told = stored.case.state.offer().filter(|offer| offer.told.is_some());
    pb::ClaimantCase {
        case_name: whole.name,
        etag: whole.etag,
        state: stage_to_proto(told_stage(stored)).into(),
        regime: whole.regime,
        filed_at_office_time: whole.filed_at_office_time,
        claim_points: whole.claim_points,
        cure: whole.cure,
        refusal: whole.refusal,
        offer: told.map(|told| offer(stored.case.id, told)),
        decide_due_time: whole.decide_due_time,
        party_terms: whole.party_terms,
        options: options.into_iter().map(i32::from).collect(),
        review_of: stored.case.review_of.map(|reviewed| reviewed.name()).unwrap_or_default(),
        other_cases: others.iter().map(|other| other.name()).collect(),
        parallel_proceedings: whole.parallel_proceedings,
        completes: stored.case.completes().into_iter().map(|item| missing_item_to_proto(item).into()).collect(),
        code_needed: false,
        ..pb::ClaimantCase::default()
    }
}

/// That a party has time from now on.
pub(crate) fn term_set(case: &Case, term: PartyTerm) -> pb::PartyTermSet {
    pb::PartyTermSet {
        case_name: case.id.name(),
        customer: case.customer.name(),
        kind: term_kind_to_proto(term.kind).into(),
        bearer: party_to_proto(term.bearer).into(),
        due_time: Some(time_to_proto(term.due)),
        article: term.article.to_owned(),
    }
}

/// That the time of a party is open no more.
pub(crate) fn term_closed(case: CaseId, kind: TermKind, used: bool) -> pb::PartyTermClosed {
    pb::PartyTermClosed { case_name: case.name(), kind: term_kind_to_proto(kind).into(), used }
}

/// Time of a party, as sla-monitor counts it.
fn party_term(term: &PartyClock) -> pb::PartyTerm {
    pb::PartyTerm {
        kind: term_kind_to_proto(term.kind).into(),
        bearer: party_to_proto(term.bearer).into(),
        due_time: Some(time_to_proto(term.due_at)),
        lapse_time: term.lapsed_at.map(time_to_proto),
    }
}

fn representative(representative: &Representative) -> pb::Representative {
    pb::Representative {
        display_name: representative.name.expose().clone(),
        kind: representative_kind_to_proto(representative.kind).into(),
        proof: String::new(),
        prove_time: representative.proven_at.map(time_to_proto),
    }
}

/// What a case is about.
fn matter(matter: &Matter) -> pb::CaseMatter {
    pb::CaseMatter {
        motive: matter.motive.as_ref().map(ToString::to_string).unwrap_or_default(),
        language: language_to_proto(matter.language).into(),
        claimed_amount: matter.claimed.as_ref().map(money),
    }
}

/// An amount.
pub(crate) fn money(amount: &Amount) -> Money {
    Money { currency_code: amount.currency().to_owned(), minor_units: amount.minor() }
}

/// `cases/{id}/decision`.
pub(crate) fn decision_name(case: CaseId) -> String {
    format!("{}/decision", case.name())
}

fn claim_point(point: &ClaimPoint) -> pb::ClaimPoint {
    pb::ClaimPoint { id: point.id.clone(), text: point.text.expose().clone() }
}

fn assignment(seat: &ombudsman_escalation_domain::team::Seat) -> pb::Assignment {
    pb::Assignment {
        person: seat.person.clone(),
        office_role: office_role_to_proto(seat.office_role).into(),
        assign_time: Some(time_to_proto(seat.since)),
        recuse_time: seat.left.map(time_to_proto),
    }
}

fn refusal(stored: &StoredCase) -> Option<pb::Refusal> {
    let case = &stored.case;
    let told = |proposal: &ombudsman_escalation_domain::case::Proposal| pb::Refusal {
        ground: ground_to_proto(proposal.ground).into(),
        article: case.regime.article(proposal.ground).to_owned(),
        reasons: proposal.reasons.expose().clone(),
        signpost: String::new(),
        allegations_due_time: Some(time_to_proto(proposal.allegations_due)),
        allegations_time: proposal.allegations_at.map(time_to_proto),
        repeats: proposal.repeats.iter().flat_map(|of| &of.cases).map(|case| case.name()).collect(),
        refused_time: None,
    };
    match &case.state {
        State::InadmissibleProposed(proposal) => Some(told(proposal)),
        State::Inadmissible { proposal, signpost, refused_at } => Some(pb::Refusal {
            signpost: signpost.clone(),
            refused_time: Some(time_to_proto(*refused_at)),
            ..told(proposal)
        }),
        State::ArchivedUncured { reasons, signpost, refused_at } => Some(pb::Refusal {
            ground: pb::InadmissibilityGround::EssentialDataMissing.into(),
            article: case.regime.cure_article.to_owned(),
            reasons: reasons.expose().clone(),
            signpost: signpost.clone(),
            refused_time: Some(time_to_proto(*refused_at)),
            ..pb::Refusal::default()
        }),
        _ => None,
    }
}

/// The answer without the words of people, as it may be kept for a retry: those stay where they can be erased.
pub(crate) fn without_words(answer: &pb::Case) -> pb::Case {
    let mut bare = answer.clone();
    for point in &mut bare.claim_points {
        point.text.clear();
    }
    if let Some(refusal) = &mut bare.refusal {
        refusal.reasons.clear();
    }
    if let Some(representative) = &mut bare.representative {
        representative.display_name.clear();
    }
    bare
}

/// A kept answer with the words put back, as far as they are still there.
pub(crate) fn with_words(mut kept: pb::Case, stored: &StoredCase) -> pb::Case {
    for point in &mut kept.claim_points {
        if let Some(known) = stored.case.complaint.points.iter().find(|known| known.id == point.id) {
            point.text.clone_from(known.text.expose());
        }
    }
    if let (Some(kept), Some(known)) = (&mut kept.refusal, refusal(stored)) {
        kept.reasons = known.reasons;
    }
    if let (Some(kept), Some(known)) = (&mut kept.representative, &stored.case.complaint.representative) {
        kept.display_name.clone_from(known.name.expose());
    }
    kept
}

/// That somebody was shown entries of a dossier.
pub(crate) fn dossier_access(access: &Access) -> pb::DossierAccess {
    pb::DossierAccess {
        actor: Some(actor_to_proto(&access.actor)),
        first_sequence: access.span[0],
        last_sequence: access.span[1],
        shown: access
            .shown
            .iter()
            .map(|&[first_sequence, last_sequence]| pb::SequenceRun { first_sequence, last_sequence })
            .collect(),
        sealed_shown: access.sealed,
        read_time: Some(time_to_proto(access.read_at)),
        trace_id: access.traceparent.split('-').nth(1).unwrap_or_default().to_owned(),
    }
}

/// An entry of the dossier of this case: as [`dossier_entry`], and whose an answer to the decision is.
pub(crate) fn entry_of(case: &Case, sealed: &Sealed, shows_content: bool, exports: bool) -> pb::DossierEntry {
    let answered_by = case.regime.answered_by(sealed.entry.kind).map(party_to_proto).unwrap_or_default().into();
    pb::DossierEntry { answered_by, ..dossier_entry(sealed, shows_content, exports) }
}

/// An entry of the dossier that answers no decision. Content is shown as the caller may see it; the salt goes into exports alone.
pub(crate) fn dossier_entry(sealed: &Sealed, shows_content: bool, exports: bool) -> pb::DossierEntry {
    let entry = &sealed.entry;
    let content = sealed.content.as_ref().filter(|_| shows_content);
    pb::DossierEntry {
        name: format!("{}/entries/{}", entry.case.name(), entry.sequence),
        sequence: i64::try_from(entry.sequence).unwrap_or(i64::MAX),
        kind: dossier_kind_to_proto(entry.kind).into(),
        visibility: visibility_to_proto(entry.visibility).into(),
        actor: Some(actor_to_proto(&entry.actor)),
        record_time: Some(time_to_proto(entry.recorded_at)),
        content_type: entry.content_type.clone(),
        content: content.map(|content| content.bytes.clone()).unwrap_or_default(),
        redacted: sealed.content.is_none(),
        commitment: entry.commitment.to_vec(),
        prev_hash: entry.prev_hash.to_vec(),
        hash: sealed.hash.to_vec(),
        salt: content.filter(|_| exports).map(|content| content.salt.to_vec()).unwrap_or_default(),
        answered_by: pb::Party::Unspecified.into(),
    }
}

/// What a verification found.
pub(crate) fn verdict(found: Result<(), Fault>, entries: usize, head: Head) -> pb::DossierVerdict {
    let fault = found.err();
    pb::DossierVerdict {
        intact: fault.is_none(),
        first_bad_sequence: fault.map_or(0, |fault| i64::try_from(fault.sequence).unwrap_or(i64::MAX)),
        fault: fault.map(|fault| fault_to_proto(fault.kind)).unwrap_or_default().into(),
        entry_count: i64::try_from(entries).unwrap_or(i64::MAX),
        head_hash: head.hash.to_vec(),
    }
}

/// A decision with its answers.
pub(crate) fn decision(issued: &Issued, answers: &[Answer]) -> pb::Decision {
    pb::Decision {
        name: decision_name(issued.case),
        outcome: outcome_to_proto(issued.outcome).into(),
        points: answers.iter().map(decision_point).collect(),
        binding: issued.binding,
        binding_article: issued.binding_article.clone(),
        signpost: issued.signpost.clone(),
        language: language_to_proto(issued.language).into(),
        issued_by: issued.issued_by.clone(),
        issue_time: Some(time_to_proto(issued.issued_at)),
        notify_due_time: Some(time_to_proto(issued.notify_due_at)),
        notify_time: issued.notified_at.map(time_to_proto),
        hash: issued.dossier_hash.to_vec(),
        corrections: Vec::new(),
        precedents: issued.precedents.iter().map(considered).collect(),
        document_hash: issued.signed.as_ref().map(|signed| signed.hash.to_vec()).unwrap_or_default(),
        redress_amount: issued.redress.as_ref().map(money),
        superseded_by: String::new(),
    }
}

fn considered(weighed: &Weighed) -> pb::ConsideredPrecedent {
    pb::ConsideredPrecedent {
        claim_point: weighed.claim_point.clone(),
        decision: decision_name(weighed.found.case),
        decided_point: weighed.found.point.clone(),
        departure_reason: weighed.departure.as_ref().map(|reason| reason.expose().clone()).unwrap_or_default(),
        outcome: outcome_to_proto(weighed.found.outcome).into(),
        similarity: weighed.found.similarity,
    }
}

/// One answer.
pub(crate) fn decision_point(answer: &Answer) -> pb::DecisionPoint {
    pb::DecisionPoint {
        claim_point: answer.claim_point.clone(),
        outcome: outcome_to_proto(answer.outcome).into(),
        finding: answer.finding.expose().clone(),
        reason: answer.reason.expose().clone(),
        remedy: answer.remedy.expose().clone(),
        redress_amount: answer.redress.as_ref().map(money),
    }
}
