//! What the model found, each as small as it can be told.

use jiff::Timestamp;
use ventanilla_sla_monitor_domain::affair::{Event, Happened};
use ventanilla_sla_monitor_domain::clock::Terms;
use ventanilla_sla_monitor_domain::condition::Metric;
use ventanilla_sla_monitor_domain::policy::{Opened, entries_of};
use ventanilla_sla_monitor_domain::rule::{Does, Effect};
use ventanilla_sla_monitor_domain::{Entry, Happening, Replay, Rule, State, Term, replay};

use crate::almanac::CATALOGUE;
use crate::chance::Chance;
use crate::world::policy;

fn at(text: &str) -> Timestamp {
    format!("2026-03-{text}:00Z").parse().unwrap()
}

fn of(metric: Metric, term: Term) -> Rule {
    let mut rule = policy(&mut Chance(1));
    let measure = rule.measure.as_mut().unwrap();
    (measure.metric, measure.conditions) = (metric, metric.conditions());
    Rule { term: Some(term), effects: Vec::new(), warnings: Vec::new(), ..rule }
}

fn waits() -> Event {
    Event::Waits("third_party".to_owned())
}

fn with(rule: Rule, does: Does) -> Rule {
    let effect = Effect { on: "third_party".to_owned(), grounds: vec!["third_party".to_owned()], does };
    Rule { effects: vec![effect], ..rule }
}

fn history(happened: &[(&str, Event)]) -> Vec<Happened> {
    happened.iter().map(|(text, event)| Happened { at: at(text), event: event.clone() }).collect()
}

fn replayed(rule: &Rule, entries: &[Entry]) -> Replay {
    replay(entries, Terms { rule, calendar: CATALOGUE.calendar("es.madrid").unwrap() }).unwrap()
}

/// A clock of an affair that was received on 2 March at ten and that the rule comes to hold for at an instant.
fn clock(rule: &Rule, applied: &str, happened: &[(&str, Event)]) -> Replay {
    let opened = Opened { received: at("02T10:00"), department: "claims" };
    let terms = Terms { rule, calendar: CATALOGUE.calendar("es.madrid").unwrap() };
    replayed(rule, &entries_of(terms, &opened, &history(happened), at(applied)).unwrap())
}

fn running(until: &str) -> State {
    State::Running { due: at(until) }
}

#[test]
fn a_condition_to_stand_still_needs_no_effect_that_says_so_again() {
    let rule = of(Metric::RequesterWait, Term::Minutes(120));
    let waiting = clock(&rule, "02T10:00", &[("02T11:00", waits())]);
    let ground = "waits_for_customer".to_owned();
    assert_eq!(waiting.state, State::Paused { ground, since: at("02T11:00") });
    let written = clock(&rule, "02T10:00", &[("02T11:00", waits()), ("02T15:00", Event::CustomerWrote)]);
    assert_eq!(written.state, running("02T16:00"));
}

#[test]
fn work_that_starts_a_clock_also_makes_it_go_on() {
    let rule = of(Metric::AgentWork, Term::Minutes(120));
    let course = [("02T11:00", Event::Works), ("02T12:00", waits()), ("02T15:00", Event::Works)];
    assert_eq!(clock(&rule, "02T10:00", &course).state, running("02T16:00"));
    assert_eq!(clock(&rule, "02T10:00", &course).epoch, 1);
    // So it does where it stood still on a ground of an effect.
    assert_eq!(clock(&with(rule, Does::Restart), "02T10:00", &course).state, running("02T17:00"));
}

#[test]
fn word_of_the_same_reset_twice_is_one_run_and_not_two() {
    let rule = of(Metric::PeriodicUpdate, Term::Minutes(120));
    let once = [("02T11:00", Event::Answered), ("02T12:00", Event::Answered)];
    let twice = [once[0].clone(), once[1].clone(), once[1].clone()];
    assert_eq!(clock(&rule, "02T10:00", &once), clock(&rule, "02T10:00", &twice));
    assert_eq!(clock(&rule, "02T10:00", &twice).epoch, 2);
}

#[test]
fn what_stood_still_before_the_receipt_takes_no_time_from_the_term_nor_adds_any() {
    let rule = with(of(Metric::Resolution, Term::Minutes(120)), Does::Pause);
    let entry = |text: &str, what| Entry { at: at(text), what };
    let entries = [
        entry("02T09:00", Happening::Hindered("third_party".to_owned())),
        entry("02T10:00", Happening::Started),
        entry("02T11:00", Happening::Unhindered),
    ];
    assert_eq!(replayed(&rule, &entries).state, running("02T13:00"));
}

#[test]
fn an_extension_before_a_policy_came_to_hold_is_no_standing_still() {
    let longer = Does::Extend { max_total: Term::Minutes(6_000) };
    let mut rule = with(of(Metric::Resolution, Term::Minutes(3_000)), longer);
    let course = [("02T11:00", waits())];
    let mut due = |retroactive_start, retroactive_pause| {
        let measure = rule.measure.as_mut().unwrap();
        (measure.retroactive_start, measure.retroactive_pause) = (retroactive_start, retroactive_pause);
        clock(&rule, "03T10:00", &course).state
    };
    assert_eq!(due(true, true), running("06T14:00"));
    assert_eq!(due(true, false), running("06T14:00"));
    assert_eq!(due(false, false), running("05T12:00"), "it was of another clock");
    let mut at_work = with(of(Metric::Resolution, Term::Minutes(3_000)), longer);
    at_work.measure.as_mut().unwrap().retroactive_pause = false;
    let course = [("02T11:00", waits()), ("02T12:00", Event::Works)];
    assert_eq!(clock(&at_work, "03T10:00", &course).state, running("06T14:00"));
}

#[test]
fn a_policy_that_comes_to_hold_after_the_customer_wrote_does_not_wait_for_them() {
    let mut rule = of(Metric::RequesterWait, Term::Minutes(120));
    rule.measure.as_mut().unwrap().retroactive_start = false;
    let course = [("02T11:00", waits()), ("02T12:00", Event::CustomerWrote)];
    assert_eq!(clock(&rule, "03T10:00", &course).state, running("03T12:00"));
    assert!(matches!(clock(&rule, "03T10:00", &course[..1]).state, State::Paused { .. }));
}
