//! ListTicketHistory.

use kernel::Role;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::{TicketChangeKind as Kind, TicketState};

use crate::world::{World, promise_request, resolved};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tells_who_did_what_in_order() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    agent.make_promise(promise_request(&ticket.name, "2026-11-24T13:00:00Z")).await.unwrap();

    // The ombudsman's office reads it for its conflict check.
    let mut office = world.as_role(Role::Investigator);
    let mut request = pb::ListTicketHistoryRequest { name: ticket.name.clone(), page_size: 4, ..Default::default() };
    let first = office.list_ticket_history(request.clone()).await.unwrap().into_inner();
    request.page_token = first.next_page_token;
    let second = office.list_ticket_history(request).await.unwrap().into_inner();
    assert_eq!(second.next_page_token, "");
    let changes = [first.changes, second.changes].concat();

    let kinds: Vec<Kind> = changes.iter().map(pb::TicketChange::kind).collect();
    let answered = Kind::ClaimPointAnswered;
    let expected = [Kind::Opened, Kind::Transitioned, answered, answered, Kind::Transitioned, Kind::PromiseMade];
    assert_eq!(kinds, expected);
    assert_eq!(changes.iter().map(|c| c.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(changes[0].to_state(), TicketState::Acknowledged);
    assert_eq!((changes[4].from_state(), changes[4].to_state()), (TicketState::InProgress, TicketState::Resolved));
    assert_eq!(changes[2].related, "p1");
    for change in changes {
        let actor = change.actor.unwrap();
        assert_eq!((actor.id.as_str(), actor.department.as_str()), ("test-agent", "customer-service"));
    }
}
