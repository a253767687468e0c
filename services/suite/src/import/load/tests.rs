use tonic_types::ErrorDetails;

use super::*;
use crate::import::read::EventLog;

fn case(events: usize) -> Case {
    let event = |i: usize| Event {
        activity: format!("A{i}"),
        at: jiff::Timestamp::from_second(1_270_000_000 + i64::try_from(i).unwrap()).unwrap(),
    };
    Case { id: "1-36".to_owned(), events: (0..events).map(event).collect() }
}

fn steps(events: usize) -> Vec<(i64, String)> {
    let what = |step: &HistoryStep| match step.step.as_ref().unwrap() {
        Step::Transition(transition) => transition.to_state().as_str_name().to_owned(),
        Step::EnteredStep(step) => step.clone(),
        Step::Message(_) | Step::Answer(_) => panic!("a log tells of neither"),
    };
    let case = case(events);
    let log = EventLog { cases: vec![case.clone()], bad_lines: Vec::new() };
    let history = history(&case, "customers/x".to_owned(), &Steps::of(&log, std::path::Path::new("log.csv")));
    history.steps.iter().map(|s| (s.occurred_time.unwrap().seconds - 1_270_000_000, what(s))).collect()
}

#[test]
fn the_second_event_begins_the_work_the_last_ends_it_and_each_enters_its_step() {
    let (begins, ends) = ("TICKET_STATE_IN_PROGRESS", "TICKET_STATE_RESOLVED");
    let told = |lines: &[(i64, &str)]| lines.iter().map(|(at, what)| (*at, (*what).to_owned())).collect::<Vec<_>>();
    assert_eq!(steps(1), told(&[(0, "a0"), (0, begins), (0, ends)]));
    assert_eq!(steps(2), told(&[(0, "a0"), (1, begins), (1, "a1"), (1, ends)]));
    assert_eq!(steps(3), told(&[(0, "a0"), (1, begins), (1, "a1"), (2, "a2"), (2, ends)]));
}

#[test]
fn a_refusal_names_the_cases_that_stand_in_the_way() {
    let mut details = ErrorDetails::new();
    details.add_bad_request_violation("histories[3].steps[1]", "the ticket is closed");
    details.add_bad_request_violation("histories[3].ticket.subject", "must have 1 to 200 characters");
    details.add_bad_request_violation("histories[7].external_id", "is required");
    let status = Status::with_error_details(Code::InvalidArgument, "3 fields", details);
    let named = named(&status);
    assert_eq!(named.keys().copied().collect::<Vec<_>>(), [3, 7]);
    assert_eq!(named[&3], "steps[1]: the ticket is closed; ticket.subject: must have 1 to 200 characters");
}
