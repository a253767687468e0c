//! The runs of a clock that repeats, by hand.

use jiff::Timestamp;
use ventanilla_sla_monitor_domain::catalogue::Switches;
use ventanilla_sla_monitor_domain::clock::{Life, Terms, lives};
use ventanilla_sla_monitor_domain::condition::Metric;
use ventanilla_sla_monitor_domain::policy::{Filter, Measure};
use ventanilla_sla_monitor_domain::{Catalogue, Entry, Happening, Rule, Term};

const HOUR: i64 = 3_600_000_000;

fn hour(hour: i64) -> Timestamp {
    Timestamp::from_second(1_772_000_000 + hour * 3_600).unwrap()
}

/// A run in hours: from, until, met, counted and due.
type Told = (i64, Option<i64>, bool, i64, Option<i64>);

/// The runs of a clock of this metric with a term of ten hours, as they stand at an hour.
fn runs(metric: Metric, entries: &[(i64, Happening)], now: i64) -> Vec<Told> {
    let catalogue = Catalogue::embedded(&Switches::new()).unwrap();
    let rule = catalogue.rule("house.incident.resolution").unwrap().clone();
    let measure = Measure {
        metric,
        conditions: metric.conditions(),
        filter: Filter::default(),
        rank: 1,
        calendar: None,
        retroactive_start: false,
        retroactive_pause: false,
        calls: None,
        from: Timestamp::MIN,
        until: None,
    };
    let rule = Rule { term: Some(Term::Minutes(600)), measure: Some(measure), ..rule };
    let terms = Terms { rule: &rule, calendar: catalogue.calendar("es.madrid").unwrap() };
    let entries: Vec<Entry> = entries.iter().map(|(at, what)| Entry { at: hour(*at), what: what.clone() }).collect();
    let in_hours = |at: Timestamp| (at.as_second() - 1_772_000_000) / 3_600;
    let told = |life: &Life| {
        let due = life.due.filter(|_| !life.stands()).map(in_hours);
        (in_hours(life.from), life.until.map(in_hours), life.met, life.age(hour(now)) / HOUR, due)
    };
    lives(&entries, terms).unwrap().iter().map(told).collect()
}

#[test]
fn each_next_reply_is_a_run_of_its_own_and_the_silence_between_is_none() {
    use Happening::{Awaited, Begun, Closed, Fulfilled};
    let entries = [
        (0, Awaited),
        (5, Begun),
        (7, Fulfilled),
        (30, Begun),
        (31, Begun),
        (42, Fulfilled),
        (90, Begun),
        (93, Closed),
    ];
    let expected =
        [(5, Some(7), true, 2, Some(15)), (30, Some(42), true, 12, Some(40)), (90, Some(93), true, 3, Some(100))];
    assert_eq!(runs(Metric::NextReply, &entries, 100), expected);
    assert_eq!(runs(Metric::NextReply, &entries[..1], 100), []);
    assert_eq!(runs(Metric::NextReply, &entries[..2], 9), [(5, None, false, 4, Some(15))]);
}

#[test]
fn each_word_of_the_house_meets_one_update_and_begins_the_next() {
    use Happening::{Awaited, Cancelled, Renewed};
    let entries = [(0, Awaited), (1, Renewed), (4, Renewed), (20, Renewed), (25, Cancelled)];
    let expected =
        [(1, Some(4), true, 3, Some(11)), (4, Some(20), true, 16, Some(14)), (20, Some(25), false, 5, Some(30))];
    assert_eq!(runs(Metric::PeriodicUpdate, &entries, 100), expected);
}

#[test]
fn what_stood_still_is_of_no_age_and_makes_no_term_longer() {
    use Happening::{Awaited, Hindered, Renewed, Unhindered};
    let waits = || Hindered("waits_for_customer".to_owned());
    let entries = [(0, Awaited), (1, Renewed), (3, waits()), (53, Unhindered), (57, Renewed), (58, waits())];
    // Two hours, fifty of standing still, and four.
    let expected = [(1, Some(57), true, 6, Some(61)), (57, None, false, 1, None)];
    assert_eq!(runs(Metric::PausableUpdate, &entries, 99), expected);
}
