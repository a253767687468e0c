//! Every reachable order of assignments, recusals, declarations, work for the firm and late discoveries of a small office is
//! walked through, and in none of them does a conflicted person act.

use std::collections::{BTreeSet, HashMap, VecDeque};

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

/// What somebody did for the firm elsewhere than on the ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum ForFirm {
    /// On another ticket, or before the office in another case.
    Elsewhere(usize),
    /// Before the office, in a case of this affair.
    Here(usize),
}

/// Who may have: one of each is enough, and the same who may turn up twice.
const FOR_FIRM: [ForFirm; 2] = [ForFirm::Elsewhere(2), ForFirm::Here(0)];

/// What is true. Small enough to enumerate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct Facts {
    received: bool,
    touched: BTreeSet<usize>,
    for_firm: BTreeSet<ForFirm>,
    declared: BTreeSet<usize>,
    related: BTreeSet<usize>,
    /// Who stepped aside.
    aside: BTreeSet<usize>,
}

/// What is true, and who sits where.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
struct World {
    facts: Facts,
    team: Team,
}

/// What is left out of the wall, to see that the walk finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    None,
    AskedAtAssignmentOnly,
    ForgetsWorkElsewhere,
    ForgetsWhoSpokeHere,
    ForgetsWhoSteppedAside,
}

#[derive(Debug, Clone, Copy)]
enum Step {
    Receive,
    Touch(usize),
    WorkForFirm(ForFirm),
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

fn wall(world: &Facts, hole: Hole) -> Wall {
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
        last_for_firm: world
            .for_firm
            .iter()
            .filter(|_| hole != Hole::ForgetsWorkElsewhere)
            .map(|work| match work {
                ForFirm::Elsewhere(person) | ForFirm::Here(person) => (PEOPLE[*person].to_owned(), now()),
            })
            .collect(),
        spoke_for_firm: world
            .for_firm
            .iter()
            .filter_map(|work| match work {
                ForFirm::Here(person) if hole != Hole::ForgetsWhoSpokeHere => Some(PEOPLE[*person].to_owned()),
                _ => None,
            })
            .map(|person| (person, BTreeSet::from(["firm-legal".parse().expect("a slug")])))
            .collect(),
        stepped_aside: world
            .aside
            .iter()
            .filter(|_| hole != Hole::ForgetsWhoSteppedAside)
            .map(|person| PEOPLE[*person].to_owned())
            .collect(),
    }
}

/// The truth, written down apart from the code under test.
fn conflicted(world: &Facts, person: usize) -> bool {
    // Ana and Bea are of one line: what Ana said for the firm here is Bea's as well.
    let ana_spoke_here = world.for_firm.contains(&ForFirm::Here(0));
    let ana_or_bea_touched = world.touched.contains(&0) || world.touched.contains(&1) || ana_spoke_here;
    let by_history = match person {
        0 | 1 => ana_or_bea_touched,
        _ => world.touched.contains(&2) || world.for_firm.contains(&ForFirm::Elsewhere(2)),
    };
    by_history
        || world.aside.contains(&person)
        || !world.received
        || !world.declared.contains(&person)
        || world.related.contains(&person)
}

/// The code under test, asked about one world.
struct Office {
    hole: Hole,
    walls: HashMap<Facts, Wall>,
}

impl Office {
    fn wall(&mut self, facts: &Facts) -> &Wall {
        let hole = self.hole;
        self.walls.entry(facts.clone()).or_insert_with(|| wall(facts, hole))
    }

