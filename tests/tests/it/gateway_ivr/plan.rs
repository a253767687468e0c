//! What the dial plan of `deploy/ivr` says, held against the gateway and the session that was recorded.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{exchange, session};

#[test]
fn a_recorded_session_asks_everything_that_the_plan_does_and_is_told_everything_that_it_reads() {
    let asked: Vec<_> = session::recorded().calls.into_iter().flat_map(|call| call.asked).collect();
    let facts: BTreeSet<&str> = asked.iter().flat_map(|asked| &asked.facts).map(String::as_str).collect();
    for fact in session::read_by_the_plan() {
        assert!(facts.contains(fact.as_str()), "the plan reads {fact}, which no answer of the session holds");
    }
    let questions = session::asked_by_the_plan();
    assert_eq!(questions.len(), 6, "{questions:?}");
    for (question, fields) in questions {
        let path = format!("/ivr/v1/{question}");
        let sent = asked.iter().find(|asked| asked.path == path);
        let sent = sent.unwrap_or_else(|| panic!("the plan asks {question}, and the session does not"));
        for field in fields.iter().map(String::as_str).chain(["call", "phone", "lang"]) {
            assert!(sent.fields.contains_key(field), "{question} is asked with {field}");
        }
    }
}

#[test]
fn the_dial_plan_waits_longer_than_an_answer_takes() {
    let plan = exchange::plan();
    let waits = |what: &str| {
        let set = plan.lines().find_map(|line| line.trim().strip_prefix(&format!("same => n,Set(CURLOPT({what})=")));
        let seconds = set.and_then(|rest| rest.strip_suffix(')')).and_then(|seconds| seconds.parse::<u64>().ok());
        Duration::from_secs(seconds.unwrap_or_else(|| panic!("the plan says no {what}")))
    };
    // What is not there within the limit is answered without it, and that answer has to arrive.
    let takes = Duration::from_millis(ivr::Settings::default().limit_ms);
    assert!(takes + Duration::from_millis(100) <= waits("httptimeout"), "{takes:?}");
    assert!(waits("conntimeout") <= waits("httptimeout"));
    let told = include_str!("../../../../deploy/ivr/README.md");
    assert!(
        told.contains(&format!("There is an answer within {} s", takes.as_secs_f64())),
        "{takes:?} is what the guide says"
    );
}

#[test]
fn the_dial_plan_asks_where_the_gateway_listens() {
    let port = gateway::DEFAULTS.lines().find_map(|line| line.strip_prefix("listen = \"127.0.0.1:"));
    let port = port.and_then(|rest| rest.split('"').next()).expect("the gateway listens somewhere");
    let asked = format!("VENTANILLA_URL=http://127.0.0.1:{port}");
    assert!(exchange::plan().lines().any(|line| line == asked), "{asked} is not in the plan");
}
