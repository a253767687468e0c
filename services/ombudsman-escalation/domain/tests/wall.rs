//! The grounds of the wall, one by one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::{ActorKind, ResourceId, Uuid};
use ombudsman_escalation_domain::CustomerId;
use ombudsman_escalation_domain::vocabulary::{ConflictGround, IncompatibilityKind, OfficeRole, RelationKind};
use ombudsman_escalation_domain::wall::{
    Declaration, Earlier, Incompatibility, Involvement, Mandate, Member, Party, Register, Relation, Touch, Wall,
};

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn now() -> Timestamp {
    at("2026-11-22T10:00:00Z")
}

fn customer() -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(9))
}

fn member(person: &str, unit: &str, manager: Option<&str>) -> Member {
    Member {
        person: person.to_owned(),
        office_roles: OfficeRole::ALL.iter().copied().collect(),
        unit: unit.parse().expect("a slug"),
        line_manager: manager.map(str::to_owned),
        mandate: Mandate::new(at("2025-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z")).expect("two years"),
        declaration: Some(Declaration {
            declared_at: at("2026-06-01T00:00:00Z"),
            expires_at: at("2027-06-01T00:00:00Z"),
            relations: Vec::new(),
            incompatibilities: Vec::new(),
        }),
        earlier: Earlier::default(),
    }
}

fn wall(members: Vec<Member>) -> Wall {
    let register: Register = members.into_iter().map(|member| (member.person.clone(), member)).collect();
    let touches = vec![touch("zoe", ActorKind::Employee, Some("billing"))];
    let involvement = Involvement { received: true, touches };
    Wall {
        customers: std::iter::once(customer()).collect(),
        register,
        involvement,
        last_for_firm: BTreeMap::new(),
        spoke_for_firm: BTreeMap::new(),
        stepped_aside: BTreeSet::new(),
    }
}

fn touch(actor: &str, kind: ActorKind, department: Option<&str>) -> Touch {
    Touch { actor: actor.to_owned(), kind, department: department.map(|d| d.parse().expect("a slug")) }
}

#[test]
fn lets_a_person_through_who_has_nothing_to_do_with_it() {
    assert_eq!(wall(vec![member("ana", "office", None)]).conflicts("ana", now()), []);
}

#[test]
fn keeps_out_who_touched_the_ticket_their_unit_and_their_line() {
    let mut all = wall(vec![
        member("ana", "office", Some("bea")),
        member("bea", "office", Some("carla")),
        member("carla", "office", None),
        member("dina", "billing", None),
        member("eva", "office", None),
    ]);
    all.involvement.touches.push(touch("bea", ActorKind::Office, None));
    assert_eq!(all.conflicts("bea", now()), [ConflictGround::TouchedTicket]);
    assert_eq!(all.conflicts("ana", now()), [ConflictGround::LineTouchedTicket]);
    assert_eq!(all.conflicts("carla", now()), [ConflictGround::LineTouchedTicket]);
    assert_eq!(all.conflicts("dina", now()), [ConflictGround::UnitTouchedTicket]);
    assert_eq!(all.conflicts("eva", now()), []);
}

#[test]
fn a_line_that_runs_in_a_circle_is_walked_once() {
    let all = wall(vec![member("ana", "office", Some("bea")), member("bea", "office", Some("ana"))]);
    assert_eq!(all.conflicts("ana", now()), []);
}

#[test]
fn fails_closed_on_everything_that_is_missing() {
    let mut all = wall(vec![member("ana", "office", None)]);
    let both = [ConflictGround::MissingDeclaration, ConflictGround::NoMandate];
    assert_eq!(all.conflicts("nobody", now()), both);

    all.involvement.received = false;
    assert_eq!(all.conflicts("ana", now()), [ConflictGround::InvolvementUnknown]);

    all.involvement.received = true;
    all.involvement.touches.push(touch("yan", ActorKind::Employee, None));
    assert_eq!(all.conflicts("ana", now()), [ConflictGround::InvolvementUnknown]);

    let mut silent = member("ana", "office", None);
    silent.declaration = None;
    assert_eq!(wall(vec![silent]).conflicts("ana", now()), [ConflictGround::MissingDeclaration]);
}

#[test]
fn a_declaration_and_a_mandate_run_out() {
    let all = wall(vec![member("ana", "office", None)]);
    let later = at("2027-06-01T00:00:00Z");
    assert_eq!(all.conflicts("ana", later), [ConflictGround::MissingDeclaration, ConflictGround::NoMandate]);
}

