//! Going down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use kernel::Role;
use tokio::sync::Semaphore;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use ventanilla_proto::ledger::v1::{Head, WatchRequest};
use ventanilla_server::{Refusal, StackSettings, Worker, run_to_end};

use crate::support::{Answers, House, assembly, reason, until, with_token};

#[tokio::test]
async fn an_open_stream_is_told_to_go_and_holds_nothing_up() {
    let house = House::open(Answers::at_once()).await;
    let token = house.token(&[Role::Auditor]);
    let mut stream = house.client().watch(with_token(WatchRequest::default(), &token)).await.unwrap().into_inner();
    assert!(stream.message().await.unwrap().is_some());
    let began = Instant::now();
    house.cancel.cancel();
    let end = stream.message().await.unwrap_err();
    assert_eq!((end.code(), reason(&end).0.as_str()), (Code::Unavailable, "DRAINING"));
    house.serving.await.unwrap().unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn health_says_not_serving_first() {
    let house = House::open(Answers::at_once()).await;
    let mut health = HealthClient::with_origin(house.transport(), house.url.parse().unwrap());
    for service in ["", "ventanilla.ledger.v1.LedgerService", ventanilla_server::ALIVE] {
        let asked = HealthCheckRequest { service: service.to_owned() };
        assert_eq!(health.check(asked).await.unwrap().into_inner().status(), ServingStatus::Serving);
    }
    let mut watch = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    house.cancel.cancel();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    house.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_lame_duck_still_answers_while_it_says_that_it_goes() {
    let settings = StackSettings { lame_duck_ms: 2_000, ..Default::default() };
    let house = House::with(assembly(Answers::at_once()), settings).await;
    let mut health = HealthClient::with_origin(house.transport(), house.url.parse().unwrap());
    let mut watch = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::Serving);
    house.cancel.cancel();
    assert_eq!(watch.message().await.unwrap().unwrap().status(), ServingStatus::NotServing);
    house.get_head(&[Role::Auditor]).await.expect("a new connection is still served");
    let alive = health.check(HealthCheckRequest { service: ventanilla_server::ALIVE.to_owned() }).await.unwrap();
    assert_eq!(alive.into_inner().status(), ServingStatus::Serving, "who drains is not to be restarted");
    house.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_call_in_flight_may_finish_and_no_new_connection_is_taken() {
    let (inside, gate) = (Arc::new(AtomicBool::new(false)), Arc::new(Semaphore::new(0)));
    let (entered, open) = (Arc::clone(&inside), Arc::clone(&gate));
    let house = Arc::new(
        House::open(Answers::with(move |_| {
            let open = Arc::clone(&open);
            entered.store(true, Ordering::SeqCst);
            async move {
                open.acquire().await.unwrap().forget();
                Ok(Head::default())
            }
        }))
        .await,
    );
    let call = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.get_head(&[Role::Auditor]).await }
    });
    until("the call is inside", || inside.load(Ordering::SeqCst)).await;
    house.cancel.cancel();
    let address = house.url.strip_prefix("http://").unwrap().to_owned();
    let end = Instant::now() + crate::support::PATIENCE;
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        assert!(Instant::now() < end, "the port is still open");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    gate.add_permits(1);
    call.await.unwrap().expect("the call in flight is answered");
}

#[tokio::test]
async fn what_never_ends_is_cut_at_the_hard_deadline() {
    let inside = Arc::new(AtomicBool::new(false));
    let entered = Arc::clone(&inside);
    let stubborn = Answers::with(move |_| {
        entered.store(true, Ordering::SeqCst);
        std::future::pending()
    });
    let settings = StackSettings { drain_ms: 600, ..Default::default() };
    let closed = Arc::new(AtomicBool::new(false));
    let closing = Arc::clone(&closed);
    let assembly = assembly(stubborn)
        .worker(Worker::new("deaf", |_| std::future::pending::<()>()))
        .at_close(move || async move { closing.store(true, Ordering::SeqCst) })
        .at_close(std::future::pending::<()>);
    let house = Arc::new(House::with(assembly, settings).await);
    let call = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.get_head(&[Role::Auditor]).await }
    });
    until("the call is inside", || inside.load(Ordering::SeqCst)).await;
    let began = Instant::now();
    house.cancel.cancel();
    until("the server is gone", || house.serving.is_finished()).await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(call.await.unwrap().is_err(), "the connection was cut");
    assert!(closed.load(Ordering::SeqCst), "what had to be closed was closed");
}

#[tokio::test]
async fn a_mutation_whose_client_went_away_ends_before_the_service_does() {
    let (begun, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let gate = Arc::new(Semaphore::new(0));
    let (entered, left, open) = (Arc::clone(&begun), Arc::clone(&ended), Arc::clone(&gate));
    let answers = Answers::with(move |_| {
        let (entered, left, open) = (Arc::clone(&entered), Arc::clone(&left), Arc::clone(&open));
        run_to_end(async move {
            entered.fetch_add(1, Ordering::SeqCst);
            open.acquire().await.unwrap().forget();
            left.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Refusal>(Head::default())
        })
    });
    let house = Arc::new(House::open(answers).await);
    let impatient = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.get_head(&[Role::Auditor]).await }
    });
    until("the mutation runs", || begun.load(Ordering::SeqCst) == 1).await;
    impatient.abort();
    assert!(impatient.await.unwrap_err().is_cancelled());
    house.cancel.cancel();
    assert_eq!(ended.load(Ordering::SeqCst), 0);
    gate.add_permits(1);
    until("the service is gone", || house.serving.is_finished()).await;
    assert_eq!(ended.load(Ordering::SeqCst), 1);
}
