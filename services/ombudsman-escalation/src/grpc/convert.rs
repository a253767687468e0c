//! Requests into commands. Everything that is wrong is collected before anything is refused.

macro_rules! only_a_change {
    ($name:ident, $usecase:ident, $request:ident) => {
        pub(crate) fn $name(request: &pb::$request) -> $crate::grpc::convert::Parsed<$usecase::Command> {
            let mut violations = kernel::Violations::new();
            let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
            let change = $crate::grpc::convert::change(&mut violations, $usecase::METHOD, of, request);
            $crate::grpc::convert::whole(violations, change.map(|change| $usecase::Command { change }))
        }
    };
}

macro_rules! a_change_with_text {
    ($name:ident, $usecase:ident, $request:ident, $field:ident) => {
        pub(crate) fn $name(request: &pb::$request) -> $crate::grpc::convert::Parsed<$usecase::Command> {
            let mut violations = kernel::Violations::new();
            let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
            let change = $crate::grpc::convert::change(&mut violations, $usecase::METHOD, of, request);
            let $field = $crate::grpc::convert::personal(
                &mut violations,
                stringify!($field),
                &request.$field,
                $crate::grpc::convert::LONG,
            );
            let command = change.zip($field).map(|(change, $field)| $usecase::Command { change, $field });
            $crate::grpc::convert::whole(violations, command)
        }
    };
}

pub(crate) mod claimant;
mod decision;
pub(crate) mod house;
mod intake;
mod learnt;
mod office;
mod procedure;

pub(crate) use decision::{get_decision, issue_decision, notify_decision, save_draft};
pub(crate) use intake::{
    open_case, open_public_case, propose_inadmissibility, receive_cure, refuse_case, request_cure, tell_claimant_code,
};
pub(crate) use learnt::{
    classify_case, export, find_precedents, get_acknowledgement, get_decision_document, list_recurrences,
    list_systemic_issues, make_recommendation, mark_leading_decision, report, report_document,
};
pub(crate) use office::{declare_relations, register_office_member};
pub(crate) use procedure::{
    answer_decision, answer_offer, close_stayed_case, continue_by_own_initiative, correct_decision, end_conciliation,
    extend_term, forward_case, get_procedure, list_obligations, offer_settlement, order_compliance, prove_execution,
    recommend, report_overdue, resume_case, review_case, review_execution, stay_case, tell_offer,
};

use kernel::{Personal, Violations};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::team::SEATS;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use postgres::{RequestKey, parse_etag};
use prost::Message;
use server::{page_size, parse};
use ventanilla_proto::ombudsman::v1 as pb;

use super::vocabulary::{dossier_kind, office_role, stage, visibility};
use crate::usecase::dossier_reading::Audience;
use crate::usecase::{
    Change, add_dossier_entry, admit_case, assign_case, close_case, dossier_reading, list_cases, rectify_case,
    recuse_from_case, start_investigation, submit_entity_statement, withdraw_case,
};

/// Longest text a person writes in one field.
const LONG: usize = 20_000;
/// Longest short text.
const SHORT: usize = 2_000;
/// Characters of a key or a proof at most, with the spaces people put between them.
const CODE: usize = 64;
/// Largest content of one dossier entry.
const CONTENT: usize = 256 * 1024;

type Parsed<T> = Result<T, Violations>;

/// Gives the value that all parts made, or everything that was wrong.
fn whole<T>(violations: Violations, value: Option<T>) -> Parsed<T> {
    violations.clone().into_result()?;
    value.ok_or(violations)
}

fn key(
    violations: &mut Violations,
    request_id: &str,
    method: &'static str,
    request: &impl Message,
) -> Option<RequestKey> {
    let id = parse::request_id(violations, request_id)?;
    Some(RequestKey::of(id, method, &request.encode_to_vec()))
}

