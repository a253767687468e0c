//! Requests about the people of the office.

use std::collections::BTreeSet;

use kernel::{ResourceId as _, Violations};
use ombudsman_escalation_domain::CustomerId;
use ombudsman_escalation_domain::wall::{Earlier, Incompatibility, Mandate, Member, Party, Relation};
use server::parse;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Parsed, key, whole};
use crate::grpc::vocabulary::{incompatibility_kind, office_role, relation_kind};
use crate::usecase::{declare_relations, register_office_member};

/// Relations, and incompatibilities, of one declaration at most.
const RELATIONS: usize = 500;

pub(crate) fn register_office_member(
    request: &pb::RegisterOfficeMemberRequest,
) -> Parsed<register_office_member::Command> {
    let mut violations = Violations::new();
    let key = key(&mut violations, &request.request_id, register_office_member::METHOD, request);
    let Some(given) = &request.member else {
        violations.push("member", "is required");
        return Err(violations);
    };
    let person = parse::required_text(&mut violations, "member.person", &given.person, 128);
    let mut office_roles = BTreeSet::new();
    for (index, role) in given.office_roles.iter().enumerate() {
        office_roles.extend(office_role(&mut violations, &format!("member.office_roles[{index}]"), *role));
    }
    if given.office_roles.is_empty() {
        violations.push("member.office_roles", "is required");
    }
    let unit = parse::department(&mut violations, "member.unit", &given.unit);
    let line_manager = parse::optional_text(&mut violations, "member.line_manager", &given.line_manager, 128);
    if line_manager.is_some() && line_manager == person {
        violations.push("member.line_manager", "must be somebody else");
    }
    let mandate = mandate(&mut violations, "member.mandate", given.mandate.as_ref());
    let command = (|| {
        let member = Member {
            person: person?,
            office_roles,
            unit: unit?,
            line_manager,
            mandate: mandate?,
            declaration: None,
            earlier: Earlier::default(),
        };
        Some(register_office_member::Command { key: key?, member })
    })();
    whole(violations, command)
}

/// A term of office.
pub(super) fn mandate(violations: &mut Violations, field: &str, given: Option<&pb::Mandate>) -> Option<Mandate> {
    let Some(given) = given else {
        violations.push(field, "is required");
        return None;
    };
    let from = parse::time(violations, &format!("{field}.start_time"), given.start_time.as_ref());
    let to = parse::time(violations, &format!("{field}.end_time"), given.end_time.as_ref());
    violations.check(field, Mandate::new(from?, to?))
}

pub(crate) fn declare_relations(request: &pb::DeclareRelationsRequest) -> Parsed<declare_relations::Command> {
    let mut violations = Violations::new();
    let key = key(&mut violations, &request.request_id, declare_relations::METHOD, request);
    let Some(given) = &request.declaration else {
        // An empty declaration says that there is no relation; none at all says nothing.
        violations.push("declaration", "is required");
        return Err(violations);
    };
    if given.relations.len() > RELATIONS {
        violations.push("declaration.relations", format!("must be at most {RELATIONS}"));
    }
    let mut relations = Vec::new();
    for (index, relation) in given.relations.iter().take(RELATIONS).enumerate() {
        relations.extend(self::relation(&mut violations, index, relation));
    }
    if given.incompatibilities.len() > RELATIONS {
        violations.push("declaration.incompatibilities", format!("must be at most {RELATIONS}"));
    }
    let mut incompatibilities = Vec::new();
    for (index, given) in given.incompatibilities.iter().take(RELATIONS).enumerate() {
        incompatibilities.extend(incompatibility(&mut violations, index, given));
    }
    whole(violations, key.map(|key| declare_relations::Command { key, relations, incompatibilities }))
}

fn incompatibility(violations: &mut Violations, index: usize, given: &pb::Incompatibility) -> Option<Incompatibility> {
    let field = |name: &str| format!("declaration.incompatibilities[{index}].{name}");
    let kind = incompatibility_kind(violations, &field("kind"), given.kind);
    let ended_at = parse::optional_time(violations, &field("end_time"), given.end_time.as_ref());
    Some(Incompatibility { kind: kind?, ended_at })
}

fn relation(violations: &mut Violations, index: usize, given: &pb::Relation) -> Option<Relation> {
    let field = |name: &str| format!("declaration.relations[{index}].{name}");
    let party = party(violations, &field("party"), &given.party);
    let kind = relation_kind(violations, &field("kind"), given.kind);
    let ended_at = parse::optional_time(violations, &field("end_time"), given.end_time.as_ref());
    Some(Relation { party: party?, kind: kind?, ended_at })
}

fn party(violations: &mut Violations, field: &str, name: &str) -> Option<Party> {
    if let Some(slug) = name.strip_prefix("departments/") {
        return parse::department(violations, field, slug).map(Party::Unit);
    }
    match CustomerId::parse(name) {
        Ok(customer) => Some(Party::Customer(customer)),
        Err(_) => {
            violations.push(field, "must be customers/{uuid} or departments/{slug}");
            None
        }
    }
}
