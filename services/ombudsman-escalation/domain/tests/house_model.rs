//! Every reachable order of assignment, reassignment, substitution, change of roles, end of a term, and merges of tickets and of
//! customers is walked through, and in none of them does somebody act who must not.
//!
//! Seats are not taken away when a conflict comes to light, as the service does: who sits there must not act from them all the same.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use jiff::Timestamp;
use kernel::{ActorKind, ResourceId, Uuid};
use ombudsman_escalation_domain::CustomerId;
use ombudsman_escalation_domain::team::{Seat, Team};
use ombudsman_escalation_domain::vocabulary::{EndCause, IncompatibilityKind, OfficeRole, RelationKind};
use ombudsman_escalation_domain::wall::{
    Declaration, Earlier, Incompatibility, Involvement, Mandate, Member, Party, Relation, Touch, Wall,
};

const PEOPLE: [&str; 2] = ["ana", "bea"];
/// Bea's unit is one of the firm's.
const UNITS: [&str; 2] = ["office", "billing"];
const ROLE: OfficeRole = OfficeRole::Ombudsman;
/// Who may act on which ticket: the case's own, or another that may turn out to be about the same.
const TOUCHES: [(&str, &str, bool); 3] = [("ana", "desk", true), ("ana", "desk", false), ("zoe", "billing", false)];

/// What somebody declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Declared {
    #[default]
    Nothing,
    NoRelation,
    WithClaimant,
    WithAnother,
    /// They governed the firm until a year ago.
    GovernedTheFirm,
}

/// What somebody declared before, and left out of what they declared since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Before {
    #[default]
    Nothing,
    WithClaimant,
    GovernedTheFirm,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Person {
    before: Before,
    declared: Declared,
    in_office: bool,
    appointed: bool,
}

/// Whether two tickets were found to be one affair. What somebody learned while they were, they know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
enum Merged {
    #[default]
    Never,
    Now,
    Undone,
}

/// What is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Facts {
    received: bool,
    touched: [bool; 3],
    tickets: Merged,
    customers_merged: bool,
    /// Ana acted for the firm on another affair, or before the office in another case.
    worked_for_firm: bool,
    /// Who stepped aside: Ana from the case itself; Bea from another case of the affair.
    aside: [bool; 2],
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
    UnmergeTickets,
    MergeCustomers,
    WorkForFirm,
    /// Bea steps aside from another case of the affair.
    AsideElsewhere,
    Declare(usize, Declared),
    TakeOffice(usize),
    /// The first ends the second's term.
    EndTerm(usize, usize),
    /// Who of the office brings the affair before it.
    Open(usize),
    Appoint(usize),
    Dismiss(usize),
    /// The first gives the seat to the second.
    Assign(usize, usize),
    Recuse(usize),
    /// The first has the second's seat go to the other.
    Substitute(usize, usize),
    Act(usize),
}

/// What is left out of the wall, to see that the walk finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    None,
    AskedAtAssignmentOnly,
    AnybodyMovesSeats,
    AnybodyEndsTerms,
    AnybodyOpens,
    ForgetsWhatWasTold,
    ForgetsMergedTickets,
    ForgetsUndoneMerges,
    ForgetsMergedCustomers,
    ForgetsEndedTerms,
    ForgetsRoles,
    ForgetsTheFirm,
    ForgetsWorkForFirm,
    ForgetsWhoSteppedAside,
    LooksAtOneCaseOnly,
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
    let governed =
        Incompatibility { kind: IncompatibilityKind::GovernsFirm, ended_at: Some(at("2025-11-22T10:00:00Z")) };
    let governed = (hole != Hole::ForgetsTheFirm).then_some(governed);
    let appointed = person.appointed || hole == Hole::ForgetsRoles;
    // Told as lasting and told no more: the office takes it to have ended only then.
    let told_before = match person.before {
        Before::Nothing => None,
        Before::WithClaimant => Some(declaration(vec![with(1)])),
        Before::GovernedTheFirm => {
            Some(Declaration { incompatibilities: governed.into_iter().collect(), ..declaration(Vec::new()) })
        }
    };
    let newest = match person.declared {
        Declared::Nothing => None,
        Declared::NoRelation => Some(declaration(Vec::new())),
        Declared::WithClaimant => Some(declaration(vec![with(1)])),
        Declared::WithAnother => Some(declaration(vec![with(2)])),
        Declared::GovernedTheFirm => {
            Some(Declaration { incompatibilities: governed.into_iter().collect(), ..declaration(Vec::new()) })
        }
    };
    let all: Vec<Declaration> = told_before.into_iter().chain(newest.clone()).collect();
    let earlier = if hole == Hole::ForgetsWhatWasTold { Earlier::default() } else { Earlier::of(&all) };
    Member {
        person: PEOPLE[index].to_owned(),
        office_roles: appointed.then_some(ROLE).into_iter().collect(),
        unit: UNITS[index].parse().expect("a slug"),
        line_manager: None,
        mandate: if in_office { term } else { term.end(EndCause::Resignation, now()).expect("it runs") },
        declaration: newest,
        earlier,
    }
}

