//! The trace of who calls over REST. What a process lets out is recorded for the process: this one has no other test.

use std::time::Duration;

use http::{Method, StatusCode};
use http_body_util::Full;
use kernel::Role;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::people::Person;
use ventanilla_tests::scene::recording::record;

/// How long anything may take to come about by itself.
const LIMIT: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trace_of_who_calls_over_rest_goes_on_in_the_service_and_a_refusal_names_it() {
    let recording = record();
    let scene = Scene::fresh().await;
    let rest = scene.rest().await;
    let affair = Affair::of(&scene, Person::numbered(51_000_001));
    let customer = affair.arrive().await.expect("they arrive").customer;
    let agent = scene.person_token("agent-7", &[Role::Agent], Some("billing"));
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let get = |path: String| {
        let request = rest.request(Method::GET, &path, Some(&agent));
        let request = request.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01"));
        rest.send(request.body(Full::default()).unwrap())
    };
    let answer = get(format!("/v1/{customer}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.json());
    let told = answer.headers["traceresponse"].to_str().unwrap();
    assert!(told.contains(trace), "{told}");
    let path = recording.wait_for(LIMIT, |_| {
        let spans = recording.of_trace(trace);
        let named = |name: &str| spans.iter().find(|span| span.name.contains(name));
        let (window, _, _) =
            (named("GET /v1/{name=customers/*}")?, named("CustomerService/GetCustomer")?, named("db.")?);
        Some(window.parent_span_id.to_string())
    });
    let caller = path.await.unwrap_or_else(|| panic!("the trace goes on: {:?}", recording.of_trace(trace)));
    assert_eq!(caller, "00f067aa0ba902b7", "the window's span is a child of the caller's");

    let refused = get("/v1/customers/0190a000-0000-7000-8000-0000000000aa".to_owned()).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
    assert_eq!(refused.json()["instance"], format!("urn:ventanilla:trace:{trace}"), "{:?}", refused.json());
    rest.stop();
    scene.stop().await.expect("the services end well");
}
