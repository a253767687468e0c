//! CloseTicket.

use jiff::SignedDuration;
use kernel::Role;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::ticket_service_client::TicketServiceClient;
use ventanilla_proto::r#type::v1::Direction;
use ventanilla_ticketing as ticketing;

use crate::world::{
    ANSWER, OTHER_ANSWER, World, accept, answer, assert_refused, close, fact, resolve, resolved, say, start, started,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_never_closed_because_a_term_has_passed() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    world.advance(SignedDuration::from_hours(24 * 365));
    let refused = close(&mut agent, &ticket, pb::CloseReason::TermElapsed).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "CLOSE_BY_ELAPSED_TERM");
    assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 13.2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closes_by_the_objection_window_when_it_is_over_and_not_before() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    world.advance(SignedDuration::from_hours(24 * 9));
    let refused = close(&mut agent, &ticket, pb::CloseReason::ObjectionWindowOver).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "OBJECTION_WINDOW_OPEN");
    assert_eq!(fact(&refused, "open_until"), "2026-12-03T09:00:00Z");
    world.advance(SignedDuration::from_hours(24));
    let closed = close(&mut agent, &ticket, pb::CloseReason::ObjectionWindowOver).await.unwrap();
    assert_eq!((closed.state(), closed.state_reason.as_str()), (pb::TicketState::Closed, "objection_window_over"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_follows_once_the_customer_accepted() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let closed = accept(&world, &ticket).await;
    let refused = assert_refused(start(&mut agent, &closed).await, Code::FailedPrecondition, "TICKET_OVER");
    assert_eq!(fact(&refused, "state"), "closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_an_importer_closes_as_closed_at_the_source() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let refused = close(&mut agent, &ticket, pb::CloseReason::ClosedAtSource).await;
    assert_refused(refused, Code::PermissionDenied, "PAST_TIME_NOT_ALLOWED");
    // Nor does an importer close so what was opened here.
    let refused = close(&mut world.as_role(Role::Importer), &ticket, pb::CloseReason::ClosedAtSource).await;
    assert_refused(refused, Code::PermissionDenied, "PAST_TIME_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_resolved_is_not_closed() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let refused = close(&mut agent, &ticket, pb::CloseReason::AcceptedByCustomer).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "TRANSITION_NOT_ALLOWED");
    assert_eq!(fact(&refused, "state"), "in_progress");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_wrote_since_the_answer_is_not_closed_by_silence_whoever_may_read_it() {
    for visibility in [pb::MessageVisibility::Public, pb::MessageVisibility::Internal] {
        let world = World::new().await;
        let mut agent = world.agent();
        let ticket = started(&mut agent).await;
        // What was said before the answer says nothing about it.
        say(&mut agent, &ticket.name, Direction::Inbound, visibility).await;
        let ticket = answer(&mut agent, &ticket, "p1", ANSWER).await.unwrap();
        let ticket = answer(&mut agent, &ticket, "p2", OTHER_ANSWER).await.unwrap();
        let ticket = resolve(&mut agent, &ticket).await.unwrap();
        world.advance(SignedDuration::from_hours(24 * 11));
        say(&mut agent, &ticket.name, Direction::Inbound, visibility).await;
        let refused = close(&mut agent, &ticket, pb::CloseReason::ObjectionWindowOver).await;
        let refused = assert_refused(refused, Code::FailedPrecondition, "CUSTOMER_HAS_SPOKEN");
        assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 13.2");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_the_customer_accepted_shows_in_what_they_said_and_is_told_by_nobody_who_answered() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let mut other = world.as_role(Role::Supervisor);
    let refused = close(&mut other, &ticket, pb::CloseReason::AcceptedByCustomer).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_SAID_BY_CUSTOMER");
    say(&mut agent, &ticket.name, Direction::Outbound, pb::MessageVisibility::Public).await;
    let refused = close(&mut other, &ticket, pb::CloseReason::AcceptedByCustomer).await;
    assert_refused(refused, Code::FailedPrecondition, "NOT_SAID_BY_CUSTOMER");
    say(&mut agent, &ticket.name, Direction::Inbound, pb::MessageVisibility::Public).await;
    let refused = close(&mut agent, &ticket, pb::CloseReason::AcceptedByCustomer).await;
    assert_refused(refused, Code::PermissionDenied, "ACCEPTANCE_OF_OWN_WORK");
    close(&mut other, &ticket, pb::CloseReason::AcceptedByCustomer).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_has_ten_days_to_object_whatever_is_set() {
    let world = World::new().await;
    let settings = ticketing::Settings::new(world.database.settings_of(ticketing::SCHEMA));
    let settings = ticketing::Settings { objection_window_days: 0, ..settings };
    let assembly = ticketing::assemble(settings, world.harness.house_with("ticketing", &[])).await.unwrap();
    let served = world.harness.start(assembly).await;
    let mut agent = TicketServiceClient::new(served.channel(Role::Agent));
    let ticket = resolved(&mut agent).await;
    world.advance(SignedDuration::from_hours(239));
    let refused = close(&mut agent, &ticket, pb::CloseReason::ObjectionWindowOver).await;
    assert_refused(refused, Code::FailedPrecondition, "OBJECTION_WINDOW_OPEN");
    world.advance(SignedDuration::from_hours(1));
    close(&mut agent, &ticket, pb::CloseReason::ObjectionWindowOver).await.unwrap();
}
