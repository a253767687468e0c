//! GetTicket and GetReceipt.

use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;

use crate::world::{World, assert_refused, fields, open};

const UNKNOWN: &str = "tickets/0190a000-0000-7000-8000-00000000dead";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_back_what_was_created() {
    let world = World::new().await;
    let mut agent = world.agent();
    let answer = open(&mut agent).await;
    let ticket = answer.ticket.unwrap();
    let read = agent.get_ticket(pb::GetTicketRequest { name: ticket.name.clone() }).await.unwrap().into_inner();
    assert_eq!(read, ticket);
    let name = format!("{}/receipt", ticket.name);
    let receipt = agent.get_receipt(pb::GetReceiptRequest { name }).await.unwrap().into_inner();
    assert_eq!(receipt, answer.receipt.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_ticket_is_not_found_and_a_malformed_name_is_refused() {
    let world = World::new().await;
    let mut agent = world.agent();
    let get = pb::GetTicketRequest { name: UNKNOWN.into() };
    assert_refused(agent.get_ticket(get).await, Code::NotFound, "NOT_FOUND");
    for name in ["", "tickets/1", "cases/0190a000-0000-7000-8000-00000000dead"] {
        let get = pb::GetTicketRequest { name: name.into() };
        let refused = assert_refused(agent.get_ticket(get).await, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), ["name"]);
    }
    let receipt = pb::GetReceiptRequest { name: format!("{UNKNOWN}/receipt") };
    assert_refused(agent.get_receipt(receipt).await, Code::NotFound, "NOT_FOUND");
}