fn change(
    violations: &mut Violations,
    method: &'static str,
    (name, etag, request_id): (&str, &str, &str),
    request: &impl Message,
) -> Option<Change> {
    let case = parse::name::<CaseId>(violations, "name", name);
    let version = if etag.is_empty() {
        violations.push("etag", "is required");
        None
    } else {
        violations.check("etag", parse_etag(etag))
    };
    let key = key(violations, request_id, method, request);
    Some(Change { key: key?, case: case?, version: Some(version?) })
}

fn personal(violations: &mut Violations, field: &str, text: &str, max: usize) -> Option<Personal<String>> {
    parse::required_text(violations, field, text, max).map(Personal::new)
}

/// The name of a case alone.
pub(crate) fn case_name(field: &str, name: &str) -> Parsed<CaseId> {
    let mut violations = Violations::new();
    let id = parse::name::<CaseId>(&mut violations, field, name);
    whole(violations, id)
}

pub(crate) fn export_dossier(request: &pb::ExportDossierRequest) -> Parsed<(CaseId, Audience)> {
    let mut violations = Violations::new();
    let case = parse::name::<CaseId>(&mut violations, "name", &request.name);
    let audience = match pb::DossierAudience::try_from(request.audience) {
        Ok(pb::DossierAudience::Unspecified | pb::DossierAudience::Office) => Some(Audience::Office),
        Ok(pb::DossierAudience::Parties) => Some(Audience::Parties),
        Err(_) => server::parse::not_a_value(&mut violations, "audience", request.audience),
    };
    whole(violations, case.zip(audience))
}

only_a_change!(start_investigation, start_investigation, StartInvestigationRequest);
only_a_change!(close_case, close_case, CloseCaseRequest);
a_change_with_text!(submit_entity_statement, submit_entity_statement, SubmitEntityStatementRequest, statement);
a_change_with_text!(withdraw_case, withdraw_case, WithdrawCaseRequest, statement);
a_change_with_text!(rectify_case, rectify_case, RectifyCaseRequest, proof);
a_change_with_text!(recuse_from_case, recuse_from_case, RecuseFromCaseRequest, cause);

pub(crate) fn assign_case(request: &pb::AssignCaseRequest) -> Parsed<assign_case::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, assign_case::METHOD, of, request);
    let person = parse::required_text(&mut violations, "person", &request.person, 128);
    let office_role = seat(&mut violations, "office_role", request.office_role);
    let command = (|| Some(assign_case::Command { change: change?, person: person?, office_role: office_role? }))();
    whole(violations, command)
}

pub(crate) fn admit_case(request: &pb::AdmitCaseRequest) -> Parsed<admit_case::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, admit_case::METHOD, of, request);
    let repetition_seen = request.repetition_seen;
    whole(violations, change.map(|change| admit_case::Command { change, repetition_seen }))
}

/// What somebody sits on a case as.
fn seat(violations: &mut Violations, field: &str, value: i32) -> Option<OfficeRole> {
    let office_role = office_role(violations, field, value)?;
    if SEATS.contains(&office_role) {
        return Some(office_role);
    }
    violations.push(field, "must be a role that sits on cases");
    None
}

pub(crate) fn add_dossier_entry(request: &pb::AddDossierEntryRequest) -> Parsed<add_dossier_entry::Command> {
    let mut violations = Violations::new();
    let case = parse::name::<CaseId>(&mut violations, "parent", &request.parent);
    let kind = dossier_kind(&mut violations, "kind", request.kind);
    let visibility = visibility(&mut violations, "visibility", request.visibility);
    let of_the_office = |kind: DossierKind| matches!(kind, DossierKind::Evidence | DossierKind::Note);
    match (kind, visibility) {
        (Some(kind), Some(Visibility::Office | Visibility::Sealed)) if add_dossier_entry::is_of_a_party(kind) => {
            violations.push("visibility", "must be PARTIES: what a party states or brings is for both parties");
        }
        (Some(kind), _) if !add_dossier_entry::is_of_a_party(kind) && !of_the_office(kind) => {
            violations.push("kind", "must be one of the kinds that are added by hand");
        }
        _ => {}
    }
    let (content_type, content) = content_of(&mut violations, &request.content_type, &request.content);
    let received_at = parse::optional_time(&mut violations, "receive_time", request.receive_time.as_ref());
    if received_at.is_some() && kind.is_some_and(|kind| !add_dossier_entry::is_of_the_claimant(kind)) {
        violations.push("receive_time", "is of what the claimant states or brings alone");
    }
    let key = key(&mut violations, &request.request_id, add_dossier_entry::METHOD, request);
    let command = (|| {
        Some(add_dossier_entry::Command {
            change: Change { key: key?, case: case?, version: None },
            kind: kind?,
            visibility: visibility?,
            content_type: content_type?,
            content,
            received_at,
        })
    })();
    whole(violations, command)
}

