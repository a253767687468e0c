//! Every reachable order of assignment, reassignment, substitution, change of roles, end of a term, and merges of tickets and of
//! customers is walked through, and in none of them does somebody act who must not.
//!
//! Seats are not taken away when a conflict comes to light, as the service does: who sits there must not act from them all the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use jiff::Timestamp;
use kernel::{ActorKind, ResourceId, Uuid};
use ombudsman_escalation_domain::CustomerId;
use ombudsman_escalation_domain::team::{Seat, Team};
use ombudsman_escalation_domain::vocabulary::{EndCause, OfficeRole, RelationKind};
use ombudsman_escalation_domain::wall::{Declaration, Involvement, Mandate, Member, Party, Relation, Touch, Wall};

const PEOPLE: [&str; 2] = ["ana", "bea"];
/// Bea's unit is one of the firm's.
const UNITS: [&str; 2] = ["office", "billing"];
const ROLE: OfficeRole = OfficeRole::Investigator;
/// Who may act on which ticket: the case's own, or another that may turn out to be about the same.
const TOUCHES: [(&str, &str, bool); 4] =
    [("ana", "desk", true), ("ana", "desk", false), ("bea", "desk", false), ("zoe", "billing", false)];

/// What somebody declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Declared {
    #[default]
    Nothing,
    NoRelation,
    WithClaimant,
    WithAnother,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Person {
    declared: Declared,
    in_office: bool,
    appointed: bool,
}

/// What is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Facts {
    received: bool,
    touched: [bool; 4],
    tickets_merged: bool,
    customers_merged: bool,
    people: [Person; 2],
}

/// What is true, and who sits there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct World {
    facts: Facts,
    seated: [bool; 2],
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Receive,
    Touch(usize),
    MergeTickets,
    MergeCustomers,
    Declare(usize, Declared),
    TakeOffice(usize),
    EndTerm(usize),
    Appoint(usize),
    Dismiss(usize),
    Assign(usize),
    Recuse(usize),
    Substitute(usize),
    Act(usize),
}

/// What is left out of the wall, to see that the walk finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    None,
    AskedAtAssignmentOnly,
    ForgetsMergedTickets,
    ForgetsMergedCustomers,
    ForgetsEndedTerms,
    ForgetsRoles,
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

fn now() -> Timestamp {
    at("2026-11-22T10:00:00Z")
}

fn customer(number: u128) -> CustomerId {
    CustomerId::from_uuid(Uuid::from_u128(number))
}

fn member(index: usize, person: Person, hole: Hole) -> Member {
    let term = Mandate::new(at("2025-01-01T00:00:00Z"), at("2028-01-01T00:00:00Z")).expect("three years");
    let in_office = person.in_office || hole == Hole::ForgetsEndedTerms;
    let with =
        |number| Relation { party: Party::Customer(customer(number)), kind: RelationKind::Personal, ended_at: None };
    let declaration = |relations| Declaration {
        declared_at: now(),
        expires_at: at("2027-11-22T10:00:00Z"),
        relations,
        incompatibilities: Vec::new(),
    };
    let appointed = person.appointed || hole == Hole::ForgetsRoles;
    Member {
        person: PEOPLE[index].to_owned(),
        office_roles: appointed.then_some(ROLE).into_iter().collect(),
        unit: UNITS[index].parse().expect("a slug"),
        line_manager: None,
        mandate: if in_office { term } else { term.end(EndCause::Resignation, now()).expect("it runs") },
        declaration: match person.declared {
            Declared::Nothing => None,
            Declared::NoRelation => Some(declaration(Vec::new())),
            Declared::WithClaimant => Some(declaration(vec![with(1)])),
            Declared::WithAnother => Some(declaration(vec![with(2)])),
        },
    }
}

