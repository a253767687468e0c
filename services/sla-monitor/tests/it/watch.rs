//! Watching clocks: what happens to them, from a position on.

use std::time::Duration;

use futures::StreamExt as _;
use kernel::Role;
use testkit::Served;
use tonic::Code;
use tonic_types::StatusExt as _;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::watch_clocks_response::Item;

use crate::world::{SOON, Ticket, World, at, client, clock_in, later};

/// Changes after a position until there are so many, with their positions.
async fn watch(served: &Served, request: sla::WatchClocksRequest, expected: usize) -> Vec<(i64, sla::ClockChange)> {
    let mut stream = client(served, Role::Supervisor).watch_clocks(request).await.unwrap().into_inner();
    let mut seen = Vec::new();
    while seen.len() < expected {
        let item = tokio::time::timeout(SOON, stream.next()).await.unwrap().unwrap().unwrap();
        if let Some(Item::Change(change)) = item.item {
            seen.push((item.position, change));
        }
    }
    seen
}

#[tokio::test]
async fn a_follower_that_comes_back_misses_nothing_and_sees_nothing_twice() {
    let world = World::new().await;
    let served = world.start().await;
    // Of today, so that no share of its term has passed and is warned of meanwhile.
    let received = world.now().await;
    let ticket = Ticket::complaint(received);
    world.open(&ticket).await;
    let request = sla::WatchClocksRequest { customer: ticket.customer.clone(), ..Default::default() };
    let first = watch(&served, request.clone(), 1).await;
    assert_eq!(first[0].1.kind(), sla::ClockChangeKind::Started);
    assert_eq!(first[0].1.subject, ticket.name);
    world.resolve(&ticket, later(received, 1)).await;
    clock_in(&served, &ticket.name, sla::ClockState::Fulfilled).await;
    let rest = watch(&served, sla::WatchClocksRequest { after_position: first[0].0, ..request }, 1).await;
    assert_eq!(rest.last().unwrap().1.kind(), sla::ClockChangeKind::Settled);
    assert!(rest.iter().all(|(position, _)| *position > first[0].0));
}

#[tokio::test]
async fn only_what_was_asked_for_is_told_and_a_quiet_stream_beats() {
    let world = World::new().await;
    let served = world.start().await;
    let (mine, other) =
        (Ticket::complaint(at("2026-11-20T10:00:00+01:00")), Ticket::complaint(at("2026-11-20T10:00:00+01:00")));
    world.open(&other).await;
    world.open(&mine).await;
    clock_in(&served, &mine.name, sla::ClockState::Running).await;
    let request = sla::WatchClocksRequest { subject: mine.name.clone(), ..Default::default() };
    let mut stream = client(&served, Role::Auditor).watch_clocks(request).await.unwrap().into_inner();
    let mut beats = 0;
    while beats < 2 {
        let item = tokio::time::timeout(Duration::from_secs(10), stream.next()).await.unwrap().unwrap().unwrap();
        match item.item.unwrap() {
            Item::Change(change) => assert_eq!(change.subject, mine.name),
            Item::Heartbeat(beat) => {
                assert!(beat.as_of_time.is_some());
                beats += 1;
            }
        }
    }
}

#[tokio::test]
async fn a_position_of_another_ledger_is_refused() {
    let world = World::new().await;
    let served = world.start().await;
    let request = sla::WatchClocksRequest { after_position: 1_000_000, ..Default::default() };
    let status = client(&served, Role::Agent).watch_clocks(request).await.unwrap_err();
    let info = status.get_details_error_info().unwrap();
    assert_eq!((status.code(), info.reason.as_str()), (Code::OutOfRange, "POSITION_AHEAD"));
}
