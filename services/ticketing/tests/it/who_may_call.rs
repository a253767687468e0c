//! The policies: who reads, who writes.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;

use crate::world::{World, complaint, create_request, open, start};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_office_services_and_auditors_read_and_do_not_write() {
    let world = World::new().await;
    let ticket = open(&mut world.agent()).await.ticket.unwrap();
    for role in [Role::OfficeIntake, Role::Investigator, Role::Ombudsman, Role::Service, Role::Auditor] {
        let mut reader = world.as_role(role);
        let name = ticket.name.clone();
        reader.get_ticket(pb::GetTicketRequest { name: name.clone() }).await.unwrap();
        let messages = pb::ListMessagesRequest { parent: name.clone(), ..Default::default() };
        reader.list_messages(messages).await.unwrap();
        let history = pb::ListTicketHistoryRequest { name, ..Default::default() };
        reader.list_ticket_history(history).await.unwrap();
        assert_eq!(start(&mut reader, &ticket).await.unwrap_err().code(), Code::PermissionDenied, "{role}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ivr_opens_tickets_and_does_not_work_on_them() {
    let world = World::new().await;
    let mut ivr = world.as_role(Role::Ivr);
    let ticket = ivr.create_ticket(create_request(complaint())).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(start(&mut ivr, &ticket).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn customers_and_engineers_read_no_ticket() {
    let world = World::new().await;
    let ticket = open(&mut world.agent()).await.ticket.unwrap();
    for role in [Role::Customer, Role::Sre, Role::FirmLiaison] {
        let get = pb::GetTicketRequest { name: ticket.name.clone() };
        assert_eq!(world.as_role(role).get_ticket(get).await.unwrap_err().code(), Code::PermissionDenied, "{role}");
    }
}
