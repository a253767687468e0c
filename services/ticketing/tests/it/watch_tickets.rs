//! WatchTickets.

use std::time::Duration;

use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::ticket_event::Change;
use ventanilla_proto::ticketing::v1::watch_tickets_response::Item;

use crate::world::{ANSWER, Tickets, World, answer, assert_refused, open, start};

/// All items from a position on until the stream has caught up with `head`.
async fn until(client: &mut Tickets, after: i64, ticket: &str, head: i64) -> Vec<pb::WatchTicketsResponse> {
    let request = pb::WatchTicketsRequest { after_position: after, ticket: ticket.into() };
    let mut stream = client.watch_tickets(request).await.unwrap().into_inner();
    let mut items = Vec::new();
    loop {
        let next = tokio::time::timeout(Duration::from_secs(20), stream.message());
        let item = next.await.expect("the stream goes on").unwrap().expect("the stream does not end");
        let caught_up = matches!(&item.item, Some(Item::Heartbeat(at)) if at.head_position >= head);
        items.push(item);
        if caught_up {
            return items;
        }
    }
}

/// What a client checks: that each item follows the one it saw before. `Err` names the position it would ask again from.
fn follow(after: i64, items: &[pb::WatchTicketsResponse]) -> Result<i64, i64> {
    let mut seen = after;
    for item in items {
        let (follows, now) = match &item.item {
            Some(Item::Event(event)) => (event.previous_position, event.position),
            Some(Item::Heartbeat(_)) => (item.last_position, seen),
            None => (seen, seen),
        };
        if follows != seen {
            return Err(seen);
        }
        seen = now;
    }
    Ok(seen)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_loses_an_event_sees_it_whatever_else_stands_in_the_ledger() {
    let world = World::new().await;
    let mut agent = world.agent();
    let mine = open(&mut agent).await.ticket.unwrap();
    world.hired("ana", |_| {}).await;
    let other = open(&mut agent).await.ticket.unwrap();
    let mine = start(&mut agent, &mine).await.unwrap();
    start(&mut agent, &other).await.unwrap();
    world.hired("luis", |_| {}).await;
    let mine = answer(&mut agent, &mine, "p1", ANSWER).await.unwrap();
    world.hired("eva", |_| {}).await;
    let head = world.count("entries").await;
    assert!(head >= 8, "of agents too: {head}");

    for (ticket, events) in [(mine.name.as_str(), 3), ("", 5)] {
        let items = until(&mut agent, 0, ticket, head).await;
        let places: Vec<usize> = (0..items.len()).filter(|i| matches!(items[*i].item, Some(Item::Event(_)))).collect();
        assert_eq!(places.len(), events);
        assert!(follow(0, &items).is_ok(), "{items:?}");
        for lost in places {
            let mut rest = items.clone();
            rest.remove(lost);
            assert!(follow(0, &rest).is_err(), "an event was lost and nothing shows it");
        }
        // Going on from any event, the check goes on with it.
        for item in &items {
            let Some(Item::Event(event)) = &item.item else { continue };
            let rest = until(&mut agent, event.position, ticket, head).await;
            assert!(follow(event.position, &rest).is_ok());
        }
    }
    let items = until(&mut agent, head, &mine.name, head).await;
    assert_eq!(items.last().map(|item| item.last_position), Some(head), "nothing came since");
}

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
    // Of one ticket alone, what came before is none of the stream.
    let alone = watch(&mut agent, 0, &second.name, 1).await;
    assert_eq!(alone, [pb::TicketEvent { previous_position: 0, ..all[1].clone() }]);
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
