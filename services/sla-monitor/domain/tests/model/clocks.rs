//! Courses of thirty days: what is replayed is what the model says, whenever word of it came.

use ventanilla_sla_monitor_domain::clock::Terms;
use ventanilla_sla_monitor_domain::{Entry, Replay, replay};

use crate::almanac::{DAY, MINUTE};
use crate::chance::Chance;
use crate::seeds;
use crate::walk::Clock;
use crate::world::{Deed, World};

pub fn replayed(world: &World, course: &[(i64, Deed)]) -> Replay {
    let entries: Vec<Entry> =
        std::iter::once(world.opening()).chain(course.iter().filter_map(|deed| world.entry(deed))).collect();
    replay(&entries, Terms { rule: &world.rule, calendar: &world.almanac.calendar }).unwrap()
}

fn agrees(world: &World, course: &[(i64, Deed)], nows: &[i64], seed: u64) {
    let model = Clock::new(&world.rule, world.almanac, world.first, world.until, world.at_once).walk(course);
    let code = replayed(world, course);
    let wrong = model.differs_from(&code, nows);
    let of = |w: &World| format!("{:?} {:?} {:?} {:?}", w.rule.id, w.rule.term, w.rule.measure, w.rule.effects);
    assert_eq!(
        wrong,
        None,
        "seed {seed} on {}: {course:?} from {} of {}",
        world.almanac.calendar.id,
        world.first,
        of(world)
    );
    if matches!(code.state, ventanilla_sla_monitor_domain::State::Running { .. }) {
        let terms = Terms { rule: &world.rule, calendar: &world.almanac.calendar };
        let warns: Vec<_> = code.thresholds(terms).unwrap().into_iter().map(|(t, at)| (t.word(), at)).collect();
        assert_eq!(model.warnings(), warns, "seed {seed}: {course:?} from {} of {}", world.first, of(world));
    }
}

#[test]
fn no_breach_is_missed_early_or_double_however_late_word_of_it_comes() {
    for seed in 0..seeds() {
        let mut chance = Chance(seed);
        let world = World::new(&mut chance);
        let mut arrived: Vec<(i64, Deed)> = Vec::new();
        for deed in world.arrivals(&mut chance) {
            arrived.push(deed);
            if chance.one_in(5) {
                // Word of the same thing comes twice.
                arrived.push(chance.of(&arrived));
            }
            let last = arrived.iter().map(|(at, _)| *at).max().unwrap();
            let nows = [last * MINUTE, (last + chance.between(0, 60 * DAY)) * MINUTE + chance.between(0, MINUTE)];
            agrees(&world, &arrived, &nows, seed);
        }
        // What was written down wrong is corrected: another deed, and another time.
        if !world.course.is_empty() {
            let mut edited = world.course.clone();
            let n = chance.index(edited.len());
            let (at, _) = edited.remove(n);
            if !chance.one_in(3) {
                let free = |at: &i64| *at != world.first && edited.iter().all(|(taken, _)| taken != at);
                let at = ((at - DAY).max(world.first + 1)..).find(free).unwrap();
                edited.push((at, chance.of(&world.course).1));
            }
            agrees(&world, &edited, &[(world.first + 100 * DAY) * MINUTE], seed);
        }
    }
}

#[test]
fn any_order_of_arrival_gives_the_same_clock_to_the_letter() {
    for seed in 0..seeds() {
        let mut chance = Chance(seed ^ 0x0A11);
        let world = World::new(&mut chance);
        let in_order = format!("{:?}", replayed(&world, &world.course));
        let mut shuffled = world.course.clone();
        for _ in 0..3 {
            chance.shuffle(&mut shuffled);
            let entries: Vec<Entry> =
                shuffled.iter().filter_map(|deed| world.entry(deed)).chain([world.opening()]).collect();
            let terms = Terms { rule: &world.rule, calendar: &world.almanac.calendar };
            assert_eq!(in_order, format!("{:?}", replay(&entries, terms).unwrap()), "seed {seed}");
        }
    }
}
