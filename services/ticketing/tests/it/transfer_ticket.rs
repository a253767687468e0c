//! TransferTicket.

use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;

use crate::world::{World, assert_refused, close, fields, fresh_id, resolved, started};

fn request(ticket: &pb::Ticket, department: &str, owner: &str) -> pb::TransferTicketRequest {
    pb::TransferTicketRequest {
        name: ticket.name.clone(),
        to_department: department.into(),
        owner: owner.into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_who_works_on_it_and_nothing_else() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let moved = agent.transfer_ticket(request(&ticket, "network-ops", "u-42")).await.unwrap().into_inner();
    let expected = pb::Ticket {
        department: "network-ops".into(),
        owner: "u-42".into(),
        etag: moved.etag.clone(),
        update_time: moved.update_time,
        ..ticket
    };
    assert_eq!(moved, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_a_department_that_is_no_slug_and_a_ticket_that_is_over() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let refused = agent.transfer_ticket(request(&ticket, "Network Ops", "con espacio")).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["to_department", "owner"]);
    let closed = close(&mut agent, &ticket, pb::CloseReason::AcceptedByCustomer).await.unwrap();
    let refused = agent.transfer_ticket(request(&closed, "network-ops", "")).await;
    assert_refused(refused, Code::FailedPrecondition, "TICKET_OVER");
}
