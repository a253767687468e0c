//! Requests about the people of the house, their seats and the office's keys.

use std::collections::BTreeSet;

use kernel::{Language, Personal, Violations};
use ombudsman_escalation_domain::vocabulary::{EndCause, OfficeRole};
use ombudsman_escalation_domain::{CaseId, MemberId};
use postgres::{RequestKey, parse_etag};
use prost::Message;
use server::parse::not_a_value;
use server::{page_size, parse};
use ventanilla_proto::ombudsman::v1 as pb;

use super::office::mandate;
use super::{Parsed, SHORT, change, key, personal, seat, whole};
use crate::grpc::vocabulary::{end_cause, office_role};
use crate::usecase::{
    Change, change_office_roles, end_mandate, give_disclosure, list_office_members, list_seat_conflicts,
    propose_substitutes, reclose_drafts, renew_mandate, substitute_seat,
};

/// Substitutes of one request at most.
const SUBSTITUTES: usize = 500;
/// Roles of one person at most.
const ROLES: usize = 20;

/// A change of a person of the register: request, person, version.
fn member_change(
    violations: &mut Violations,
    method: &'static str,
    (name, etag, request_id): (&str, &str, &str),
    request: &impl Message,
) -> Option<(RequestKey, MemberId, i64)> {
    let member = parse::name::<MemberId>(violations, "name", name);
    let version = if etag.is_empty() {
        violations.push("etag", "is required");
        None
    } else {
        violations.check("etag", parse_etag(etag))
    };
    let key = key(violations, request_id, method, request);
    Some((key?, member?, version?))
}

pub(crate) fn get_office_member(request: &pb::GetOfficeMemberRequest) -> Parsed<MemberId> {
    let mut violations = Violations::new();
    let id = parse::name::<MemberId>(&mut violations, "name", &request.name);
    whole(violations, id)
}

pub(crate) fn list_office_members(request: &pb::ListOfficeMembersRequest) -> Parsed<list_office_members::Query> {
    let mut violations = Violations::new();
    let size = page_size(&mut violations, request.page_size);
    let token = request.page_token.clone();
    whole(violations, Some(list_office_members::Query { size, token }))
}

pub(crate) fn renew_mandate(request: &pb::RenewMandateRequest) -> Parsed<renew_mandate::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = member_change(&mut violations, renew_mandate::METHOD, of, request);
    let mandate = mandate(&mut violations, "mandate", request.mandate.as_ref());
    let command = change.zip(mandate);
    let command =
        command.map(|((key, member, version), mandate)| renew_mandate::Command { key, member, version, mandate });
    whole(violations, command)
}

pub(crate) fn end_mandate(request: &pb::EndMandateRequest) -> Parsed<end_mandate::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = member_change(&mut violations, end_mandate::METHOD, of, request);
    let cause = end_cause(&mut violations, "cause", request.cause);
    let explanation = personal(&mut violations, "explanation", &request.explanation, SHORT);
    if request.substitutes.len() > SUBSTITUTES {
        violations.push("substitutes", format!("must be at most {SUBSTITUTES}"));
    }
    let mut seen = BTreeSet::new();
    let mut substitutes = Vec::new();
    for (index, given) in request.substitutes.iter().take(SUBSTITUTES).enumerate() {
        let field = |name: &str| format!("substitutes[{index}].{name}");
        let case = parse::name::<CaseId>(&mut violations, &field("case_name"), &given.case_name);
        let person = parse::required_text(&mut violations, &field("person"), &given.person, 128);
        if case.is_some_and(|case| !seen.insert(case)) {
            violations.push(field("case_name"), "is named before");
        }
        substitutes.extend(case.zip(person));
    }
    let other_substitute = parse::optional_text(&mut violations, "other_substitute", &request.other_substitute, 128);
    let command = (|| {
        let (key, member, version) = change?;
        Some(end_mandate::Command {
            key,
            member,
            version,
            cause: cause?,
            explanation: explanation?,
            substitutes,
            other_substitute,
        })
    })();
    whole(violations, command)
}

pub(crate) fn change_office_roles(request: &pb::ChangeOfficeRolesRequest) -> Parsed<change_office_roles::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = member_change(&mut violations, change_office_roles::METHOD, of, request);
    let office_roles = office_roles(&mut violations, "office_roles", &request.office_roles);
    let cause = role_cause(&mut violations, request);
    let command =
        change.map(|(key, member, version)| change_office_roles::Command { key, member, version, office_roles, cause });
    whole(violations, command)
}

