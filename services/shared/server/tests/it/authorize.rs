//! Who is let in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use kernel::Role;
use tonic::body::Body;
use tonic::{Code, Request, Status};
use ventanilla_proto::ledger::v1::{GetHeadRequest, Head, WatchRequest};
use ventanilla_server::{Denial, DenialSink, StackSettings};

use crate::support::{Answers, House, assembly, reason, with_token};

/// Calls any method of the contract with an empty message; UNIMPLEMENTED means that it was let in,
/// since the house under test serves the ledger alone.
async fn call_by_path(house: &House, path: &str, token: Option<&str>) -> Status {
    let mut request = http::Request::post(format!("{}{path}", house.url)).header("content-type", "application/grpc");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let answer = house.transport().request(request.body(Body::empty()).unwrap()).await.unwrap();
    Status::from_header_map(answer.headers()).expect("answered by headers alone")
}

#[tokio::test]
async fn a_call_without_a_token_is_unauthenticated() {
    let house = House::open(Answers::at_once()).await;
    let refused = house.client().get_head(GetHeadRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(reason(&refused), ("TOKEN_MISSING".to_owned(), "auth.ventanilla".to_owned()));
}

#[tokio::test]
async fn a_bad_token_is_unauthenticated_whatever_is_bad_about_it() {
    let house = House::open(Answers::at_once()).await;
    let other = House::open(Answers::at_once()).await;
    let ttl = Duration::from_secs(1);
    let past = house.ambient.now() - jiff::SignedDuration::from_hours(1);
    let expired = house.issuer.issue("u", &[Role::Auditor], None, ttl, past).unwrap();
    for token in [other.token(&[Role::Auditor]), expired, "nonsense".to_owned()] {
        let refused = house.client().get_head(with_token(GetHeadRequest {}, &token)).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated);
        assert_eq!(reason(&refused).0, "TOKEN_INVALID");
        assert!(!refused.message().contains("expired"), "{}", refused.message());
    }
}

#[tokio::test]
async fn the_policy_of_the_method_decides_by_role() {
    let house = House::open(Answers::at_once()).await;
    for role in Role::ALL {
        let result = house.get_head(&[*role]).await;
        if matches!(role, Role::Service | Role::Auditor | Role::Sre) {
            assert!(result.is_ok(), "{role}");
        } else {
            let refused = result.unwrap_err();
            assert_eq!(refused.code(), Code::PermissionDenied, "{role}");
            assert_eq!(reason(&refused), ("ROLE_NOT_ALLOWED".to_owned(), "auth.ventanilla".to_owned()));
        }
    }
}

#[tokio::test]
async fn the_handler_learns_who_calls() {
    let house = House::open(Answers::with(|call| async move {
        let source = format!("{}:{}", call.principal.actor.id, call.principal.has(Role::Auditor));
        assert!(call.on_behalf_of.is_none());
        Ok(Head { source, ..Default::default() })
    }))
    .await;
    assert_eq!(house.get_head(&[Role::Auditor]).await.unwrap().source, "u-1:true");
}

#[tokio::test]
async fn every_method_of_the_contract_is_guarded_as_its_policy_says() {
    let house = House::open(Answers::at_once()).await;
    let served = "/ventanilla.ledger.";
    for policy in ventanilla_proto::policies().iter().filter(|p| !p.path.starts_with(served)) {
        let without = call_by_path(&house, policy.path, None).await.code();
        let expected = if policy.open { Code::Unimplemented } else { Code::Unauthenticated };
        assert_eq!(without, expected, "{}", policy.path);
        for role in Role::ALL {
            let code = call_by_path(&house, policy.path, Some(&house.token(&[*role]))).await.code();
            let allowed = policy.open || policy.roles.contains(&role.as_str());
            let expected = if allowed { Code::Unimplemented } else { Code::PermissionDenied };
            assert_eq!(code, expected, "{} as {role}", policy.path);
        }
    }
}

#[tokio::test]
async fn an_unknown_method_is_unimplemented_and_not_secret() {
    let house = House::open(Answers::at_once()).await;
    assert_eq!(call_by_path(&house, "/ventanilla.nowhere.v1.Nothing/Do", None).await.code(), Code::Unimplemented);
}

#[derive(Default)]
struct Sink {
    denials: Mutex<Vec<Denial>>,
    broken: bool,
}

#[tonic::async_trait]
impl DenialSink for Sink {
    async fn record(&self, denial: Denial) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if self.broken {
            return Err("the ledger is away".into());
        }
        self.denials.lock().unwrap().push(denial);
        Ok(())
    }
}