fn wall(facts: &Facts, hole: Hole) -> Wall {
    let merged = match facts.tickets {
        Merged::Never => false,
        Merged::Now => hole != Hole::ForgetsMergedTickets,
        Merged::Undone => hole != Hole::ForgetsUndoneMerges,
    };
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
        last_for_firm: (facts.worked_for_firm && hole != Hole::ForgetsWorkForFirm)
            .then(|| (PEOPLE[0].to_owned(), at("2025-11-22T10:00:00Z")))
            .into_iter()
            .collect(),
        spoke_for_firm: BTreeMap::new(),
        stepped_aside: PEOPLE
            .iter()
            .zip(facts.aside)
            .zip([Hole::ForgetsWhoSteppedAside, Hole::LooksAtOneCaseOnly])
            .filter(|((_, aside), forgets)| *aside && *forgets != hole)
            .map(|((person, _), _)| (*person).to_owned())
            .collect(),
    }
}

/// Who must not act, written down apart from the code under test.
fn must_not_act(facts: &Facts, person: usize) -> bool {
    let Person { declared, appointed, .. } = facts.people[person];
    must_not_move_seats(facts, person) || declared == Declared::Nothing || !appointed || !facts.received
}

/// Who must not say who works on the case.
fn must_not_move_seats(facts: &Facts, person: usize) -> bool {
    must_not_open(facts, person) || !facts.people[person].appointed
}

/// Who must not bring the case before the office.
fn must_not_open(facts: &Facts, person: usize) -> bool {
    let Person { declared, in_office, before, .. } = facts.people[person];
    let ever_merged = facts.tickets != Merged::Never;
    let [ana_here, ana_there, zoe_there] = facts.touched;
    let by_history = match person {
        0 => ana_here || (ever_merged && ana_there),
        _ => ever_merged && zoe_there,
    };
    let by_declaration = match declared {
        Declared::WithClaimant | Declared::GovernedTheFirm => true,
        Declared::WithAnother => facts.customers_merged,
        Declared::Nothing | Declared::NoRelation => false,
    };
    let for_firm = person == 0 && facts.worked_for_firm;
    by_history || for_firm || facts.aside[person] || by_declaration || before != Before::Nothing || !in_office
}

/// The code under test, asked about one world.
struct Office {
    hole: Hole,
    walls: HashMap<Facts, Wall>,
    /// What it said of the world that is being looked at.
    said: Option<(World, [Said; 2])>,
}

/// What it says of one person in a world.
#[derive(Debug, Clone, Copy)]
struct Said {
    moves_seats: bool,
    opens: bool,
    takes_the_seat: bool,
    hands_it_over: bool,
    acts: bool,
}

impl Office {
    fn wall(&mut self, facts: &Facts) -> &Wall {
        let hole = self.hole;
        self.walls.entry(*facts).or_insert_with(|| wall(facts, hole))
    }

    fn team(world: &World) -> Team {
        let seat = |person: &str| Seat {
            person: person.to_owned(),
            office_role: ROLE,
            since: now(),
            left: None,
            stepped_aside: false,
        };
        let seats = PEOPLE.iter().zip(world.seated).filter(|(_, seated)| *seated).map(|(person, _)| seat(person));
        Team { seats: seats.collect() }
    }

