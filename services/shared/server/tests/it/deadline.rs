//! Time is over.

use std::time::{Duration, Instant};

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ledger::v1::{GetHeadRequest, Head, WatchRequest};
use ventanilla_server::StackSettings;

use crate::support::{Answers, House, assembly, reason, with_token};

fn never() -> Answers {
    Answers::with(|_| std::future::pending())
}

#[tokio::test]
async fn an_expired_deadline_is_deadline_exceeded_and_not_cancelled() {
    let house = House::open(never()).await;
    let token = house.token(&[Role::Auditor]);
    for millis in [1, 3, 20, 100] {
        let mut request = with_token(GetHeadRequest {}, &token);
        request.set_timeout(Duration::from_millis(millis));
        let began = Instant::now();
        let late = house.client().get_head(request).await.unwrap_err();
        assert_eq!(late.code(), Code::DeadlineExceeded, "{millis} ms: {late:?}");
        assert_eq!(reason(&late), ("DEADLINE_EXCEEDED".to_owned(), "auth.ventanilla".to_owned()));
        assert!(began.elapsed() < Duration::from_secs(2));
    }
}

#[tokio::test]
async fn a_caller_who_names_no_limit_gets_the_default() {
    let settings = StackSettings { default_timeout_ms: 50, ..Default::default() };
    let house = House::with(assembly(never()), settings).await;
    assert_eq!(house.get_head(&[Role::Auditor]).await.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn nobody_gets_more_than_the_longest() {
    let settings = StackSettings { longest_timeout_ms: 50, ..Default::default() };
    let house = House::with(assembly(never()), settings).await;
    let mut request = with_token(GetHeadRequest {}, &house.token(&[Role::Auditor]));
    request.set_timeout(Duration::from_secs(3600));
    assert_eq!(house.client().get_head(request).await.unwrap_err().code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn the_handler_sees_what_is_left() {
    let house = House::open(Answers::with(|call| async move {
        let left = call.remaining().expect("a deadline");
        Ok(Head { position: i64::try_from(left.as_millis()).unwrap(), ..Default::default() })
    }))
    .await;
    let mut request = with_token(GetHeadRequest {}, &house.token(&[Role::Auditor]));
    request.set_timeout(Duration::from_secs(5));
    let left = house.client().get_head(request).await.unwrap().into_inner().position;
    assert!((3_000..=5_000).contains(&left), "{left}");
}

#[tokio::test]
async fn a_stream_ends_at_the_deadline_its_caller_set_and_at_no_other() {
    let settings = StackSettings { default_timeout_ms: 20, longest_timeout_ms: 20, ..Default::default() };
    let house = House::with(assembly(never()), settings).await;
    let token = house.token(&[Role::Auditor]);
    let began = Instant::now();
    let mut request = with_token(WatchRequest::default(), &token);
    request.set_timeout(Duration::from_millis(300));
    let mut stream = house.client().watch(request).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    let late = stream.message().await.unwrap_err();
    assert_eq!(late.code(), Code::DeadlineExceeded);
    assert_eq!(reason(&late).0, "DEADLINE_EXCEEDED");
    assert!(began.elapsed() >= Duration::from_millis(250), "the limits of unary calls do not bound it");
}
