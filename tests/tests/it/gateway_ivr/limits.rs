//! How much an exchange asks.

use http::StatusCode;
use kernel::Role;
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::doorway::Doorway;

use super::exchange_of;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_that_asks_too_much_is_given_a_sentence_a_way_on_and_when_to_come_back() {
    let scene = Scene::fresh().await;
    let call = edge::Rate { burst: 2, per_minute: 1 };
    let state = ivr::State {
        peers: scene.peers(),
        callers: scene.callers(edge::LimitSettings { call, ..edge::LimitSettings::default() }),
        ambient: scene.ambient.clone(),
        settings: ivr::Settings { limit_ms: 10_000, ..ivr::Settings::default() },
    };
    let door = Doorway::open(|_| ivr::router(state)).await;
    let mut exchange = exchange_of(&scene, &door);
    let mut other = door.visitor();
    other.bearer = Some(scene.token("exchange-2", &[Role::Ivr], None));
    let asked = [("call", "c9"), ("phone", "+34699999999")];
    for _ in 0..2 {
        let answer = exchange.post("/ivr/v1/caller", &asked).await;
        assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.text());
    }
    for _ in 0..2 {
        let late = exchange.post("/ivr/v1/caller", &asked).await;
        assert_eq!((late.status, late.fact("reason").as_str()), (StatusCode::TOO_MANY_REQUESTS, "RESOURCE_EXHAUSTED"));
        assert_eq!(late.fact("next"), "human");
        assert!(!late.fact("say").is_empty(), "{}", late.text());
        let wait: u64 = late.header("retry-after").parse().expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
    }
    let answer = other.post("/ivr/v1/caller", &asked).await;
    assert_ne!(answer.status, StatusCode::TOO_MANY_REQUESTS, "another exchange is counted apart: {}", answer.text());
    scene.stop().await.expect("the services end well");
}