    /// Asked once of each world.
    fn said(&mut self, world: &World, person: usize) -> Said {
        if self.said.as_ref().is_none_or(|(of, _)| of != world) {
            let all = [0, 1].map(|person| {
                let wall = self.wall(&world.facts);
                let (team, who, other) = (Self::team(world), PEOPLE[person], PEOPLE[1 - person]);
                Said {
                    moves_seats: team.may_move_seats(who, wall, now()).is_ok(),
                    opens: wall.is_clear_of(who, now()).is_ok(),
                    acts: team.authorize(who, &[ROLE], wall, now()).is_ok(),
                    hands_it_over: team.clone().substitute(who, ROLE, other, wall, now()).is_ok(),
                    takes_the_seat: team.assign(who, ROLE, wall, now()).is_ok(),
                }
            });
            self.said = Some((*world, all));
        }
        self.said.as_ref().expect("just said").1[person]
    }

    fn may_move_seats(&mut self, world: &World, person: usize) -> bool {
        if self.hole == Hole::AnybodyMovesSeats {
            return world.facts.people[person].in_office;
        }
        self.said(world, person).moves_seats
    }

    fn opens(&mut self, world: &World, person: usize) -> bool {
        self.hole == Hole::AnybodyOpens || self.said(world, person).opens
    }

    /// Anybody resigns; who ends another's term has one that runs.
    fn ends_terms(&self, world: &World, by: usize, person: usize) -> bool {
        self.hole == Hole::AnybodyEndsTerms || by == person || world.facts.people[by].in_office
    }

    fn assigns(&mut self, world: &World, person: usize) -> bool {
        self.said(world, person).takes_the_seat
    }

    fn substitutes(&mut self, world: &World, person: usize) -> bool {
        self.said(world, person).hands_it_over
    }

    fn lets_act(&mut self, world: &World, person: usize) -> bool {
        if self.hole == Hole::AskedAtAssignmentOnly {
            return world.seated[person];
        }
        self.said(world, person).acts
    }

    /// The world after the step; `None` when it was refused.
    fn after(&mut self, world: &World, step: Step) -> Option<World> {
        let mut next = *world;
        let facts = &mut next.facts;
        match step {
            Step::Receive => facts.received = true,
            Step::Touch(index) => facts.touched[index] = true,
            Step::MergeTickets => facts.tickets = Merged::Now,
            Step::UnmergeTickets if facts.tickets == Merged::Now => facts.tickets = Merged::Undone,
            Step::UnmergeTickets => return None,
            Step::MergeCustomers => facts.customers_merged = true,
            Step::WorkForFirm => facts.worked_for_firm = true,
            Step::AsideElsewhere => facts.aside[1] = true,
            Step::Declare(person, declared) => {
                let who = &mut facts.people[person];
                // What was declared once does not become undeclared.
                if declared == Declared::Nothing && who.declared != Declared::Nothing {
                    return None;
                }
                // One of them is enough to tell one thing and then another.
                match (who.declared, declared) {
                    _ if person != 0 => {}
                    (Declared::WithClaimant, Declared::NoRelation | Declared::WithAnother) => {
                        who.before = Before::WithClaimant;
                    }
                    (Declared::GovernedTheFirm, Declared::NoRelation | Declared::WithAnother) => {
                        who.before = Before::GovernedTheFirm;
                    }
                    _ => {}
                }
                who.declared = declared;
            }
            Step::TakeOffice(person) => facts.people[person].in_office = true,
            Step::Appoint(person) => facts.people[person].appointed = true,
            Step::Dismiss(person) => facts.people[person].appointed = false,
            Step::EndTerm(by, person) => {
                if !self.ends_terms(world, by, person) {
                    return None;
                }
                // A pending case goes to the other one, who has to be past the wall.
                if world.seated[person] {
                    if !world.seated[1 - person] && !self.assigns(world, 1 - person) {
                        return None;
                    }
                    next.seated = if person == 0 { [false, true] } else { [true, false] };
                }
                next.facts.people[person].in_office = false;
            }
            Step::Assign(by, person) => {
                if !self.may_move_seats(world, by) || !self.assigns(world, person) {
                    return None;
                }
                next.seated[person] = true;
            }
            Step::Substitute(by, person) => {
                if !self.may_move_seats(world, by) || !self.substitutes(world, person) {
                    return None;
                }
                next.seated = if person == 0 { [false, true] } else { [true, false] };
            }
            Step::Recuse(person) => {
                let left = Self::team(world).recuse(PEOPLE[person], now()).ok()?;
                next.facts.aside[person] = left.stepped_aside(PEOPLE[person]);
                next.seated[person] = false;
            }
            Step::Open(by) => return self.opens(world, by).then_some(next),
            Step::Act(person) => return self.lets_act(world, person).then_some(next),
        }
        Some(next)
    }
}

