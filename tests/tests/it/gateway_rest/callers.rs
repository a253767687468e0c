//! How much one person or system takes over REST.

use http::{Method, StatusCode};
use http_body_util::Full;
use kernel::Role;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::rest::{Answer, Rest};

/// Asks for an affair that is not there.
async fn asked(rest: &Rest, token: Option<&str>) -> Answer {
    rest.get("/v1/tickets/0190a000-0000-7000-8000-0000000000aa", token).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_calls_too_much_is_told_when_to_come_back_and_takes_no_call_from_another() {
    let scene = Scene::fresh().await;
    let few = edge::LimitSettings { call: edge::Rate { burst: 3, per_minute: 1 }, ..edge::LimitSettings::default() };
    let rest = scene.rest_that_takes(rest::Settings::default(), few).await;
    let crm = scene.person_token("crm-1", &[Role::Crm], None);
    let agent = scene.person_token("agent-7", &[Role::Agent], Some("billing"));
    // All at once, so that none is answered before the last is asked.
    let calls = futures::future::join_all((0..8).map(|_| asked(&rest, Some(&crm)))).await;
    let told = |status: StatusCode| calls.iter().filter(|answer| answer.status == status).count();
    assert_eq!((told(StatusCode::NOT_FOUND), told(StatusCode::TOO_MANY_REQUESTS)), (3, 5), "{calls:?}");
    let late = asked(&rest, Some(&crm)).await;
    assert_eq!((late.status, late.reason().as_str()), (StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED"));
    assert_eq!(late.header("content-type"), "application/problem+json");
    let wait: u64 = late.header("retry-after").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    // Whatever it sends: no body is waited for, and a stream is a call too.
    for (method, path) in [(Method::POST, "/v1/tickets"), (Method::GET, "/v1/tickets:watch")] {
        let request = rest.request(method, path, Some(&crm)).header("content-type", "application/json");
        let answer = rest.send(request.body(Full::from("{}")).expect("a request")).await;
        assert_eq!(answer.reason(), "RESOURCE_EXHAUSTED", "{path}: {:?}", answer.json());
    }
    assert_eq!(asked(&rest, Some(&agent)).await.status, StatusCode::NOT_FOUND, "another is counted apart");
    // Calls that ask for no token are counted by themselves.
    let open = rest.post("/v1/publicStatus:get", None, &serde_json::json!({"trackingKey": "", "proof": ""})).await;
    assert_eq!(open.status, StatusCode::BAD_REQUEST, "{:?}", open.json());
    // What names nobody is counted by its address, and not by what it says.
    for number in 0..5 {
        let answer = asked(&rest, Some("aaaa.bbbb.cccc")).await;
        let expected = if number < 3 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(answer.status, expected, "{number}: {:?}", answer.json());
    }
    rest.stop();
    scene.stop().await.expect("the services end well");
}
