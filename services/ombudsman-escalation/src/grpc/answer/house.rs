//! What is answered about the people of the house.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::statement::Disclosed;
use ombudsman_escalation_domain::wall::{Declaration, Mandate, Party, Relation};
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::grpc::vocabulary::{
    conflict_ground_to_proto, end_cause_to_proto, incompatibility_kind_to_proto, office_role_to_proto,
    relation_kind_to_proto,
};
use crate::store::staff::{Enrolled, Term};

/// A person of the register.
pub(crate) fn member(enrolled: &Enrolled) -> pb::OfficeMember {
    let Enrolled { row, member, terms } = enrolled;
    let counts = terms.iter().find(|term| term.mandate == member.mandate);
    pb::OfficeMember {
        name: row.id.name(),
        etag: postgres::etag(row.version),
        person: member.person.clone(),
        office_roles: member.office_roles.iter().map(|role| office_role_to_proto(*role).into()).collect(),
        unit: member.unit.to_string(),
        line_manager: member.line_manager.clone().unwrap_or_default(),
        mandate: counts.map(term),
        declaration: member.declaration.as_ref().map(declaration),
        mandates: terms.iter().map(term).collect(),
    }
}

fn term(term: &Term) -> pb::Mandate {
    let mut told = mandate(&term.mandate);
    if let Some(ending) = &mut told.ending {
        ending.explanation.clone_from(&term.explanation);
        ending.recorded_by.clone_from(&term.ended_by);
    }
    told
}

/// A term as a party may know it: that it ended early, and not why, which is the person's own affair.
fn without_cause(told: &Mandate) -> pb::Mandate {
    let mut told = mandate(told);
    if let Some(ending) = &mut told.ending {
        ending.cause = pb::MandateEndCause::Unspecified.into();
    }
    told
}

/// A term, without what its ending rests on.
fn mandate(mandate: &Mandate) -> pb::Mandate {
    pb::Mandate {
        start_time: Some(time_to_proto(mandate.from)),
        end_time: Some(time_to_proto(mandate.to)),
        ending: mandate.ended.map(|(at, cause)| pb::MandateEnd {
            end_time: Some(time_to_proto(at)),
            cause: end_cause_to_proto(cause).into(),
            ..pb::MandateEnd::default()
        }),
    }
}

fn declaration(declaration: &Declaration) -> pb::RelationDeclaration {
    pb::RelationDeclaration {
        relations: declaration.relations.iter().map(relation).collect(),
        declare_time: Some(time_to_proto(declaration.declared_at)),
        expire_time: Some(time_to_proto(declaration.expires_at)),
        incompatibilities: declaration
            .incompatibilities
            .iter()
            .map(|one| pb::Incompatibility {
                kind: incompatibility_kind_to_proto(one.kind).into(),
                end_time: one.ended_at.map(time_to_proto),
            })
            .collect(),
    }
}

fn relation(relation: &Relation) -> pb::Relation {
    pb::Relation {
        party: match &relation.party {
            Party::Customer(customer) => customer.name(),
            Party::Unit(unit) => format!("departments/{unit}"),
        },
        kind: relation_kind_to_proto(relation.kind).into(),
        end_time: relation.ended_at.map(time_to_proto),
    }
}

/// A seat, as a party may know it.
pub(crate) fn disclosed(seat: &Disclosed) -> pb::DisclosedSeat {
    let (leave_time, grounds) = match &seat.left {
        Some((at, grounds)) => (Some(time_to_proto(*at)), grounds.as_slice()),
        None => (None, [].as_slice()),
    };
    pb::DisclosedSeat {
        person: seat.person.clone(),
        office_role: office_role_to_proto(seat.office_role).into(),
        assign_time: Some(time_to_proto(seat.since)),
        leave_time,
        leave_grounds: grounds.iter().map(|ground| conflict_ground_to_proto(*ground).into()).collect(),
        mandates: seat.mandates.iter().map(without_cause).collect(),
        declare_time: seat.declared_at.map(time_to_proto),
        relations: seat.relations.iter().map(relation).collect(),
    }
}
