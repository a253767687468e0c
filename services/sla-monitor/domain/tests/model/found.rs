//! What the model found, each as small as it can be told.

use jiff::Timestamp;
use ventanilla_sla_monitor_domain::affair::{Event, Happened, unknown_to};
use ventanilla_sla_monitor_domain::clock::{Terms, is_said};
use ventanilla_sla_monitor_domain::condition::{Metric, Occasion};
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

/// The state of the time to the next reply, two hours, of an affair that was answered at eleven and resolved at noon.
fn next_reply(after: &[(&str, Event)]) -> Replay {
    let rule = of(Metric::NextReply, Term::Minutes(120));
    let before = [("02T10:30", Event::CustomerWrote), ("02T11:00", Event::Answered), ("02T12:00", Event::Resolved)];
    clock(&rule, "02T10:00", &[&before, after].concat())
}

#[test]
fn a_word_of_the_customer_that_an_affair_is_reopened_for_asks_for_a_reply_from_when_it_was_said() {
    let word = ("02T13:00", Event::CustomerWrote);
    let resolved = next_reply(std::slice::from_ref(&word));
    assert!(matches!(resolved.state, State::Fulfilled { .. }), "while it is resolved nobody is owed: {resolved:?}");
    for more in [vec![], vec![("02T13:10", Event::CustomerWrote)]] {
        let after = [vec![word.clone()], more, vec![("02T13:30", Event::Reopened)]].concat();
        assert_eq!(next_reply(&after).state, running("02T15:00"), "the oldest unanswered word counts");
        assert_eq!(next_reply(&after).epoch, 2);
    }
    assert!(matches!(next_reply(&[("02T13:30", Event::Reopened)]).state, State::Fulfilled { .. }), "nobody asked");
}

#[test]
fn a_reply_that_would_have_been_due_while_the_affair_was_resolved_is_owed_from_the_reopening() {
    let after = [("02T13:00", Event::CustomerWrote), ("02T15:00", Event::Reopened)];
    assert_eq!(next_reply(&after).state, running("02T15:00"), "at the due instant is in time");
    let after = [("02T13:00", Event::CustomerWrote), ("02T15:01", Event::Reopened)];
    assert_eq!(next_reply(&after).state, running("02T17:01"));
    assert_eq!(next_reply(&after).breaches, [], "nobody owed it before");
}

#[test]
fn what_the_house_answered_while_the_affair_was_resolved_is_not_asked_for_again() {
    let answered = [("02T13:00", Event::CustomerWrote), ("02T13:10", Event::Answered), ("02T13:30", Event::Reopened)];
    assert!(matches!(next_reply(&answered).state, State::Fulfilled { .. }));
    let again = [&answered[..2], &[("02T13:20", Event::CustomerWrote), ("02T13:30", Event::Reopened)]].concat();
    assert_eq!(next_reply(&again).state, running("02T15:20"));
    // Nor is the first word, where it was given while the affair was resolved.
    let rule = of(Metric::FirstReply, Term::Minutes(120));
    let course = [("02T10:30", Event::Resolved), ("02T10:40", Event::Answered), ("02T10:50", Event::Reopened)];
    assert!(matches!(clock(&rule, "02T10:00", &course).state, State::Fulfilled { .. }));
    assert_eq!(clock(&rule, "02T10:00", &[course[0].clone(), course[2].clone()]).state, running("02T12:00"));
}

#[test]
fn the_time_to_the_next_update_starts_with_the_first_word_after_a_reopening_or_a_withdrawal() {
    let rule = of(Metric::PeriodicUpdate, Term::Minutes(120));
    let reopened = [("02T11:00", Event::Resolved), ("02T12:00", Event::Reopened)];
    let waiting = clock(&rule, "02T10:00", &reopened);
    assert!(matches!(waiting.state, State::Scheduled { .. }), "it waits again: {waiting:?}");
    let word = [("02T13:00", Event::Answered)];
    assert_eq!(clock(&rule, "02T10:00", &[&reopened[..], &word].concat()).state, running("02T15:00"));
    let withdrawn = [("02T11:00", Event::Answered), ("02T12:00", Event::Cancelled)];
    assert_eq!(clock(&rule, "02T10:00", &[&withdrawn[..], &word].concat()).state, running("02T15:00"));
    // A word while it was resolved is the one that the next is counted from.
    let meanwhile = [("02T11:00", Event::Answered), reopened[0].clone(), ("02T11:30", Event::Answered)];
    let meanwhile = [&meanwhile[..], &reopened[1..]].concat();
    assert_eq!(clock(&rule, "02T10:00", &meanwhile[1..]).state, running("02T13:30"));
}

#[test]
fn what_is_renewed_alone_begins_nothing_that_had_ended() {
    let mut rule = of(Metric::FirstReply, Term::Minutes(120));
    rule.measure.as_mut().unwrap().conditions.reset = vec![Occasion::CustomerWrote];
    let course = [("02T11:00", Event::Answered), ("02T12:00", Event::CustomerWrote)];
    assert!(matches!(clock(&rule, "02T10:00", &course).state, State::Fulfilled { .. }));
}

#[test]
fn a_receipt_that_starts_and_resets_starts_the_clock() {
    let mut rule = of(Metric::FirstReply, Term::Minutes(120));
    rule.measure.as_mut().unwrap().conditions.reset = vec![Occasion::Received];
    assert_eq!(clock(&rule, "02T10:00", &[]).state, running("02T12:00"));
}

#[test]
fn what_happens_again_at_one_instant_after_something_else_did_happened_twice() {
    let rule = with(of(Metric::Resolution, Term::Minutes(120)), Does::Pause);
    let noon = "02T11:00";
    let course = [(noon, waits()), (noon, Event::Works), (noon, waits())];
    let twice = clock(&rule, "02T10:00", &course);
    assert!(matches!(twice.state, State::Paused { .. }), "it waits again: {twice:?}");
    assert_eq!(clock(&rule, "02T10:00", &course[..2]).state, running("02T12:00"));
    // The same word twice is one, and nothing is known that was not said.
    let [wait, work, _] = course.map(|(at_, event)| Entry { at: at(at_), what: event.to_clock_of(&rule).unwrap() });
    let said = [wait.clone(), work.clone()];
    assert!(is_said(&said, &work) && !is_said(&said, &wait));
    let history = history(&[(noon, waits()), (noon, Event::Works), (noon, waits())]);
    assert_eq!(unknown_to(&rule, &history, &said), std::slice::from_ref(&wait));
    assert_eq!(unknown_to(&rule, &history, &[wait.clone(), work, wait]), []);
}
