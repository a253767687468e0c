//! MakePromise and ListPromises.

use jiff::SignedDuration;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;

use crate::world::{World, assert_refused, fields, open, promise_request};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_who_promised_what_by_when() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let promise = agent.make_promise(promise_request(&ticket.name, "2026-11-24T13:00:00Z")).await.unwrap().into_inner();
    assert_eq!(promise.state(), pb::PromiseState::Made);
    assert_eq!(promise.actor.as_ref().unwrap().id, "test-agent");
    let list = pb::ListPromisesRequest { parent: ticket.name, ..Default::default() };
    assert_eq!(agent.list_promises(list).await.unwrap().into_inner().promises, [promise]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renegotiation_ends_the_promise_it_replaces_and_happens_once() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let first = agent.make_promise(promise_request(&ticket.name, "2026-11-24T13:00:00Z")).await.unwrap().into_inner();
    let mut again = promise_request(&ticket.name, "2026-11-25T13:00:00Z");
    again.promise.as_mut().unwrap().replaces.clone_from(&first.name);
    let second = agent.make_promise(again.clone()).await.unwrap().into_inner();
    assert_eq!(second.replaces, first.name);
    let list = pb::ListPromisesRequest { parent: ticket.name, ..Default::default() };
    let all = agent.list_promises(list).await.unwrap().into_inner().promises;
    let states: Vec<_> = all.iter().map(pb::Promise::state).collect();
    assert_eq!(states, [pb::PromiseState::Renegotiated, pb::PromiseState::Made]);
    again.request_id = crate::world::fresh_id();
    assert_refused(agent.make_promise(again).await, Code::FailedPrecondition, "PROMISE_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_past_due_cannot_be_renegotiated() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let first = agent.make_promise(promise_request(&ticket.name, "2026-11-24T13:00:00Z")).await.unwrap().into_inner();
    world.advance(SignedDuration::from_hours(48));
    let mut again = promise_request(&ticket.name, "2026-11-28T13:00:00Z");
    again.promise.as_mut().unwrap().replaces = first.name;
    assert_refused(agent.make_promise(again).await, Code::FailedPrecondition, "PROMISE_PAST_DUE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_a_due_time_that_is_past_and_says_all_that_is_wrong() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let past = agent.make_promise(promise_request(&ticket.name, "2026-11-23T09:00:00Z")).await;
    let refused = assert_refused(past, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["promise.due_time"]);
    let empty = pb::MakePromiseRequest { promise: Some(pb::Promise::default()), ..Default::default() };
    let refused = assert_refused(agent.make_promise(empty).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(
        fields(&refused),
        ["parent", "request_id", "promise.text", "promise.due_time", "promise.channel", "promise.kind"]
    );
}
