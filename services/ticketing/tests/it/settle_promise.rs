//! SettlePromise.

use jiff::SignedDuration;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::PromiseState;

use crate::world::{Tickets, World, assert_refused, fields, fresh_id, open, promise_request};

async fn promised(client: &mut Tickets) -> pb::Promise {
    let ticket = open(client).await.ticket.unwrap();
    client.make_promise(promise_request(&ticket.name, "2026-11-24T13:00:00Z")).await.unwrap().into_inner()
}

fn settle(promise: &pb::Promise, state: PromiseState, cause: &str) -> pb::SettlePromiseRequest {
    pb::SettlePromiseRequest {
        name: promise.name.clone(),
        state: state.into(),
        cause: cause.into(),
        etag: promise.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_that_was_kept_ends_once() {
    let world = World::new().await;
    let mut agent = world.agent();
    let promise = promised(&mut agent).await;
    let kept = agent.settle_promise(settle(&promise, PromiseState::Kept, "")).await.unwrap().into_inner();
    assert_eq!(kept.state(), PromiseState::Kept);
    assert!(kept.settle_time.is_some());
    let stale = agent.settle_promise(settle(&promise, PromiseState::Kept, "")).await;
    assert_refused(stale, Code::Aborted, "STALE_ETAG");
    let again = agent.settle_promise(settle(&kept, PromiseState::Kept, "")).await;
    assert_refused(again, Code::FailedPrecondition, "PROMISE_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_announced_before_it_falls_due_and_silent_after() {
    let world = World::new().await;
    let mut agent = world.agent();
    let (first, second) = (promised(&mut agent).await, promised(&mut agent).await);
    let cause = "El técnico está de baja";
    let early = agent.settle_promise(settle(&first, PromiseState::BrokenSilent, "")).await;
    assert_refused(early, Code::FailedPrecondition, "PROMISE_NOT_DUE");
    let told = agent.settle_promise(settle(&first, PromiseState::BrokenAnnounced, cause)).await.unwrap().into_inner();
    assert_eq!((told.state(), told.cause.as_str()), (PromiseState::BrokenAnnounced, cause));

    world.advance(SignedDuration::from_hours(48));
    for state in [PromiseState::Kept, PromiseState::BrokenAnnounced] {
        let cause = if state == PromiseState::Kept { "" } else { cause };
        let late = agent.settle_promise(settle(&second, state, cause)).await;
        assert_refused(late, Code::FailedPrecondition, "PROMISE_PAST_DUE");
    }
    let silent = agent.settle_promise(settle(&second, PromiseState::BrokenSilent, "")).await.unwrap().into_inner();
    assert_eq!(silent.state(), PromiseState::BrokenSilent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_an_end_that_is_none_and_an_announcement_without_a_cause() {
    let world = World::new().await;
    let mut agent = world.agent();
    let promise = promised(&mut agent).await;
    for (state, field) in [
        (PromiseState::Made, "state"),
        (PromiseState::Renegotiated, "state"),
        (PromiseState::Unspecified, "state"),
        (PromiseState::BrokenAnnounced, "cause"),
    ] {
        let refused = agent.settle_promise(settle(&promise, state, "")).await;
        let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), [field], "{state:?}");
    }
}
