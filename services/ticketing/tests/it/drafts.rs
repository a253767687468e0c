//! What a draft keeps of a message, and what it is held against when it is sent.

use jiff::SignedDuration;
use kernel::Role;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;

use crate::desk::{Desk, add, found, keep, note, outbound};
use crate::team::{entries, of_billing, put};
use crate::world::{World, assert_refused, fields, fresh_id, open, time};

/// What offers, shows and explains something at once.
fn explaining(by: &str) -> pb::Message {
    pb::Message {
        sales_offer: true,
        explanation: Some(pb::Explanation { expected_time: time(by), signposts: true }),
        ..outbound(&[1])
    }
}

async fn send(desk: &mut Desk, draft: &pb::Draft) -> Result<pb::Message, Status> {
    let request = pb::SendDraftRequest { name: draft.name.clone(), etag: draft.etag.clone(), request_id: fresh_id() };
    desk.send_draft(request).await.map(tonic::Response::into_inner)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_message_says_that_is_sent_at_once_one_says_that_was_a_draft_before() {
    let world = World::new().await;
    put(&mut world.supervisor(), of_billing("ana")).await.unwrap();
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    found(&mut world.scanner(), 1, pb::ScanState::Clean).await.unwrap();
    // Between the two there is no part of a message that neither has.
    for message in [explaining("2026-11-23T14:00:00Z"), note("Mira el contador.", &["ana"])] {
        let at_once = add(&mut agent, &ticket, message.clone()).await.unwrap();
        let draft = keep(&mut ana, "ana", &ticket, message.clone(), "").await.unwrap();
        assert_eq!(draft.message, Some(message));
        let sent = send(&mut ana, &draft).await.unwrap();
        assert_eq!(sent, pb::Message { name: sent.name.clone(), ..at_once });
        world.advance(SignedDuration::from_secs(1));
    }
    // What meets the two hours of art. 17.2 is told to whoever counts them.
    let told: Vec<_> = entries::<pb::MessageAdded>(&world).await.into_iter().map(|added| added.explanation).collect();
    let explained = explaining("2026-11-23T14:00:00Z").explanation;
    assert_eq!(told, [explained, explained, None, None]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_draft_explains_is_not_sent_once_it_is_over() {
    let world = World::new().await;
    let (mut ana, mut agent) = (world.desk("ana", Role::Agent), world.tickets_of("ana"));
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    found(&mut world.scanner(), 1, pb::ScanState::Clean).await.unwrap();
    let draft = keep(&mut ana, "ana", &ticket, explaining("2026-11-23T09:30:00Z"), "").await.unwrap();
    world.advance(SignedDuration::from_mins(30));
    let refused = assert_refused(send(&mut ana, &draft).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["message.explanation.expected_time"]);
    assert_eq!(entries::<pb::MessageAdded>(&world).await, [], "nobody was told anything");
    // The draft is there, and is sent once it says when it is over.
    let draft = keep(&mut ana, "ana", &ticket, explaining("2026-11-23T09:30:01Z"), &draft.etag).await.unwrap();
    send(&mut ana, &draft).await.unwrap();
    let told: Vec<_> = entries::<pb::MessageAdded>(&world).await.into_iter().map(|added| added.explanation).collect();
    assert_eq!(told, [explaining("2026-11-23T09:30:01Z").explanation]);
}
