//! WatchTickets.

use std::time::Duration;

use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::ticket_event::Change;
use ventanilla_proto::ticketing::v1::watch_tickets_response::Item;

use crate::world::{Tickets, World, assert_refused, open, start};

/// The next `count` events after a position.
async fn watch(client: &mut Tickets, after: i64, ticket: &str, count: usize) -> Vec<pb::TicketEvent> {
    let request = pb::WatchTicketsRequest { after_position: after, ticket: ticket.into() };
    let mut stream = client.watch_tickets(request).await.unwrap().into_inner();
    let mut events = Vec::new();
    while events.len() < count {
        let next = tokio::time::timeout(Duration::from_secs(20), stream.message());
        let item = next.await.expect("the stream goes on").unwrap().expect("the stream does not end");
        if let Some(Item::Event(event)) = item.item {
            events.push(event);
        }
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn resumes_from_a_position_without_loss_or_repetition() {
    let world = World::new().await;
    let mut agent = world.agent();
    let first = open(&mut agent).await.ticket.unwrap();
    let second = open(&mut agent).await.ticket.unwrap();
    start(&mut agent, &first).await.unwrap();

    let all = watch(&mut agent, 0, "", 3).await;
    assert_eq!(all.iter().map(|e| e.position).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(matches!(all[0].change, Some(Change::Opened(_))));
    assert!(matches!(all[2].change, Some(Change::Transitioned(_))));
    assert_eq!(watch(&mut agent, 1, "", 2).await, all[1..]);
    assert_eq!(watch(&mut agent, 0, &second.name, 1).await, all[1..2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_stream_is_told_what_happens_later() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    watch(&mut agent, 0, "", 1).await;
    let mut watcher = world.agent();
    let watching = tokio::spawn(async move { watch(&mut watcher, 1, "", 1).await });
    start(&mut agent, &ticket).await.unwrap();
    let seen = watching.await.unwrap();
    assert_eq!((seen[0].position, seen[0].ticket.as_str()), (2, ticket.name.as_str()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_position_of_another_ledger_is_refused() {
    let world = World::new().await;
    let request = pb::WatchTicketsRequest { after_position: 99, ticket: String::new() };
    let refused = world.agent().watch_tickets(request).await.map(|_| ());
    assert_refused(refused, Code::OutOfRange, "POSITION_AHEAD");
}