fn steps() -> Vec<Step> {
    let mut steps = vec![
        Step::Receive,
        Step::MergeTickets,
        Step::UnmergeTickets,
        Step::MergeCustomers,
        Step::WorkForFirm,
        Step::AsideElsewhere,
    ];
    steps.extend((0..TOUCHES.len()).map(Step::Touch));
    for person in 0..PEOPLE.len() {
        let declared = [
            Declared::Nothing,
            Declared::NoRelation,
            Declared::WithClaimant,
            Declared::WithAnother,
            Declared::GovernedTheFirm,
        ];
        // One of them is enough to be tied to the claimant, to another who turns out to be the claimant, or to the firm.
        let ties = [Declared::WithClaimant, Declared::WithAnother, Declared::GovernedTheFirm];
        let told = declared.into_iter().filter(|declared| person == 0 || !ties.contains(declared));
        steps.extend(told.map(|declared| Step::Declare(person, declared)));
        for by in 0..PEOPLE.len() {
            steps.extend([Step::Assign(by, person), Step::Substitute(by, person), Step::EndTerm(by, person)]);
        }
        steps.extend([
            Step::TakeOffice(person),
            Step::Open(person),
            Step::Appoint(person),
            Step::Dismiss(person),
            Step::Recuse(person),
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
    let mut office = Office { hole, walls: HashMap::new(), said: None };
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
                Step::Assign(by, _) | Step::Substitute(by, _) if must_not_move_seats(&world.facts, *by) => {
                    return Err(way(&came_from, world, *step));
                }
                Step::Open(by) if must_not_open(&world.facts, *by) => return Err(way(&came_from, world, *step)),
                // The one who is left takes the seat, whoever ends the term: nobody is chosen.
                Step::EndTerm(by, person) if by != person && !world.facts.people[*by].in_office => {
                    return Err(way(&came_from, world, *step));
                }
                Step::Act(_) => walked.acts += 1,
                Step::Substitute(..) => walked.substitutions += 1,
                _ => {}
            }
            if next != world && seen.insert(next) {
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
    // Everything but the seats is free: 2^5 * 3 worlds of the affair, 2^2 of what was done elsewhere, more than 20 of the one person and 8 of the other.
    assert!(walked.worlds > 32 * 3 * 4 * 20 * 8, "{walked:?}");
    assert!(walked.acts > 1_000 && walked.substitutions > 500, "{walked:?}");
}

#[test]
fn the_walk_finds_every_hole_by_the_step_it_is_about() {
    type Is = fn(&Step) -> bool;
    let holes: [(Hole, Is); 14] = [
        (Hole::ForgetsWorkForFirm, |step| matches!(step, Step::WorkForFirm)),
        (Hole::ForgetsWhoSteppedAside, |step| matches!(step, Step::Recuse(0))),
        (Hole::LooksAtOneCaseOnly, |step| matches!(step, Step::AsideElsewhere | Step::Recuse(1))),
        (Hole::AnybodyEndsTerms, |step| matches!(step, Step::EndTerm(..))),
        (Hole::AnybodyOpens, |step| matches!(step, Step::Open(_))),
        (Hole::ForgetsWhatWasTold, |step| {
            matches!(step, Step::Declare(_, Declared::NoRelation | Declared::WithAnother))
        }),
        (Hole::AskedAtAssignmentOnly, |step| matches!(step, Step::Assign(..))),
        (Hole::AnybodyMovesSeats, |step| matches!(step, Step::Assign(..))),
        (Hole::ForgetsUndoneMerges, |step| matches!(step, Step::UnmergeTickets)),
        (Hole::ForgetsTheFirm, |step| matches!(step, Step::Declare(_, Declared::GovernedTheFirm))),
        (Hole::ForgetsMergedTickets, |step| matches!(step, Step::MergeTickets)),
        (Hole::ForgetsMergedCustomers, |step| matches!(step, Step::MergeCustomers)),
        (Hole::ForgetsEndedTerms, |step| matches!(step, Step::Open(_))),
        (Hole::ForgetsRoles, |step| matches!(step, Step::TakeOffice(_))),
    ];
    for (hole, about) in holes {
        let way = walk(hole).err().unwrap_or_else(|| panic!("{hole:?} was not found"));
        assert!(way.iter().any(about), "{hole:?} was found by {way:?}");
    }
}