    /// A step's outcome: the next world, or `None` when it was refused; and who acted.
    fn after(&mut self, world: &World, step: Step) -> Option<(World, Option<usize>)> {
        let mut next = world.clone();
        let mut acted = None;
        let facts = &mut next.facts;
        match step {
            Step::Receive => facts.received = true,
            Step::Touch(index) => {
                facts.touched.insert(index);
            }
            Step::WorkForFirm(work) => {
                facts.for_firm.insert(work);
            }
            Step::Declare(person) => {
                facts.declared.insert(person);
                facts.related.remove(&person);
            }
            Step::DeclareRelation(person) => {
                facts.declared.insert(person);
                facts.related.insert(person);
            }
            Step::Expire(person) => {
                facts.declared.remove(&person);
                facts.related.remove(&person);
            }
            Step::Assign(person) => {
                let wall = self.wall(&world.facts);
                next.team = world.team.clone().assign(PEOPLE[person], OfficeRole::Ombudsman, wall, now()).ok()?;
            }
            Step::Recuse(person) => {
                next.team = world.team.clone().recuse(PEOPLE[person], now()).ok()?;
                assert!(next.team.stepped_aside(PEOPLE[person]));
                // The wall knows who stepped aside, here or in another case of the affair: of the seats only who sits there now matters.
                next.team.seats.retain(|seat| seat.left.is_none());
                facts.aside.insert(person);
            }
            Step::Act(person) => {
                let seated = world.team.live(PEOPLE[person]).next().is_some();
                let wall = self.wall(&world.facts);
                let lets_through = world.team.authorize(PEOPLE[person], OfficeRole::ALL, wall, now()).is_ok();
                if !(if self.hole == Hole::AskedAtAssignmentOnly { seated } else { lets_through }) {
                    return None;
                }
                acted = Some(person);
            }
        }
        next.team.seats.sort();
        Some((next, acted))
    }
}

/// Walks every reachable world; gives back how many there are, or the path to a conflicted act.
fn walk(hole: Hole) -> Result<usize, Vec<Step>> {
    let mut office = Office { hole, walls: HashMap::new() };
    let mut steps = vec![Step::Receive];
    steps.extend((0..TOUCHERS.len()).map(Step::Touch));
    steps.extend(FOR_FIRM.map(Step::WorkForFirm));
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
    let mut came_from: HashMap<World, Option<(World, Step)>> = HashMap::from([(World::default(), None)]);
    let mut queue = VecDeque::from([World::default()]);
    while let Some(world) = queue.pop_front() {
        for step in &steps {
            let Some((next, acted)) = office.after(&world, *step) else { continue };
            if acted.is_some_and(|person| conflicted(&world.facts, person)) {
                return Err(way(&came_from, world, *step));
            }
            if !came_from.contains_key(&next) {
                came_from.insert(next.clone(), Some((world.clone(), *step)));
                queue.push_back(next);
            }
        }
    }
    Ok(came_from.len())
}

fn way(came_from: &HashMap<World, Option<(World, Step)>>, mut world: World, last: Step) -> Vec<Step> {
    let mut steps = vec![last];
    while let Some(Some((before, step))) = came_from.get(&world) {
        steps.push(*step);
        world = before.clone();
    }
    steps.reverse();
    steps
}

#[test]
fn no_reachable_world_lets_a_conflicted_person_act() {
    let worlds = walk(Hole::None).unwrap_or_else(|path| panic!("a conflicted person acted after {path:?}"));
    // Everything but the seats is free: 2 * 2^4 * 2^2 * 3^3 worlds, each with the seats that can be reached.
    assert!(worlds > 2 * 16 * 4 * 27, "only {worlds} worlds were walked");
}

#[test]
fn the_walk_finds_every_hole_by_the_step_it_is_about() {
    type Is = fn(&Step) -> bool;
    let holes: [(Hole, Is); 4] = [
        (Hole::AskedAtAssignmentOnly, |step| matches!(step, Step::Assign(_))),
        (Hole::ForgetsWorkElsewhere, |step| matches!(step, Step::WorkForFirm(ForFirm::Elsewhere(_)))),
        (Hole::ForgetsWhoSpokeHere, |step| matches!(step, Step::WorkForFirm(ForFirm::Here(_)))),
        (Hole::ForgetsWhoSteppedAside, |step| matches!(step, Step::Recuse(_))),
    ];
    for (hole, about) in holes {
        let way = walk(hole).err().unwrap_or_else(|| panic!("{hole:?} was not found"));
        assert!(way.iter().any(about), "{hole:?} was found by {way:?}");
    }
}
