use jiff::Timestamp;

use super::*;
use crate::import::read::{Case, Event};

/// Cases of activities that are single letters.
fn log(cases: &[&str]) -> EventLog {
    let event = |(i, c): (usize, char)| Event {
        activity: c.to_string(),
        at: Timestamp::from_second(1_270_000_000 + i64::try_from(i).unwrap()).unwrap(),
    };
    let case = |(i, letters): (usize, &&str)| Case {
        id: i.to_string(),
        events: letters.chars().enumerate().map(event).collect(),
    };
    EventLog { cases: cases.iter().enumerate().map(case).collect(), bad_lines: Vec::new() }
}

/// The map as lines: id, what follows, where affairs begin and end.
fn drawn(log: &EventLog) -> Vec<String> {
    let line = |step: pb::ProcessStep| {
        let (begins, ends) = (if step.may_begin { ">" } else { "" }, if step.may_end { "." } else { "" });
        format!("{begins}{}{ends} {}", step.id, step.next.join(","))
    };
    draw(log, &Steps::of(log, Path::new("log.csv"))).into_iter().map(line).collect()
}

#[test]
fn what_most_cases_do_is_the_map_and_what_few_do_is_not() {
    let mut cases = vec!["abbc"; 95];
    cases.extend(["acb"; 5]);
    assert_eq!(drawn(&log(&cases)), [">a b", "b c", "c. b"], "b after c is the only way out of c that there is");
}

#[test]
fn a_step_that_few_come_to_keeps_the_way_it_has() {
    let mut cases = vec!["ab"; 99];
    cases.push("axyb");
    assert_eq!(drawn(&log(&cases)), [">a b,x", "b. ", "x y", "y b"]);
}

#[test]
fn a_log_of_one_activity_begins_and_ends_with_it() {
    assert_eq!(drawn(&log(&["a", "aaa"])), [">a. "]);
}

#[test]
fn a_case_like_no_other_begins_and_ends_where_it_does() {
    let mut cases = vec!["ab"; 99];
    cases.push("z");
    assert_eq!(drawn(&log(&cases)), [">a b", "b. ", ">z. "]);
}

#[test]
fn steps_are_named_as_activities_are_and_each_by_itself() {
    let event = |label: &str| Event { activity: label.to_owned(), at: Timestamp::UNIX_EPOCH };
    let labels = ["1", "Accepted/In Progress", "accepted in progress", "¡!", "-", &"x".repeat(80), &"x".repeat(81)];
    let case = Case { id: "c".to_owned(), events: labels.iter().map(|label| event(label)).collect() };
    let steps = Steps::of(&EventLog { cases: vec![case], bad_lines: Vec::new() }, Path::new("2013 log.csv"));
    let ids: Vec<&str> = labels.iter().map(|label| steps.id(label)).collect();
    let long = "x".repeat(61);
    assert_eq!(
        ids,
        [
            "step-1",
            "accepted-in-progress",
            "accepted-in-progress-2",
            "step-2",
            "step",
            &"x".repeat(63),
            &format!("{long}-2")
        ]
    );
    assert_eq!(steps.topic(), "log-2013-log");
}
