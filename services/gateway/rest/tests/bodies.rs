//! How much of a body is read, and of whose.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use futures::StreamExt as _;
use http::{Method, Request, StatusCode, header};
use server::{PeerSettings, Peers, TokenSource};
use tower::ServiceExt as _;

/// It has the form of a token; whether it holds is the services' to say.
const TOKEN: &str = "Bearer aaaa.bbbb.cccc";

/// REST before services that are not there: what is asked here never comes to them.
fn rest() -> Router {
    /// Read from the contract once.
    static REST: OnceLock<Router> = OnceLock::new();
    REST.get_or_init(built).clone()
}

fn built() -> Router {
    let services = ["customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation", "webhooks"];
    let addresses: BTreeMap<_, _> =
        services.map(|name| (name.to_owned(), "http://127.0.0.1:9".to_owned())).into_iter().collect();
    let peers = Peers::new(&addresses, TokenSource::nothing(), &PeerSettings::default()).unwrap();
    let (settings, limits) = (rest::Settings::default(), Arc::new(edge::Limits::new(edge::LimitSettings::default())));
    let ambient = kernel::Ambient::system();
    let key = aws_lc_rs::signature::Ed25519KeyPair::from_seed_unchecked(&[3; 32]).unwrap();
    let issuer = server::TokenIssuer::new(&key, "house", "ventanilla").unwrap();
    let callers = edge::Callers::new(Arc::new(issuer.verifier(ambient.clone())), Arc::clone(&limits), ambient.clone());
    rest::router(rest::State { peers, settings, limits, callers, ambient }).unwrap()
}

async fn answered(path: &str, token: Option<&str>, body: Body) -> (StatusCode, String) {
    sent(Method::POST, path, token, body).await
}

async fn sent(method: Method, path: &str, token: Option<&str>, body: Body) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, token);
    }
    let answer = rest().oneshot(request.body(body).unwrap());
    let answer = tokio::time::timeout(Duration::from_secs(20), answer).await.expect("it is answered").unwrap();
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, 64 * 1024).await.unwrap();
    let problem: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    (parts.status, problem["reason"].as_str().unwrap_or_default().to_owned())
}

/// A body that never ends.
fn endless() -> Body {
    Body::from_stream(futures::stream::pending::<Result<Bytes, Infallible>>())
}

#[tokio::test]
async fn without_what_could_be_a_token_no_body_is_waited_for() {
    let calls = ["/v1/tickets", "/v1/sourceRecords:ingest", "/v1/dealings:ingestStream"];
    for path in calls {
        assert_eq!(
            answered(path, None, endless()).await,
            (StatusCode::UNAUTHORIZED, "TOKEN_MISSING".to_owned()),
            "{path}"
        );
        let basic = answered(path, Some("Basic YTpi"), endless()).await;
        assert_eq!(basic, (StatusCode::UNAUTHORIZED, "TOKEN_MISSING".to_owned()), "{path}");
        let no_token = answered(path, Some("Bearer letmein"), endless()).await;
        assert_eq!(no_token, (StatusCode::UNAUTHORIZED, "TOKEN_INVALID".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_body_has_room_by_who_waits_for_the_answer() {
    for (method, path, token, room) in [
        (Method::POST, "/v1/publicAffair:get", None, 256 * 1024),
        (Method::POST, "/v1/publicStatus:keypad", Some(TOKEN), 64 * 1024),
        (Method::POST, "/v1/tickets", Some(TOKEN), 1024 * 1024),
        (Method::POST, "/v1/tickets:import", Some(TOKEN), 4 * 1024 * 1024),
        // Whole books, from a screen.
        (Method::PUT, "/v1/processes/reclamacion", Some(TOKEN), 4 * 1024 * 1024),
        (Method::PUT, "/v1/characteristicSets/averia", Some(TOKEN), 4 * 1024 * 1024),
        (Method::PUT, "/v1/policies/house.first", Some(TOKEN), 1024 * 1024),
    ] {
        // No JSON: what is read whole is refused for that.
        let fits = sent(method.clone(), path, token, Body::from("x".repeat(room))).await;
        assert_eq!(fits, (StatusCode::BAD_REQUEST, "INVALID_REQUEST".to_owned()), "{path}");
        let taken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&taken);
        let chunks = futures::stream::repeat(Bytes::from_static(&[b'x'; 1024])).take(32 * 1024).map(move |chunk| {
            counter.fetch_add(chunk.len(), Ordering::Relaxed);
            Ok::<_, Infallible>(chunk)
        });
        let large = sent(method, path, token, Body::from_stream(chunks)).await;
        assert_eq!(large, (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE".to_owned()), "{path}");
        assert!(taken.load(Ordering::Relaxed) < 32 * 1024 * 1024, "{path}: it is not taken to its end");
    }
}
