//! The service is full.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kernel::Role;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tonic::Code;
use tonic_types::StatusExt as _;
use ventanilla_proto::ledger::v1::{Head, WatchRequest};
use ventanilla_server::{AdmissionSettings, Refusal, StackSettings, run_to_end};

use crate::support::{Answers, House, assembly, reason, until, with_token};

fn small(concurrent_calls: usize, open_streams: usize) -> StackSettings {
    let admission = AdmissionSettings {
        concurrent_calls,
        open_streams,
        streams_for_services: 0,
        streams_per_caller: open_streams,
        retry_after_ms: 250,
        ..Default::default()
    };
    StackSettings { admission, ..Default::default() }
}

/// Answers that wait at a gate, how many have come to it, and the gate.
fn gated() -> (Answers, Arc<AtomicUsize>, Arc<Semaphore>) {
    let (inside, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (entered, open) = (Arc::clone(&inside), Arc::clone(&gate));
    let answers = Answers::with(move |_| {
        let open = Arc::clone(&open);
        entered.fetch_add(1, Ordering::SeqCst);
        async move {
            open.acquire().await.unwrap().forget();
            Ok(Head::default())
        }
    });
    (answers, inside, gate)
}

#[tokio::test]
async fn a_full_service_refuses_at_once_and_says_when_to_come_back() {
    let (answers, inside, gate) = gated();
    let house = Arc::new(House::with(assembly(answers), small(1, 1)).await);
    let first = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.get_head(&[Role::Auditor]).await }
    });
    until("the first call is inside", || inside.load(Ordering::SeqCst) == 1).await;

    let refused = house.get_head(&[Role::Auditor]).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(reason(&refused), ("OVERLOADED".to_owned(), "auth.ventanilla".to_owned()));
    let retry = refused.get_error_details().retry_info().and_then(|info| info.retry_delay);
    assert_eq!(retry, Some(Duration::from_millis(250)));
    assert_eq!(inside.load(Ordering::SeqCst), 1, "the refused call cost the service nothing");

    gate.add_permits(2);
    first.await.unwrap().unwrap();
    house.get_head(&[Role::Auditor]).await.expect("the place is free again");
}

#[tokio::test]
async fn a_service_that_answers_late_takes_fewer_on_at_once() {
    let (answers, inside, gate) = gated();
    let mut settings = small(64, 1);
    settings.admission.tolerated_ms = 1;
    let house = Arc::new(House::with(assembly(answers), settings).await);
    // As many as come together; who is turned away is told so, the others are inside.
    let crowd = || async {
        let before = inside.load(Ordering::SeqCst);
        let mut calls = JoinSet::new();
        for _ in 0..50 {
            let house = Arc::clone(&house);
            calls.spawn(async move { house.get_head(&[Role::Auditor]).await.map_err(|refused| refused.code()) });
        }
        let mut refused = 0;
        while inside.load(Ordering::SeqCst) - before + refused < 50 {
            tokio::select! {
                Some(ended) = calls.join_next() => {
                    assert_eq!(ended.unwrap(), Err(Code::ResourceExhausted));
                    refused += 1;
                }
                () = tokio::time::sleep(Duration::from_millis(2)) => {}
            }
        }
        (calls, 50 - refused)
    };
    let (calls, taken) = crowd().await;
    assert_eq!(taken, 44, "seven tenths of the places are for synchronisation");
    // All of them took longer than a millisecond.
    gate.add_permits(taken);
    calls.join_all().await;
    for _ in 0..3 {
        let (calls, taken) = crowd().await;
        gate.add_permits(taken);
        calls.join_all().await;
    }
    let (calls, taken) = crowd().await;
    assert_eq!(taken, 11, "seven tenths of a quarter of the places");
    gate.add_permits(taken);
    calls.join_all().await;
}

#[tokio::test]
async fn a_caller_who_gives_up_frees_the_place() {
    let house = House::with(assembly(Answers::with(|_| std::future::pending())), small(1, 1)).await;
    for _ in 0..5 {
        let mut request = with_token(Default::default(), &house.token(&[Role::Auditor]));
        request.set_timeout(Duration::from_millis(20));
        let late = house.client().get_head(request).await.unwrap_err();
        assert_eq!(late.code(), Code::DeadlineExceeded);
    }
}