/// A cause and what it rests on: both or neither.
fn role_cause(
    violations: &mut Violations,
    request: &pb::ChangeOfficeRolesRequest,
) -> Option<(EndCause, Personal<String>)> {
    if request.cause == pb::MandateEndCause::Unspecified as i32 && request.explanation.is_empty() {
        return None;
    }
    let cause = end_cause(violations, "cause", request.cause);
    cause.zip(personal(violations, "explanation", &request.explanation, SHORT))
}

/// What somebody is appointed for; one role at least.
fn office_roles(violations: &mut Violations, field: &str, given: &[i32]) -> BTreeSet<OfficeRole> {
    if given.is_empty() {
        violations.push(field, "is required");
    }
    if given.len() > ROLES {
        violations.push(field, format!("must be at most {ROLES}"));
    }
    let mut roles = BTreeSet::new();
    for (index, role) in given.iter().take(ROLES).enumerate() {
        roles.extend(office_role(violations, &format!("{field}[{index}]"), *role));
    }
    roles
}

pub(crate) fn list_seat_conflicts(request: &pb::ListSeatConflictsRequest) -> Parsed<list_seat_conflicts::Query> {
    let mut violations = Violations::new();
    let size = page_size(&mut violations, request.page_size);
    let token = request.page_token.clone();
    whole(violations, Some(list_seat_conflicts::Query { size, token }))
}

pub(crate) fn propose_substitutes(request: &pb::ProposeSubstitutesRequest) -> Parsed<propose_substitutes::Query> {
    let mut violations = Violations::new();
    let case = parse::name::<CaseId>(&mut violations, "name", &request.name);
    let office_role = seat(&mut violations, "office_role", request.office_role);
    let query = case.zip(office_role).map(|(case, office_role)| propose_substitutes::Query { case, office_role });
    whole(violations, query)
}

pub(crate) fn substitute_seat(request: &pb::SubstituteSeatRequest) -> Parsed<substitute_seat::Command> {
    let mut violations = Violations::new();
    let of = (request.name.as_str(), request.etag.as_str(), request.request_id.as_str());
    let change = change(&mut violations, substitute_seat::METHOD, of, request);
    let person = parse::required_text(&mut violations, "person", &request.person, 128);
    let office_role = seat(&mut violations, "office_role", request.office_role);
    let substitute = parse::optional_text(&mut violations, "substitute", &request.substitute, 128);
    if substitute.is_some() && substitute == person {
        violations.push("substitute", "must be somebody else");
    }
    let command = (|| {
        Some(substitute_seat::Command { change: change?, person: person?, office_role: office_role?, substitute })
    })();
    whole(violations, command)
}

pub(crate) fn give_disclosure(request: &pb::GiveDisclosureRequest) -> Parsed<give_disclosure::Command> {
    let mut violations = Violations::new();
    let case = parse::name::<CaseId>(&mut violations, "name", &request.name);
    let language = spoken(&mut violations, request.language);
    let key = key(&mut violations, &request.request_id, give_disclosure::METHOD, request);
    let command = (|| {
        let change = Change { key: key?, case: case?, version: None };
        Some(give_disclosure::Command { change, language: language? })
    })();
    whole(violations, command)
}

/// A language that statements are written in.
pub(super) fn spoken(violations: &mut Violations, value: i32) -> Option<Language> {
    let before = violations.as_slice().len();
    match parse::language(violations, "language", value) {
        Some(spoken @ (Language::Es | Language::En)) => Some(spoken),
        Some(_) => {
            violations.push("language", "must be ES or EN");
            None
        }
        None if violations.as_slice().len() == before => not_a_value(violations, "language", value),
        None => None,
    }
}

pub(crate) fn reclose_drafts(request: &pb::RecloseDraftsRequest) -> Parsed<reclose_drafts::Command> {
    let mut violations = Violations::new();
    let size = page_size(&mut violations, request.page_size);
    let key = key(&mut violations, &request.request_id, reclose_drafts::METHOD, request);
    whole(violations, key.map(|key| reclose_drafts::Command { key, size }))
}
