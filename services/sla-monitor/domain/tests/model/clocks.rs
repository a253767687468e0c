//! Courses of thirty days: what is replayed is what the model says, whenever word of it came.

use ventanilla_sla_monitor_domain::clock::{Life, Terms, lives};
use ventanilla_sla_monitor_domain::{Entry, Happening, Replay, State, replay};

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

/// What a run came to, told from the clock after each of its entries: origin, end, met, and how long it counted.
type Told = (jiff::Timestamp, Option<jiff::Timestamp>, bool, i64);

fn standing_still(replayed: &Replay, until: jiff::Timestamp) -> i64 {
    let closed: i64 = replayed.pauses.iter().map(|p| p.to.as_microsecond() - p.from.as_microsecond()).sum();
    match &replayed.state {
        State::Paused { since, .. } | State::Scheduled { since, .. } => {
            closed + (until.as_microsecond() - since.as_microsecond().max(replayed.origin.as_microsecond())).max(0)
        }
        _ => closed,
    }
}

/// The runs, from the clocks that ever longer beginnings of the same entries make.
fn told_by_beginnings(entries: &[Entry], terms: Terms<'_>, now: jiff::Timestamp) -> Vec<Told> {
    let mut runs: Vec<(i32, Told)> = Vec::new();
    let mut before: Option<Replay> = None;
    for n in 1..=entries.len() {
        let clock = replay(&entries[..n], terms).unwrap();
        let entry = &entries[n - 1];
        let never_ran = matches!(&clock.state, State::Scheduled { ground, .. } if ground == "still_to_start")
            || (runs.is_empty() && matches!(clock.state, State::Cancelled { .. }));
        if never_ran && runs.is_empty() {
            before = Some(clock);
            continue;
        }
        let begins = runs.last().is_none_or(|(epoch, _)| *epoch != clock.epoch);
        if let (true, Some((_, last)), Some(before)) = (begins, runs.last_mut(), &before)
            && last.1.is_none()
        {
            let counted = entry.at.as_microsecond() - last.0.as_microsecond() - standing_still(before, entry.at);
            *last = (last.0, Some(entry.at), matches!(entry.what, Happening::Renewed | Happening::BegunAnew), counted);
        }
        let (until, met) = match clock.state {
            State::Fulfilled { at, .. } => (Some(at), true),
            State::Cancelled { at } => (Some(at), false),
            _ => (None, false),
        };
        let mut still = standing_still(&clock, until.unwrap_or(now));
        if let (State::Cancelled { at }, Some(before)) = (&clock.state, &before) {
            still = standing_still(before, *at);
        }
        let end = until.unwrap_or(now).as_microsecond();
        let ended = before.as_ref().is_some_and(|b| b.state.settled().is_some()) && !begins && until.is_some();
        if begins {
            runs.push((clock.epoch, (clock.origin, until, met, end - clock.origin.as_microsecond() - still)));
        } else if let (false, Some((_, last))) = (ended, runs.last_mut()) {
            *last = (last.0, until, met, end - last.0.as_microsecond() - still);
        }
        before = Some(clock);
    }
    // One that was cancelled before it was received never counted.
    runs.into_iter().map(|(_, (from, until, met, counted))| (from, until, met, counted.max(0))).collect()
}

#[test]
fn every_run_of_a_clock_is_told_with_how_long_it_counted_and_whether_it_was_met() {
    let (mut several, mut stood_still) = (0, 0);
    for seed in 0..seeds() {
        let mut chance = Chance(seed);
        let world = World::new(&mut chance);
        let terms = Terms { rule: &world.rule, calendar: &world.almanac.calendar };
        let mut entries: Vec<Entry> = world.course.iter().filter_map(|deed| world.entry(deed)).collect();
        // What takes a clock out of the law for a while is taken back as if it had never been: no beginning shows that.
        entries.retain(|entry| !matches!(entry.what, Happening::Displaced | Happening::Reinstated));
        entries.sort_by_key(|entry| entry.at);
        entries.insert(0, world.opening());
        entries.dedup();
        let last = entries.iter().map(|entry| entry.at).max().unwrap();
        let now = last + jiff::SignedDuration::from_secs(chance.between(0, 40 * DAY * 60));
        let told = |life: &Life| (life.from, life.until, life.met, life.age(now));
        let ours: Vec<Told> = lives(&entries, terms).unwrap().iter().map(told).collect();
        assert_eq!(ours, told_by_beginnings(&entries, terms, now), "seed {seed}: {entries:?}");
        several += u32::from(ours.len() > 1);
        stood_still += u32::from(lives(&entries, terms).unwrap().iter().any(|life| life.still(now) > 0));
    }
    assert!(several > 10 && stood_still > 10, "{several} {stood_still}");
}
