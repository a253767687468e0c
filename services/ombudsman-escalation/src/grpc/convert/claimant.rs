//! Requests of who holds key and proof. No hash of a proof is kept.

use kernel::Violations;
use ombudsman_escalation_domain::vocabulary::DossierKind;
use postgres::parse_etag;
use server::{page_size, parse};
use ventanilla_proto::ombudsman::v1 as pb;

use super::{CODE, LONG, Parsed, content_of, key, personal, whole};
use crate::grpc::vocabulary::dossier_kind;
use crate::usecase::claimant::{
    add_claimant_entry, answer_claimant_decision, answer_claimant_offer, list_claimant_entries,
};
use crate::usecase::holder::Holder;

/// Key and proof.
pub(super) fn holder(violations: &mut Violations, tracking_key: &str, proof: &str) -> Option<Holder> {
    let tracking_key = parse::required_text(violations, "tracking_key", tracking_key, CODE);
    let proof = parse::required_text(violations, "proof", proof, CODE);
    Some(Holder { tracking_key: tracking_key?.into(), proof: proof?.into() })
}

pub(crate) fn get_claimant_case(request: &pb::GetClaimantCaseRequest) -> Parsed<Holder> {
    let mut violations = Violations::new();
    let holder = holder(&mut violations, &request.tracking_key, &request.proof);
    whole(violations, holder)
}

pub(crate) fn list_claimant_entries(
    request: &pb::ListClaimantEntriesRequest,
) -> Parsed<list_claimant_entries::Command> {
    let mut violations = Violations::new();
    let holder = holder(&mut violations, &request.tracking_key, &request.proof);
    let size = page_size(&mut violations, request.page_size);
    let token = request.page_token.clone();
    whole(violations, holder.map(|holder| list_claimant_entries::Command { holder, size, token }))
}

pub(crate) fn add_claimant_entry(request: &pb::AddClaimantEntryRequest) -> Parsed<add_claimant_entry::Command> {
    let mut violations = Violations::new();
    let holder = holder(&mut violations, &request.tracking_key, &request.proof);
    let kind = dossier_kind(&mut violations, "kind", request.kind);
    if !matches!(kind, Some(DossierKind::ClaimantStatement | DossierKind::Evidence) | None) {
        violations.push("kind", "must be EVIDENCE or CLAIMANT_STATEMENT");
    }
    let (content_type, content) = content_of(&mut violations, &request.content_type, &request.content);
    let bare = pb::AddClaimantEntryRequest { proof: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, add_claimant_entry::METHOD, &bare);
    let command = (|| {
        Some(add_claimant_entry::Command {
            key: key?,
            holder: holder?,
            kind: kind?,
            content_type: content_type?,
            content,
        })
    })();
    whole(violations, command)
}

fn version(violations: &mut Violations, etag: &str) -> Option<i64> {
    if etag.is_empty() {
        violations.push("etag", "is required");
        return None;
    }
    violations.check("etag", parse_etag(etag))
}

pub(crate) fn answer_claimant_offer(
    request: &pb::AnswerClaimantOfferRequest,
) -> Parsed<answer_claimant_offer::Command> {
    let mut violations = Violations::new();
    let holder = holder(&mut violations, &request.tracking_key, &request.proof);
    let version = version(&mut violations, &request.etag);
    let statement = personal(&mut violations, "statement", &request.statement, LONG);
    let bare = pb::AnswerClaimantOfferRequest { proof: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, answer_claimant_offer::METHOD, &bare);
    let accepted = request.accepted;
    let command = (|| {
        Some(answer_claimant_offer::Command {
            key: key?,
            holder: holder?,
            version: version?,
            accepted,
            statement: statement?,
        })
    })();
    whole(violations, command)
}

pub(crate) fn answer_claimant_decision(
    request: &pb::AnswerClaimantDecisionRequest,
) -> Parsed<answer_claimant_decision::Command> {
    let mut violations = Violations::new();
    let holder = holder(&mut violations, &request.tracking_key, &request.proof);
    let version = version(&mut violations, &request.etag);
    let statement = personal(&mut violations, "statement", &request.statement, LONG);
    let bare = pb::AnswerClaimantDecisionRequest { proof: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, answer_claimant_decision::METHOD, &bare);
    let accepted = request.accepted;
    let command = (|| {
        Some(answer_claimant_decision::Command {
            key: key?,
            holder: holder?,
            version: version?,
            accepted,
            statement: statement?,
        })
    })();
    whole(violations, command)
}
