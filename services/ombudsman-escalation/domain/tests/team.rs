//! Who is proposed for a seat, and who is given one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use kernel::{ActorKind, ResourceId, Uuid};
use ombudsman_escalation_domain::team::{Seat, Team};
use ombudsman_escalation_domain::vocabulary::{ConflictGround, EndCause, OfficeRole};
use ombudsman_escalation_domain::wall::{
    Declaration, Earlier, Involvement, Mandate, Member, Register, Touch, Wall, current, may_follow,
};
use ombudsman_escalation_domain::{CustomerId, HouseRefused, Refused};
use proptest::prelude::*;

const ROLE: OfficeRole = OfficeRole::Investigator;

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn now() -> Timestamp {
    at("2026-11-22T10:00:00Z")
}

fn term(from: &str, to: &str) -> Mandate {
    Mandate::new(at(from), at(to)).expect("long enough")
}

/// What may be the matter with somebody.
#[derive(Debug, Clone, Copy)]
struct Somebody {
    declared: bool,
    in_office: bool,
    appointed: bool,
    touched: bool,
    sat_here: bool,
    seats: u32,
}

impl Somebody {
    const fn is_free(self) -> bool {
        self.declared && self.in_office && self.appointed && !self.touched
    }
}

fn somebody() -> impl Strategy<Value = Somebody> {
    let mostly = || prop::bool::weighted(0.8);
    (mostly(), mostly(), mostly(), any::<bool>(), any::<bool>(), 0..4_u32).prop_map(
        |(declared, in_office, appointed, touched, sat_here, seats)| Somebody {
            declared,
            in_office,
            appointed,
            touched: touched && !sat_here,
            sat_here,
            seats,
        },
    )
}

