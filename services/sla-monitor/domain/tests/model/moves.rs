//! What may be left out of a clock's entries. Of word that comes in order, what moved nothing may be; of word that comes late, nothing may: what
//! moved nothing when it came moves something once what was before it is known.

use jiff::Timestamp;
use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::clock::Terms;
use ventanilla_sla_monitor_domain::{Catalogue, Entry, Happening, Replay, State, replay};

use crate::chance::Chance;
use crate::seeds;
use crate::world::World;

/// The entries that are left when each that moves nothing as it comes is dropped. A clock that is put back into its affair is told all that it missed
/// from the history of the affair, which nothing is dropped from.
fn kept(opening: &Entry, arriving: &[Entry], terms: Terms<'_>) -> Vec<Entry> {
    let mut kept = vec![opening.clone()];
    let take = |kept: &mut Vec<Entry>, entry: &Entry| {
        let before = replay(kept, terms).unwrap();
        kept.push(entry.clone());
        let moved = replay(kept, terms).unwrap().moved_from(&before);
        if moved.is_none() && !matches!(entry.what, Happening::Displaced | Happening::Reinstated) {
            kept.pop();
        }
    };
    for (n, entry) in arriving.iter().enumerate() {
        take(&mut kept, entry);
        if entry.what == Happening::Reinstated {
            for missed in &arriving[..n] {
                if !kept.contains(missed) {
                    take(&mut kept, missed);
                }
            }
        }
    }
    kept
}

/// The clock without the verdict on a run that goes on: who asks is told of that by the hour.
fn apart_from_the_hour(mut replayed: Replay) -> Replay {
    if let State::Running { .. } = replayed.state {
        replayed.breaches.retain(|breach| breach.epoch != replayed.epoch);
    }
    replayed
}

#[test]
fn of_what_comes_in_order_the_moves_alone_make_the_clock() {
    for seed in 0..seeds() {
        let mut chance = Chance(seed ^ 0x307E);
        let world = World::new(&mut chance);
        let terms = Terms { rule: &world.rule, calendar: &world.almanac.calendar };
        // What was before the receipt and is told after it comes late.
        let in_order: Vec<Entry> =
            world.course.iter().filter(|(at, _)| *at > world.first).filter_map(|deed| world.entry(deed)).collect();
        let all: Vec<Entry> = std::iter::once(world.opening()).chain(in_order.iter().cloned()).collect();
        let moves = kept(&world.opening(), &in_order, terms);
        let clocks = [&all, &moves].map(|entries| apart_from_the_hour(replay(entries, terms).unwrap()));
        assert_eq!(clocks[0], clocks[1], "seed {seed}: {all:?}");
    }
}

/// All that arrives at a clock of law, as instants and what was told, and whether the moves alone make it.
fn moves_suffice(rule: &str, arriving: &[(&str, Happening)]) -> bool {
    let catalogue = Catalogue::embedded(&Switches::new()).unwrap();
    let terms = Terms { rule: catalogue.rule(rule).unwrap(), calendar: catalogue.calendar("es.madrid").unwrap() };
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let opening = Entry { at: at("2026-03-02T10:00:00+01:00"), what: Happening::Started };
    let arriving: Vec<Entry> = arriving.iter().map(|(when, what)| Entry { at: at(when), what: what.clone() }).collect();
    let all: Vec<Entry> = std::iter::once(opening.clone()).chain(arriving.iter().cloned()).collect();
    replay(&all, terms).unwrap().state == replay(&kept(&opening, &arriving, terms), terms).unwrap().state
}

#[test]
fn work_told_before_the_wait_it_ended_must_be_kept_though_it_moved_nothing() {
    let wait = ("2026-03-04T10:00:00+01:00", Happening::Hindered("documents_missing".to_owned()));
    let work = ("2026-03-09T10:00:00+01:00", Happening::Unhindered);
    for law in ["es.l10-2025.17-1.resolve", "es.fin.29septies-1.decide"] {
        assert!(moves_suffice(law, &[wait.clone(), work.clone()]));
        assert!(!moves_suffice(law, &[work.clone(), wait.clone()]), "without the work {law} stands still for good");
    }
}

#[test]
fn a_second_resolution_told_before_the_reopening_between_must_be_kept_though_it_moved_nothing() {
    let first = ("2026-03-04T10:00:00+01:00", Happening::Fulfilled);
    let reopened = ("2026-03-05T10:00:00+01:00", Happening::Reopened);
    let second = ("2026-03-06T10:00:00+01:00", Happening::Fulfilled);
    let law = "es.l10-2025.17-1.resolve";
    assert!(moves_suffice(law, &[first.clone(), reopened.clone(), second.clone()]));
    assert!(
        !moves_suffice(law, &[first, second, reopened]),
        "without the second resolution it runs on, and is breached"
    );
}