/// Media type and content of a paper.
fn content_of(violations: &mut Violations, content_type: &str, content: &[u8]) -> (Option<String>, Vec<u8>) {
    let content_type = match content_type {
        "" => Some("text/plain; charset=utf-8".to_owned()),
        given => parse::required_text(violations, "content_type", given, 128),
    };
    if content.is_empty() {
        violations.push("content", "is required");
    } else if content.len() > CONTENT {
        violations.push("content", format!("must have at most {CONTENT} bytes, has {}", content.len()));
    }
    (content_type, content.to_vec())
}

pub(crate) fn list_dossier_entries(request: &pb::ListDossierEntriesRequest) -> Parsed<(dossier_reading::Page, i64)> {
    let mut violations = Violations::new();
    let page = dossier_page(&mut violations, &request.parent, request.page_size, &request.page_token);
    first_sequence(&mut violations, request.first_sequence, request.newest_first);
    let page = page.map(|page| dossier_reading::Page { newest_first: request.newest_first, ..page });
    whole(violations, page.map(|page| (page, request.first_sequence)))
}

pub(crate) fn list_dossier_accesses(request: &pb::ListDossierAccessesRequest) -> Parsed<dossier_reading::Page> {
    let mut violations = Violations::new();
    let page = dossier_page(&mut violations, &request.parent, request.page_size, &request.page_token);
    whole(violations, page)
}

/// The entry that a list begins with, where it is a list from the beginning.
fn first_sequence(violations: &mut Violations, first: i64, newest_first: bool) {
    if first < 0 {
        violations.push("first_sequence", "is not below zero");
    } else if first > 0 && newest_first {
        violations.push("first_sequence", "is left out where the newest come first");
    }
}

fn dossier_page(violations: &mut Violations, parent: &str, size: i32, token: &str) -> Option<dossier_reading::Page> {
    let case = parse::name::<CaseId>(violations, "parent", parent);
    let size = page_size(violations, size);
    case.map(|case| dossier_reading::Page { case, size, token: token.to_owned(), newest_first: false })
}

pub(crate) fn list_cases(request: &pb::ListCasesRequest) -> Parsed<list_cases::Query> {
    let mut violations = Violations::new();
    let stage = match request.state {
        0 => None,
        other => stage(&mut violations, "state", other),
    };
    let ticket = parse::optional_name(&mut violations, "ticket", &request.ticket);
    let size = page_size(&mut violations, request.page_size);
    let open = match pb::CaseStanding::try_from(request.standing) {
        Ok(pb::CaseStanding::Unspecified) => None,
        Ok(pb::CaseStanding::Open) => Some(true),
        Ok(pb::CaseStanding::Over) => Some(false),
        Err(_) => server::parse::not_a_value(&mut violations, "standing", request.standing),
    };
    let by_term = match pb::CaseOrder::try_from(request.order) {
        Ok(pb::CaseOrder::Unspecified | pb::CaseOrder::Newest) => false,
        Ok(pb::CaseOrder::Term) => {
            if open != Some(true) {
                violations.push("order", "by the term that runs only what is open is listed: standing must say so");
            }
            true
        }
        Err(_) => server::parse::not_a_value(&mut violations, "order", request.order).unwrap_or_default(),
    };
    let (assigned_to_me, token) = (request.assigned_to_me, request.page_token.clone());
    whole(violations, Some(list_cases::Query { stage, ticket, assigned_to_me, open, by_term, size, token }))
}