fn wall(facts: &Facts, hole: Hole) -> Wall {
    let merged = facts.tickets_merged && hole != Hole::ForgetsMergedTickets;
    let known = TOUCHES.iter().zip(facts.touched).filter(|((_, _, own), touched)| *touched && (*own || merged));
    let touch = |((person, department, _), _): (&(&str, &str, bool), bool)| Touch {
        actor: (*person).to_owned(),
        kind: ActorKind::Employee,
        department: department.parse().ok(),
    };
    let mut customers = BTreeSet::from([customer(1)]);
    if facts.customers_merged && hole != Hole::ForgetsMergedCustomers {
        customers.insert(customer(2));
    }
    let register = facts.people.iter().enumerate().map(|(index, person)| member(index, *person, hole));
    Wall {
        customers,
        register: register.map(|member| (member.person.clone(), member)).collect(),
        involvement: Involvement { received: facts.received, touches: known.map(touch).collect() },
        last_for_firm: BTreeMap::new(),
    }
}

/// Who must not act, written down apart from the code under test.
fn must_not_act(facts: &Facts, person: usize) -> bool {
    let Person { declared, in_office, appointed } = facts.people[person];
    let [ana_here, ana_there, bea_there, zoe_there] = facts.touched;
    let by_history = match person {
        0 => ana_here || (facts.tickets_merged && ana_there),
        _ => facts.tickets_merged && (bea_there || zoe_there),
    };
    let by_declaration = match declared {
        Declared::Nothing | Declared::WithClaimant => true,
        Declared::WithAnother => facts.customers_merged,
        Declared::NoRelation => false,
    };
    by_history || by_declaration || !in_office || !appointed || !facts.received
}

/// The code under test, asked about one world.
struct Office {
    hole: Hole,
    walls: HashMap<Facts, Wall>,
}

impl Office {
    fn wall(&mut self, facts: &Facts) -> &Wall {
        let hole = self.hole;
        self.walls.entry(*facts).or_insert_with(|| wall(facts, hole))
    }

    fn team(world: &World) -> Team {
        let seat = |person: &str| Seat { person: person.to_owned(), office_role: ROLE, since: now(), left: None };
        let seats = PEOPLE.iter().zip(world.seated).filter(|(_, seated)| *seated).map(|(person, _)| seat(person));
        Team { seats: seats.collect() }
    }

    fn assigns(&mut self, world: &World, person: usize) -> bool {
        Self::team(world).assign(PEOPLE[person], ROLE, self.wall(&world.facts), now()).is_ok()
    }

    fn substitutes(&mut self, world: &World, person: usize) -> bool {
        let (from, to) = (PEOPLE[person], PEOPLE[1 - person]);
        Self::team(world).substitute(from, ROLE, to, self.wall(&world.facts), now()).is_ok()
    }

    fn lets_act(&mut self, world: &World, person: usize) -> bool {
        if self.hole == Hole::AskedAtAssignmentOnly {
            return world.seated[person];
        }
        Self::team(world).authorize(PEOPLE[person], &[ROLE], self.wall(&world.facts), now()).is_ok()
    }

    /// The world after the step; `None` when it was refused.
    fn after(&mut self, world: &World, step: Step) -> Option<World> {
        let mut next = *world;
        let facts = &mut next.facts;
        match step {
            Step::Receive => facts.received = true,
            Step::Touch(index) => facts.touched[index] = true,
            Step::MergeTickets => facts.tickets_merged = true,
            Step::MergeCustomers => facts.customers_merged = true,
            Step::Declare(person, declared) => facts.people[person].declared = declared,
            Step::TakeOffice(person) => facts.people[person].in_office = true,
            Step::Appoint(person) => facts.people[person].appointed = true,
            Step::Dismiss(person) => facts.people[person].appointed = false,
            Step::EndTerm(person) => {
                // A pending case goes to the other one, who has to be past the wall.
                if world.seated[person] {
                    if !world.seated[1 - person] && !self.assigns(world, 1 - person) {
                        return None;
                    }
                    next.seated = if person == 0 { [false, true] } else { [true, false] };
                }
                next.facts.people[person].in_office = false;
            }
            Step::Assign(person) => {
                if !self.assigns(world, person) {
                    return None;
                }
                next.seated[person] = true;
            }
            Step::Substitute(person) => {
                if !self.substitutes(world, person) {
                    return None;
                }
                next.seated = if person == 0 { [false, true] } else { [true, false] };
            }
            Step::Recuse(person) => {
                Self::team(world).recuse(PEOPLE[person], now()).ok()?;
                next.seated[person] = false;
            }
            Step::Act(person) => return self.lets_act(world, person).then_some(next),
        }
        Some(next)
    }
}