#[tokio::test]
async fn a_mutation_keeps_its_place_until_it_ends_though_its_caller_gave_up() {
    let (inside, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Semaphore::new(0)));
    let (entered, open) = (Arc::clone(&inside), Arc::clone(&gate));
    let answers = Answers::with(move |_| {
        let open = Arc::clone(&open);
        entered.fetch_add(1, Ordering::SeqCst);
        run_to_end(async move {
            open.acquire().await.unwrap().forget();
            Ok::<_, Refusal>(Head::default())
        })
    });
    let house = Arc::new(House::with(assembly(answers), small(1, 1)).await);
    let impatient = tokio::spawn({
        let house = Arc::clone(&house);
        async move { house.get_head(&[Role::Auditor]).await }
    });
    until("the mutation runs", || inside.load(Ordering::SeqCst) == 1).await;
    impatient.abort();
    assert!(impatient.await.unwrap_err().is_cancelled());
    assert_eq!(house.get_head(&[Role::Auditor]).await.unwrap_err().code(), Code::ResourceExhausted);
    gate.add_permits(1_000);
    let end = tokio::time::Instant::now() + crate::support::PATIENCE;
    while house.get_head(&[Role::Auditor]).await.is_err() {
        assert!(tokio::time::Instant::now() < end, "the place is not free again");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn streams_take_no_place_of_calls_and_free_their_own_when_dropped() {
    let house = House::with(assembly(Answers::at_once()), small(1, 1)).await;
    let token = house.token(&[Role::Auditor]);
    let watch = || async { house.client().watch(with_token(WatchRequest::default(), &token)).await };
    let open = watch().await.unwrap();
    house.get_head(&[Role::Auditor]).await.expect("an open stream is no call");
    assert_eq!(watch().await.unwrap_err().code(), Code::ResourceExhausted);
    drop(open);
    let end = tokio::time::Instant::now() + crate::support::PATIENCE;
    while watch().await.is_err() {
        assert!(tokio::time::Instant::now() < end, "the dropped stream keeps its place");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn strangers_who_watch_health_cannot_shut_out_the_check_nor_the_callers() {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;
    let house = House::open(Answers::at_once()).await;
    let mut health = HealthClient::with_origin(house.transport(), house.url.parse().unwrap());
    let mut watching = Vec::new();
    let refused = loop {
        match health.watch(HealthCheckRequest::default()).await {
            Ok(watch) => watching.push(watch),
            Err(refused) => break refused,
        }
        assert!(watching.len() < 1_000, "there is no end to it");
    };
    assert_eq!(refused.code(), Code::ResourceExhausted);
    health.check(HealthCheckRequest::default()).await.expect("the check always answers");
    house.get_head(&[Role::Auditor]).await.expect("callers have places of their own");
}

#[tokio::test]
async fn one_callers_streams_leave_room_for_others_and_everybodys_for_the_followers() {
    let admission =
        AdmissionSettings { open_streams: 4, streams_for_services: 1, streams_per_caller: 2, ..Default::default() };
    let house = House::with(assembly(Answers::at_once()), StackSettings { admission, ..Default::default() }).await;
    let watch = |subject: &'static str, role| {
        let token = house.issuer.issue(subject, &[role], None, Duration::from_secs(60), house.ambient.now()).unwrap();
        let mut client = house.client();
        async move { client.watch(with_token(WatchRequest::default(), &token)).await }
    };
    let _greedy = [watch("greedy", Role::Auditor).await.unwrap(), watch("greedy", Role::Auditor).await.unwrap()];
    let refused = watch("greedy", Role::Auditor).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::ResourceExhausted, "OVERLOADED"));
    assert!(refused.message().contains("as one caller may"), "{refused}");
    let other = watch("other", Role::Auditor).await.unwrap();
    let refused = watch("third", Role::Auditor).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).0.as_str()), (Code::ResourceExhausted, "OVERLOADED"));
    let _follower = watch("ticketing", Role::Service).await.expect("a follower has a place of its own");
    drop(other);
    let end = tokio::time::Instant::now() + crate::support::PATIENCE;
    while watch("third", Role::Auditor).await.is_err() {
        assert!(tokio::time::Instant::now() < end, "the dropped stream keeps its share");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
