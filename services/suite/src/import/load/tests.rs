use tonic_types::ErrorDetails;

use super::*;

fn case(events: usize) -> Case {
    let event = |i: usize| Event {
        activity: format!("A{i}"),
        at: jiff::Timestamp::from_second(1_270_000_000 + i64::try_from(i).unwrap()).unwrap(),
    };
    Case { id: "1-36".to_owned(), events: (0..events).map(event).collect() }
}

fn steps(events: usize) -> Vec<(i64, &'static str)> {
    let what = |step: &HistoryStep| match step.step.as_ref().unwrap() {
        Step::Transition(transition) => transition.to_state().as_str_name(),
        Step::Message(_) => "note",
        Step::Answer(_) => "answer",
    };
    let history = history(&case(events), "customers/x".to_owned());
    history.steps.iter().map(|s| (s.occurred_time.unwrap().seconds - 1_270_000_000, what(s))).collect()
}

#[test]
fn the_second_event_begins_the_work_and_the_last_ends_it() {
    assert_eq!(steps(1), [(0, "TICKET_STATE_IN_PROGRESS"), (0, "TICKET_STATE_RESOLVED")]);
    assert_eq!(steps(2), [(1, "TICKET_STATE_IN_PROGRESS"), (1, "TICKET_STATE_RESOLVED")]);
    assert_eq!(steps(4), [(1, "TICKET_STATE_IN_PROGRESS"), (1, "note"), (2, "note"), (3, "TICKET_STATE_RESOLVED")]);
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