fn steps() -> Vec<Step> {
    let mut steps = vec![Step::Receive, Step::MergeTickets, Step::MergeCustomers];
    steps.extend((0..TOUCHES.len()).map(Step::Touch));
    for person in 0..PEOPLE.len() {
        let declared = [Declared::Nothing, Declared::NoRelation, Declared::WithClaimant, Declared::WithAnother]
            .map(|d| Step::Declare(person, d));
        steps.extend(declared);
        steps.extend([
            Step::TakeOffice(person),
            Step::EndTerm(person),
            Step::Appoint(person),
            Step::Dismiss(person),
            Step::Assign(person),
            Step::Recuse(person),
            Step::Substitute(person),
            Step::Act(person),
        ]);
    }
    steps
}

/// What a whole walk came by.
#[derive(Debug, Default)]
struct Walked {
    worlds: usize,
    acts: usize,
    substitutions: usize,
}

/// Walks every reachable world; gives back what it came by, or the way to an act that must not be.
fn walk(hole: Hole) -> Result<Walked, Vec<Step>> {
    let mut office = Office { hole, walls: HashMap::new() };
    let (steps, start) = (steps(), World::default());
    let mut seen: HashSet<World> = HashSet::from([start]);
    let mut came_from: HashMap<World, (World, Step)> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    let mut walked = Walked::default();
    while let Some(world) = queue.pop_front() {
        for step in &steps {
            let Some(next) = office.after(&world, *step) else { continue };
            match step {
                Step::Act(person) if must_not_act(&world.facts, *person) => return Err(way(&came_from, world, *step)),
                Step::Act(_) => walked.acts += 1,
                Step::Substitute(_) => walked.substitutions += 1,
                _ => {}
            }
            if seen.insert(next) {
                came_from.insert(next, (world, *step));
                queue.push_back(next);
            }
        }
    }
    walked.worlds = seen.len();
    Ok(walked)
}

fn way(came_from: &HashMap<World, (World, Step)>, mut world: World, last: Step) -> Vec<Step> {
    let mut steps = vec![last];
    while let Some((before, step)) = came_from.get(&world) {
        steps.push(*step);
        world = *before;
    }
    steps.reverse();
    steps
}

#[test]
fn in_no_reachable_world_does_anybody_act_who_must_not() {
    let walked = walk(Hole::None).unwrap_or_else(|way| panic!("somebody acted who must not, after {way:?}"));
    // Everything but the seats is free: 2^7 worlds of the affair, 16 of each person.
    assert!(walked.worlds > 128 * 16 * 16, "{walked:?}");
    assert!(walked.acts > 1_000 && walked.substitutions > 500, "{walked:?}");
}

#[test]
fn the_walk_finds_every_hole_by_the_step_it_is_about() {
    type Is = fn(&Step) -> bool;
    let holes: [(Hole, Is); 5] = [
        (Hole::AskedAtAssignmentOnly, |step| matches!(step, Step::Assign(_))),
        (Hole::ForgetsMergedTickets, |step| matches!(step, Step::MergeTickets)),
        (Hole::ForgetsMergedCustomers, |step| matches!(step, Step::MergeCustomers)),
        (Hole::ForgetsEndedTerms, |step| matches!(step, Step::Appoint(_))),
        (Hole::ForgetsRoles, |step| matches!(step, Step::TakeOffice(_))),
    ];
    for (hole, about) in holes {
        let way = walk(hole).err().unwrap_or_else(|| panic!("{hole:?} was not found"));
        assert!(way.iter().any(about), "{hole:?} was found by {way:?}");
    }
}
