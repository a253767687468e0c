//! Requests of who holds key and proof. No hash of a proof is kept.

use kernel::Violations;
use ombudsman_escalation_domain::case::Completion;
use ombudsman_escalation_domain::vocabulary::DossierKind;
use postgres::parse_etag;
use server::{page_size, parse};
use ventanilla_proto::ombudsman::v1 as pb;

use super::house::spoken;
use super::intake::{claim_points, declared};
use super::{CODE, LONG, Parsed, content_of, first_sequence, key, personal, whole};
use crate::grpc::vocabulary::dossier_kind;
use crate::usecase::claimant::{
    Window, add_claimant_entry, answer_claimant_decision, answer_claimant_offer, complete_claimant_case,
    give_claimant_disclosure, list_claimant_entries, withdraw_claimant_case,
};
use crate::usecase::holder::Holder;

/// Key and proof.
pub(super) fn holder(violations: &mut Violations, tracking_key: &str, proof: &str) -> Option<Holder> {
    let tracking_key = parse::required_text(violations, "tracking_key", tracking_key, CODE);
    let proof = parse::required_text(violations, "proof", proof, CODE);
    Some(Holder { tracking_key: tracking_key?.into(), proof: proof?.into() })
}

/// Key, proof, the office's code, and the case that is meant.
fn window(violations: &mut Violations, (key, proof, code, case): (&str, &str, &str, &str)) -> Option<Window> {
    let holder = holder(violations, key, proof);
    let code = if code.is_empty() { None } else { violations.check("office_code", code.parse()) };
    let case = parse::optional_name(violations, "case_name", case);
    holder.map(|holder| Window { holder, case, code })
}

macro_rules! window_of {
    ($violations:ident, $request:ident) => {{
        if $request.office_code.is_empty() {
            $violations.push("office_code", "is required");
        }
        let given = (&*$request.tracking_key, &*$request.proof, &*$request.office_code, &*$request.case_name);
        window(&mut $violations, given)
    }};
}

pub(crate) fn get_claimant_case(request: &pb::GetClaimantCaseRequest) -> Parsed<Window> {
    let mut violations = Violations::new();
    let given = (&*request.tracking_key, &*request.proof, &*request.office_code, &*request.case_name);
    let window = window(&mut violations, given);
    whole(violations, window)
}

pub(crate) fn list_claimant_entries(
    request: &pb::ListClaimantEntriesRequest,
) -> Parsed<list_claimant_entries::Command> {
    let mut violations = Violations::new();
    let window = window_of!(violations, request);
    let size = page_size(&mut violations, request.page_size);
    let (token, newest_first, first) = (request.page_token.clone(), request.newest_first, request.first_sequence);
    first_sequence(&mut violations, first, newest_first);
    let command = |window| list_claimant_entries::Command { window, size, token, newest_first, first };
    whole(violations, window.map(command))
}

pub(crate) fn add_claimant_entry(request: &pb::AddClaimantEntryRequest) -> Parsed<add_claimant_entry::Command> {
    let mut violations = Violations::new();
    let window = window_of!(violations, request);
    let kind = dossier_kind(&mut violations, "kind", request.kind);
    if !matches!(kind, Some(DossierKind::ClaimantStatement | DossierKind::Evidence) | None) {
        violations.push("kind", "must be EVIDENCE or CLAIMANT_STATEMENT");
    }
    let (content_type, content) = content_of(&mut violations, &request.content_type, &request.content);
    let bare = pb::AddClaimantEntryRequest { proof: String::new(), office_code: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, add_claimant_entry::METHOD, &bare);
    let command = (|| {
        Some(add_claimant_entry::Command {
            key: key?,
            window: window?,
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
    let window = window_of!(violations, request);
    let version = version(&mut violations, &request.etag);
    let statement = personal(&mut violations, "statement", &request.statement, LONG);
    let bare = pb::AnswerClaimantOfferRequest { proof: String::new(), office_code: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, answer_claimant_offer::METHOD, &bare);
    let accepted = request.accepted;
    let command = (|| {
        Some(answer_claimant_offer::Command {
            key: key?,
            window: window?,
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
    let window = window_of!(violations, request);
    let version = version(&mut violations, &request.etag);
    let statement = personal(&mut violations, "statement", &request.statement, LONG);
    let bare =
        pb::AnswerClaimantDecisionRequest { proof: String::new(), office_code: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, answer_claimant_decision::METHOD, &bare);
    let accepted = request.accepted;
    let command = (|| {
        Some(answer_claimant_decision::Command {
            key: key?,
            window: window?,
            version: version?,
            accepted,
            statement: statement?,
        })
    })();
    whole(violations, command)
}

pub(crate) fn complete_claimant_case(
    request: &pb::CompleteClaimantCaseRequest,
) -> Parsed<complete_claimant_case::Command> {
    let mut violations = Violations::new();
    let window = window_of!(violations, request);
    let version = version(&mut violations, &request.etag);
    let completion = Completion {
        parallel: declared(&mut violations, request.parallel_proceedings),
        facts_at: parse::optional_time(&mut violations, "facts_time", request.facts_time.as_ref()),
        known_at: parse::optional_time(&mut violations, "facts_known_time", request.facts_known_time.as_ref()),
        points: claim_points(&mut violations, &request.claim_points),
        // The office judges it.
        representation: false,
        own: true,
    };
    let content = personal(&mut violations, "content", &request.content, LONG);
    let bare = pb::CompleteClaimantCaseRequest { proof: String::new(), office_code: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, complete_claimant_case::METHOD, &bare);
    let command = (|| {
        Some(complete_claimant_case::Command {
            key: key?,
            window: window?,
            version: version?,
            completion,
            content: content?,
        })
    })();
    whole(violations, command)
}

pub(crate) fn withdraw_claimant_case(
    request: &pb::WithdrawClaimantCaseRequest,
) -> Parsed<withdraw_claimant_case::Command> {
    let mut violations = Violations::new();
    let window = window_of!(violations, request);
    let version = version(&mut violations, &request.etag);
    let statement = personal(&mut violations, "statement", &request.statement, LONG);
    let bare = pb::WithdrawClaimantCaseRequest { proof: String::new(), office_code: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, withdraw_claimant_case::METHOD, &bare);
    let command = (|| {
        Some(withdraw_claimant_case::Command { key: key?, window: window?, version: version?, statement: statement? })
    })();
    whole(violations, command)
}

pub(crate) fn give_claimant_disclosure(
    request: &pb::GiveClaimantDisclosureRequest,
) -> Parsed<give_claimant_disclosure::Command> {
    let mut violations = Violations::new();
    let window = window_of!(violations, request);
    let language = spoken(&mut violations, request.language);
    let bare =
        pb::GiveClaimantDisclosureRequest { proof: String::new(), office_code: String::new(), ..request.clone() };
    let key = key(&mut violations, &request.request_id, give_claimant_disclosure::METHOD, &bare);
    let command = (|| Some(give_claimant_disclosure::Command { key: key?, window: window?, language: language? }))();
    whole(violations, command)
}
