//! `occurred_time`: history that an importer brings in its own past time.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;

use crate::world::{World, assert_refused, complaint, create_request, fact, fields, fresh_id, time};

fn create(at: &str) -> pb::CreateTicketRequest {
    pb::CreateTicketRequest { occurred_time: time(at), ..create_request(complaint()) }
}

fn start(ticket: &pb::Ticket, at: &str) -> pb::StartTicketRequest {
    pb::StartTicketRequest {
        name: ticket.name.clone(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: time(at),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_importer_tells_the_past_in_its_order() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let ticket = importer.create_ticket(create("2012-03-31T14:59:42Z")).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(ticket.first_received_time, time("2012-03-31T14:59:42Z"));
    assert_eq!(ticket.create_time, time("2026-11-23T09:00:00Z"));

    let early = importer.start_ticket(start(&ticket, "2012-03-31T14:59:41Z")).await;
    let refused = assert_refused(early, Code::FailedPrecondition, "OUT_OF_ORDER");
    assert_eq!(fact(&refused, "not_before"), "2012-03-31T14:59:42Z");
    let ticket = importer.start_ticket(start(&ticket, "2012-04-02T08:00:00Z")).await.unwrap().into_inner();
    assert_eq!(ticket.state_time, time("2012-04-02T08:00:00Z"));

    let history = pb::ListTicketHistoryRequest { name: ticket.name, ..Default::default() };
    let changes = importer.list_ticket_history(history).await.unwrap().into_inner().changes;
    assert_eq!(changes[1].occurred_time, time("2012-04-02T08:00:00Z"));
    assert_eq!(changes[1].recorded_time, time("2026-11-23T09:00:00Z"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_tells_the_future() {
    let world = World::new().await;
    let refused = world.as_role(Role::Importer).create_ticket(create("2026-11-23T09:00:01Z")).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["occurred_time"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_has_no_past_time_of_their_own() {
    let world = World::new().await;
    let mut agent = world.agent();
    let refused = agent.create_ticket(create("2026-11-22T09:00:00Z")).await;
    assert_refused(refused, Code::PermissionDenied, "PAST_TIME_NOT_ALLOWED");
    let ticket = crate::world::open(&mut agent).await.ticket.unwrap();
    let refused = agent.start_ticket(start(&ticket, "2026-11-23T09:00:00Z")).await;
    assert_refused(refused, Code::PermissionDenied, "PAST_TIME_NOT_ALLOWED");
}

fn waits(ticket: &pb::Ticket, at: &str) -> pb::WaitForCustomerRequest {
    pb::WaitForCustomerRequest {
        name: ticket.name.clone(),
        reason: "cure_requested".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: time(at),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_past_time_stops_the_legal_term_of_an_affair_that_was_opened_here() {
    let world = World::new().await;
    let mut importer = world.as_role(Role::Importer);
    let ticket = crate::world::started(&mut world.agent()).await;
    let refused = importer.wait_for_customer(waits(&ticket, "2026-11-23T09:00:00Z")).await;
    assert_refused(refused, Code::FailedPrecondition, "CURE_REQUEST_NEEDED");
    let brought = crate::import_tickets::unfinished(&world).await;
    let waiting = importer.wait_for_customer(waits(&brought, "2026-11-23T09:00:00Z")).await.unwrap().into_inner();
    assert_eq!(waiting.state(), pb::TicketState::Pending, "what another system did is told as it was");
}