fn sensitive() -> &'static ventanilla_proto::MethodPolicy {
    let agents = |p: &&ventanilla_proto::MethodPolicy| p.denial_recorded && !p.roles.contains(&"agent");
    ventanilla_proto::policies().iter().find(agents).expect("the office records denials")
}

#[tokio::test]
async fn a_denial_of_a_sensitive_method_is_recorded_before_it_is_answered() {
    let sink = Arc::new(Sink::default());
    let recorded = Arc::clone(&sink);
    let house = House::with(assembly(Answers::at_once()).denials(recorded), StackSettings::default()).await;
    let refused = call_by_path(&house, sensitive().path, Some(&house.token(&[Role::Agent]))).await;
    assert_eq!(refused.code(), Code::PermissionDenied);
    let denials = sink.denials.lock().unwrap().clone();
    assert_eq!(denials.len(), 1);
    assert_eq!(denials[0].actor.id, "u-1");
    assert_eq!(denials[0].method, sensitive().path);
    assert_eq!(denials[0].reason, "ROLE_NOT_ALLOWED");

    // The ledger's own methods ask for no record.
    assert!(house.get_head(&[Role::Agent]).await.is_err());
    assert_eq!(sink.denials.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_denial_that_cannot_be_recorded_is_no_answer() {
    let sink = Arc::new(Sink { broken: true, ..Default::default() });
    let house = House::with(assembly(Answers::at_once()).denials(sink), StackSettings::default()).await;
    let refused = call_by_path(&house, sensitive().path, Some(&house.token(&[Role::Agent]))).await;
    assert_eq!(refused.code(), Code::Unavailable);
    assert!(!refused.message().contains("ledger"), "{}", refused.message());
}

#[tokio::test]
async fn only_a_service_may_speak_for_somebody_else() {
    let house = House::open(Answers::with(|call| async move {
        let user = call.on_behalf_of.as_ref().map(|user| user.actor.id.clone()).unwrap_or_default();
        Ok(Head { source: format!("{} for {user}", call.principal.actor.id), ..Default::default() })
    }))
    .await;
    let now = house.ambient.now();
    let issue = |id: &str, role| house.issuer.issue(id, &[role], None, Duration::from_secs(60), now).unwrap();
    let (service, agent) = (issue("ticketing", Role::Service), issue("ana", Role::Agent));
    let call = async |token: &str, user: &str| {
        let mut request: Request<GetHeadRequest> = with_token(GetHeadRequest {}, token);
        request.metadata_mut().insert("x-ventanilla-on-behalf-of", user.parse().unwrap());
        house.client().get_head(request).await.map(|answer| answer.into_inner().source)
    };
    assert_eq!(call(&service, &agent).await.unwrap(), "ticketing for ana");
    let refused = call(&issue("boss", Role::Auditor), &agent).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::PermissionDenied, "ROLE_NOT_ALLOWED"));
    // Nor for another service, whose token was never meant to be passed on.
    let webhooks = issue("webhooks", Role::Service);
    for no_token in ["ana", "", &agent[..agent.len() - 4], &webhooks] {
        let refused = call(&service, no_token).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_token_that_opened_it() {
    let house = House::open(Answers::at_once()).await;
    // The leeway for clocks that differ is half a minute: three seconds of it are left.
    let past = house.ambient.now() - jiff::SignedDuration::from_secs(87);
    let ttl = Duration::from_secs(60);
    let ending = house.issuer.issue("ana", &[Role::Auditor], None, ttl, past).unwrap();
    let ending_service = house.issuer.issue("ticketing", &[Role::Service], None, ttl, past).unwrap();
    let lasting_service = house.token(&[Role::Service]);
    let mut for_her = with_token(WatchRequest::default(), &lasting_service);
    for_her.metadata_mut().insert("x-ventanilla-on-behalf-of", ending.parse().unwrap());
    let alone = [with_token(WatchRequest::default(), &ending), with_token(WatchRequest::default(), &ending_service)];
    let mut streams = Vec::new();
    for request in alone.into_iter().chain([for_her]) {
        streams.push(house.client().watch(request).await.unwrap().into_inner());
    }
    for mut stream in streams {
        assert!(stream.message().await.unwrap().is_some(), "it was open");
        let end = stream.message().await.unwrap_err();
        assert_eq!((end.code(), reason(&end).0.as_str()), (Code::Unauthenticated, "TOKEN_INVALID"));
        assert!(end.message().contains("where the stream stood"), "{end}");
    }
}