#[test]
fn a_relation_counts_while_it_lasts_and_three_years_more() {
    let with = |party: Party, ended_at: Option<Timestamp>| {
        let mut ana = member("ana", "office", None);
        let relation = Relation { party, kind: RelationKind::Commercial, ended_at };
        ana.declaration.as_mut().expect("declared").relations.push(relation);
        wall(vec![ana]).conflicts("ana", now())
    };
    let found = [ConflictGround::RelationWithParty];
    assert_eq!(with(Party::Customer(customer()), None), found);
    assert_eq!(with(Party::Customer(customer()), Some(at("2023-11-22T12:00:00Z"))), found);
    assert_eq!(with(Party::Customer(customer()), Some(at("2023-11-20T12:00:00Z"))), []);
    assert_eq!(with(Party::Unit("billing".parse().expect("a slug")), None), found);
    assert_eq!(with(Party::Customer(CustomerId::from_uuid(Uuid::from_u128(8))), None), []);
}

#[test]
fn what_was_told_as_lasting_and_is_told_no_more_ended_on_the_day_that_was_said() {
    let with = |ended_at: Option<Timestamp>| Relation {
        party: Party::Customer(customer()),
        kind: RelationKind::Personal,
        ended_at,
    };
    let post = |ended_at| Incompatibility { kind: IncompatibilityKind::GovernsFirm, ended_at };
    let told = |day: Timestamp, relations: Vec<Relation>, incompatibilities: Vec<Incompatibility>| Declaration {
        declared_at: day,
        expires_at: at("2030-01-01T00:00:00Z"),
        relations,
        incompatibilities,
    };
    let none = |day| told(day, Vec::new(), Vec::new());
    let silent = |last: &str| {
        let told = [
            told(at("2019-01-01T00:00:00Z"), vec![with(None)], vec![post(None)]),
            told(at("2020-01-01T00:00:00Z"), vec![with(None)], vec![post(None)]),
            none(at(last)),
            none(at("2026-01-01T00:00:00Z")),
        ];
        let mut ana = member("ana", "office", None);
        ana.earlier = Earlier::of(&told);
        wall(vec![ana]).conflicts("ana", now())
    };
    assert_eq!(silent("2023-11-22T12:00:00Z"), [ConflictGround::RelationWithParty, ConflictGround::Incompatible]);
    assert_eq!(silent("2023-11-20T12:00:00Z"), []);
    // What goes on in the next is told once.
    let (lasts, ended) = (with(None), with(Some(at("2021-01-01T00:00:00Z"))));
    let earlier = |next: Relation| {
        let first = told(at("2019-01-01T00:00:00Z"), vec![lasts.clone()], Vec::new());
        Earlier::of(&[first, told(at("2022-01-01T00:00:00Z"), vec![next], Vec::new())]).relations
    };
    assert_eq!(earlier(lasts.clone()), []);
    // An end that is dated before it was told as lasting still is one of the day it was told.
    assert_eq!(earlier(ended), [with(Some(at("2022-01-01T00:00:00Z")))]);
}

#[test]
fn keeps_out_who_worked_for_the_firm_within_three_years() {
    let mut all = wall(vec![member("ana", "office", None)]);
    all.last_for_firm.insert("ana".to_owned(), at("2025-01-01T00:00:00Z"));
    assert_eq!(all.conflicts("ana", now()), [ConflictGround::FirmPrincipal]);
    all.last_for_firm.insert("ana".to_owned(), at("2021-01-01T00:00:00Z"));
    assert_eq!(all.conflicts("ana", now()), []);
}

#[test]
fn a_mandate_lasts_two_years_at_least() {
    assert!(Mandate::new(at("2026-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")).is_ok());
    assert!(Mandate::new(at("2026-01-01T00:00:00Z"), at("2027-12-31T23:59:59Z")).is_err());
    assert!(Mandate::new(at("2026-01-01T00:00:00Z"), at("2025-01-01T00:00:00Z")).is_err());
}

#[test]
fn who_spoke_for_the_firm_before_the_office_is_as_involved_as_who_worked_on_the_ticket() {
    let mut all = wall(vec![
        member("luis", "office", None),
        member("lea", "office", Some("luis")),
        member("leo", "legal", None),
        member("ana", "office", None),
    ]);
    all.spoke_for_firm.insert("luis".to_owned(), BTreeSet::from(["legal".parse().expect("a slug")]));
    assert_eq!(all.conflicts("luis", now()), [ConflictGround::TouchedTicket]);
    assert_eq!(all.conflicts("lea", now()), [ConflictGround::LineTouchedTicket]);
    assert_eq!(all.conflicts("leo", now()), [ConflictGround::UnitTouchedTicket]);
    assert_eq!(all.conflicts("ana", now()), []);
}

#[test]
fn who_stepped_aside_from_one_case_of_the_affair_is_kept_off_every_other() {
    let mut all = wall(vec![member("ana", "office", None), member("bea", "office", None)]);
    all.stepped_aside.insert("ana".to_owned());
    assert_eq!(all.conflicts("ana", now()), [ConflictGround::SteppedAside]);
    assert!(all.is_clear_of("ana", now()).is_err() && all.is_clear_of("bea", now()).is_ok());
}