fn member(person: &str, somebody: Somebody) -> Member {
    let running = term("2025-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    let over = term("2020-01-01T00:00:00Z", "2023-01-01T00:00:00Z");
    let declaration = Declaration {
        declared_at: now(),
        expires_at: at("2027-11-22T10:00:00Z"),
        relations: Vec::new(),
        incompatibilities: Vec::new(),
    };
    Member {
        person: person.to_owned(),
        office_roles: somebody.appointed.then_some(ROLE).into_iter().collect(),
        unit: "office".parse().expect("a slug"),
        line_manager: None,
        mandate: if somebody.in_office { running } else { over },
        declaration: somebody.declared.then_some(declaration),
        earlier: Earlier::default(),
    }
}

/// An office of these people, a case, and how many seats each holds.
fn office(people: &[Somebody]) -> (Wall, Team, BTreeMap<String, u32>) {
    let named: Vec<(String, Somebody)> = people.iter().enumerate().map(|(n, who)| (format!("p{n}"), *who)).collect();
    let register: Register = named.iter().map(|(person, who)| (person.clone(), member(person, *who))).collect();
    let touch = |person: &String| Touch { actor: person.clone(), kind: ActorKind::Office, department: None };
    let touches = named.iter().filter(|(_, who)| who.touched).map(|(person, _)| touch(person)).collect();
    let seat = |person: &String| Seat {
        person: person.clone(),
        office_role: ROLE,
        since: now(),
        left: Some(now()),
        stepped_aside: false,
    };
    let seats = named.iter().filter(|(_, who)| who.sat_here).map(|(person, _)| seat(person)).collect();
    let wall = Wall {
        customers: std::iter::once(CustomerId::from_uuid(Uuid::from_u128(9))).collect(),
        register,
        involvement: Involvement { received: true, touches },
        last_for_firm: BTreeMap::new(),
        spoke_for_firm: BTreeMap::new(),
        stepped_aside: BTreeSet::new(),
    };
    let loads = named.into_iter().map(|(person, who)| (person, who.seats)).collect();
    (wall, Team { seats }, loads)
}

proptest! {
    #[test]
    fn exactly_who_is_free_and_never_sat_here_is_proposed_the_least_busy_first(people in prop::collection::vec(somebody(), 0..8)) {
        let (wall, team, loads) = office(&people);
        let proposed = team.candidates(ROLE, &wall, &loads, now());
        let mut expected: Vec<(u32, String)> = people
            .iter()
            .enumerate()
            .filter(|(_, who)| who.is_free() && !who.sat_here)
            .map(|(n, who)| (who.seats, format!("p{n}")))
            .collect();
        expected.sort();
        prop_assert_eq!(proposed.iter().map(|(who, seats)| (*seats, who.clone())).collect::<Vec<_>>(), expected);
        for (person, _) in proposed {
            prop_assert!(team.clone().assign(&person, ROLE, &wall, now()).is_ok());
        }
    }

    #[test]
    fn a_seat_changes_hands_only_when_something_stands_against_it_and_nothing_against_who_takes_it(
        holder in somebody(), other in somebody(),
    ) {
        let (wall, _, _) = office(&[Somebody { sat_here: false, ..holder }, Somebody { sat_here: false, ..other }]);
        let seat = Seat { person: "p0".into(), office_role: ROLE, since: now(), left: None, stepped_aside: false };
        let before = Team { seats: vec![seat] };
        match before.substitute("p0", ROLE, "p1", &wall, now()) {
            Ok((after, grounds)) => {
                prop_assert!(!holder.is_free() && other.is_free());
                prop_assert_eq!(&grounds, &wall.grounds_against("p0", ROLE, now()));
                prop_assert!(after.live("p0").next().is_none() && after.live("p1").next().is_some());
            }
            Err(Refused::House(HouseRefused::SeatStands)) => prop_assert!(holder.is_free()),
            Err(Refused::Conflict { .. } | Refused::NotAppointed { .. }) => {
                prop_assert!(!holder.is_free() && !other.is_free());
            }
            Err(other) => prop_assert!(false, "{other}"),
        }
    }
}

#[test]
fn an_auditor_and_who_is_no_longer_appointed_have_no_say_on_a_case() {
    let free = Somebody { declared: true, in_office: true, appointed: true, touched: false, sat_here: false, seats: 0 };
    let (mut wall, team, _) = office(&[free]);
    let member = wall.register.get_mut("p0").expect("registered");
    member.office_roles.insert(OfficeRole::Auditor);
    assert!(matches!(team.clone().assign("p0", OfficeRole::Auditor, &wall, now()), Err(Refused::NotAppointed { .. })));
    let seated = team.assign("p0", ROLE, &wall, now()).expect("free");
    assert_eq!(seated.authorize("p0", &[ROLE], &wall, now()), Ok(ROLE));
    wall.register.get_mut("p0").expect("registered").office_roles.remove(&ROLE);
    let grounds = vec![ConflictGround::NotAppointed];
    assert_eq!(seated.authorize("p0", &[ROLE], &wall, now()), Err(Refused::Conflict { grounds }));
    assert_eq!(seated.against(&wall, now()).len(), 1);
}

#[test]
fn the_term_that_counts_is_the_one_that_runs_then_the_next_then_the_last() {
    let first = term("2020-01-01T00:00:00Z", "2023-01-01T00:00:00Z");
    let second = term("2025-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    let third = term("2028-01-01T00:00:00Z", "2031-01-01T00:00:00Z");
    let all = [first, second, third];
    assert_eq!(current(&all, at("2021-01-01T00:00:00Z")), Some(first));
    assert_eq!(current(&all, at("2024-01-01T00:00:00Z")), Some(second));
    assert_eq!(current(&all, at("2028-01-01T00:00:00Z")), Some(third));
    assert_eq!(current(&all, at("2040-01-01T00:00:00Z")), Some(third));
    assert_eq!(current(&[], now()), None);
}

#[test]
fn a_term_ends_once_and_what_follows_waits_for_it() {
    let running = term("2025-01-01T00:00:00Z", "2028-01-01T00:00:00Z");
    let ended = running.end(EndCause::Resignation, now()).expect("it runs");
    assert!(running.runs_at(now()) && !ended.runs_at(now()));
    assert_eq!(ended.end(EndCause::Death, now()), Err(HouseRefused::MandateOver));
    assert_eq!(running.end(EndCause::Death, at("2028-01-01T00:00:00Z")), Err(HouseRefused::MandateOver));

    let further = term("2027-01-01T00:00:00Z", "2029-01-01T00:00:00Z");
    let free_from = at("2028-01-01T00:00:00Z");
    assert_eq!(may_follow(&[running], &further), Err(HouseRefused::MandateOverlaps { free_from }));
    assert_eq!(may_follow(&[ended], &further), Ok(()));
}

#[test]
fn who_steps_aside_is_not_seated_again_whatever_the_wall_says() {
    let free = Somebody { declared: true, in_office: true, appointed: true, touched: false, sat_here: false, seats: 0 };
    let (wall, team, loads) = office(&[free, free]);
    let seated = team.assign("p0", ROLE, &wall, now()).expect("p0 is free");
    let aside = seated.recuse("p0", now()).expect("p0 sits there");
    let grounds = vec![ConflictGround::SteppedAside];
    assert_eq!(aside.clone().assign("p0", ROLE, &wall, now()), Err(Refused::Conflict { grounds: grounds.clone() }));
    assert_eq!(aside.finds_clear("p0", &wall, now()), Err(Refused::Conflict { grounds }));
    assert_eq!(aside.finds_clear("p1", &wall, now()), Ok(()));
    let proposed: Vec<_> = aside.candidates(ROLE, &wall, &loads, now()).into_iter().map(|(who, _)| who).collect();
    assert_eq!(proposed, ["p1"]);
}

#[test]
fn who_says_who_works_on_a_case_is_appointed_for_the_registry_or_as_ombudsman() {
    let free = Somebody { declared: true, in_office: true, appointed: true, touched: false, sat_here: false, seats: 0 };
    let (mut wall, team, _) = office(&[free, Somebody { in_office: false, ..free }]);
    let mut of = |person: &str, roles: &[OfficeRole]| {
        wall.register.get_mut(person).expect("registered").office_roles = roles.iter().copied().collect();
        team.may_move_seats(person, &wall, now())
    };
    let not_appointed = Err(Refused::NotAppointed { person: "p0".to_owned() });
    for role in [OfficeRole::Investigator, OfficeRole::Quality, OfficeRole::Auditor] {
        assert_eq!(of("p0", &[role]), not_appointed, "{role}");
    }
    for role in [OfficeRole::Intake, OfficeRole::Ombudsman] {
        assert_eq!(of("p0", &[role]), Ok(()), "{role}");
        assert_eq!(of("p1", &[role]), Err(HouseRefused::NoMandate.into()), "{role}");
    }
}
