//! Every reachable order of assignments, recusals, declarations and late discoveries of a small office is
//! walked through, and in none of them does a conflicted person act.

use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};

use jiff::Timestamp;
use kernel::{ActorKind, ResourceId, Uuid};
use ombudsman_escalation_domain::CustomerId;
use ombudsman_escalation_domain::team::Team;
use ombudsman_escalation_domain::vocabulary::{OfficeRole, RelationKind};
use ombudsman_escalation_domain::wall::{
    Declaration, Earlier, Involvement, Mandate, Member, Party, Relation, Touch, Wall,
};

const PEOPLE: [&str; 3] = ["ana", "bea", "carla"];
/// Ana reports to Bea; Carla stands alone, in a unit of the firm.
const UNITS: [&str; 3] = ["office", "office", "billing"];
const TOUCHERS: [(&str, &str); 4] =
    [("ana", "office-desk"), ("bea", "office-desk"), ("zoe", "billing"), ("yan", "sales")];

/// What is true, and who sits where. Small enough to enumerate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct World {
    received: bool,
    touched: BTreeSet<usize>,
    declared: BTreeSet<usize>,
    related: BTreeSet<usize>,
    team: Team,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Receive,
    Touch(usize),
    Declare(usize),
    DeclareRelation(usize),
    Expire(usize),
    Assign(usize),
    Recuse(usize),
    Act(usize),
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("an instant")
}

fn wall(world: &World) -> Wall {
    let customer = CustomerId::from_uuid(Uuid::from_u128(9));
    let mandate = Mandate::new(
        "2025-01-01T00:00:00Z".parse().expect("an instant"),
        "2028-01-01T00:00:00Z".parse().expect("an instant"),
    )
    .expect("three years");
    let register = PEOPLE
        .iter()
        .enumerate()
        .map(|(index, person)| {
            let relation = Relation { party: Party::Customer(customer), kind: RelationKind::Personal, ended_at: None };
            let relations = if world.related.contains(&index) { vec![relation] } else { Vec::new() };
            let declaration = world.declared.contains(&index).then(|| Declaration {
                declared_at: now(),
                expires_at: "2027-11-22T10:00:00Z".parse().expect("an instant"),
                relations,
                incompatibilities: Vec::new(),
            });
            let member = Member {
                person: (*person).to_owned(),
                office_roles: OfficeRole::ALL.iter().copied().collect(),
                unit: UNITS[index].parse().expect("a slug"),
                line_manager: (index == 0).then(|| "bea".to_owned()),
                mandate,
                declaration,
                earlier: Earlier::default(),
            };
            ((*person).to_owned(), member)
        })
        .collect();
    let touches = world
        .touched
        .iter()
        .map(|index| Touch {
            actor: TOUCHERS[*index].0.to_owned(),
            kind: ActorKind::Employee,
            department: TOUCHERS[*index].1.parse().ok(),
        })
        .collect();
    Wall {
        customers: std::iter::once(customer).collect(),
        register,
        involvement: Involvement { received: world.received, touches },
        last_for_firm: BTreeMap::new(),
    }
}

/// The truth, written down apart from the code under test.
fn conflicted(world: &World, person: usize) -> bool {
    let ana_or_bea_touched = world.touched.contains(&0) || world.touched.contains(&1);
    let by_history = match person {
        0 | 1 => ana_or_bea_touched,
        _ => world.touched.contains(&2),
    };
    by_history || !world.received || !world.declared.contains(&person) || world.related.contains(&person)
}

/// A step's outcome: the next world, or `None` when it was refused; and who acted.
fn apply(world: &World, step: Step, rechecks: bool) -> Option<(World, Option<usize>)> {
    let mut next = world.clone();
    let mut acted = None;
    match step {
        Step::Receive => next.received = true,
        Step::Touch(index) => {
            next.touched.insert(index);
        }
        Step::Declare(person) => {
            next.declared.insert(person);
            next.related.remove(&person);
        }
        Step::DeclareRelation(person) => {
            next.declared.insert(person);
            next.related.insert(person);
        }
        Step::Expire(person) => {
            next.declared.remove(&person);
            next.related.remove(&person);
        }
        Step::Assign(person) => {
            next.team = world.team.clone().assign(PEOPLE[person], OfficeRole::Ombudsman, &wall(world), now()).ok()?;
        }
        Step::Recuse(person) => {
            next.team = world.team.clone().recuse(PEOPLE[person], now()).ok()?;
            // Which seats were left is history; only who sits there now matters for what can follow.
            next.team.seats.retain(|seat| seat.left.is_none());
        }
        Step::Act(person) => {
            let seated = world.team.live(PEOPLE[person]).next().is_some();
            let lets_through = world.team.authorize(PEOPLE[person], OfficeRole::ALL, &wall(world), now()).is_ok();
            if !(if rechecks { lets_through } else { seated }) {
                return None;
            }
            acted = Some(person);
        }
    }
    next.team.seats.sort();
    Some((next, acted))
}

/// Walks every reachable world; gives back how many there are, or the path to a conflicted act.
fn walk(rechecks: bool) -> Result<usize, Vec<Step>> {
    let mut steps = vec![Step::Receive];
    steps.extend((0..TOUCHERS.len()).map(Step::Touch));
    for person in 0..PEOPLE.len() {
        steps.extend([
            Step::Declare(person),
            Step::DeclareRelation(person),
            Step::Expire(person),
            Step::Assign(person),
            Step::Recuse(person),
            Step::Act(person),
        ]);
    }
    let mut seen = HashSet::from([World::default()]);
    let mut queue = VecDeque::from([(World::default(), Vec::new())]);
    while let Some((world, path)) = queue.pop_front() {
        for step in &steps {
            let Some((next, acted)) = apply(&world, *step, rechecks) else { continue };
            let mut path = path.clone();
            path.push(*step);
            if acted.is_some_and(|person| conflicted(&world, person)) {
                return Err(path);
            }
            if seen.insert(next.clone()) {
                queue.push_back((next, path));
            }
        }
    }
    Ok(seen.len())
}

#[test]
fn no_reachable_world_lets_a_conflicted_person_act() {
    let worlds = walk(true).unwrap_or_else(|path| panic!("a conflicted person acted after {path:?}"));
    // Everything but the seats is free: 2 * 2^4 * 3^3 worlds, each with the seats that can be reached.
    assert!(worlds > 2 * 16 * 27, "only {worlds} worlds were walked");
}

#[test]
fn the_walk_finds_the_fault_when_the_wall_is_asked_at_assignment_only() {
    let path = walk(false).expect_err("a late discovery must show");
    assert!(path.iter().any(|step| matches!(step, Step::Assign(_))), "{path:?}");
}
