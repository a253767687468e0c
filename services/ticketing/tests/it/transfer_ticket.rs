//! TransferTicket.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;

use crate::world::{
    World, accept, assert_refused, complaint, create_request, fact, fields, fresh_id, resolved, started, wait,
};

fn request(ticket: &pb::Ticket, department: &str, owner: &str) -> pb::TransferTicketRequest {
    pb::TransferTicketRequest {
        name: ticket.name.clone(),
        to_department: department.into(),
        owner: owner.into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        reason: "needs_specialist".into(),
        handover: "Ya ha mandado los dos recibos.".into(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_goes_along_so_that_nobody_asks_the_customer_again() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    world.employ(&["u-42"]).await;
    let known = "Ya ha mandado los dos recibos; el banco confirma el cargo doble.";
    let handed = pb::TransferTicketRequest {
        reason: "needs_specialist".into(),
        handover: known.into(),
        ..request(&ticket, "network-ops", "u-42")
    };
    let moved = agent.transfer_ticket(handed.clone()).await.unwrap().into_inner();
    assert_eq!((moved.department.as_str(), moved.owner.as_str()), ("network-ops", "u-42"));
    let again = agent.transfer_ticket(handed).await.unwrap().into_inner();
    assert_eq!(again, moved, "a retry hands over once");

    let list = pb::ListMessagesRequest { parent: ticket.name.clone(), ..Default::default() };
    let messages = agent.list_messages(list).await.unwrap().into_inner().messages;
    let told: Vec<_> = messages.iter().map(|m| (m.visibility(), m.body.as_str())).collect();
    assert_eq!(told, [(pb::MessageVisibility::Internal, known)]);
    let list = pb::ListTicketHistoryRequest { name: ticket.name, ..Default::default() };
    let changes = agent.list_ticket_history(list).await.unwrap().into_inner().changes;
    let last: Vec<_> = changes.iter().rev().take(2).map(|c| (c.kind(), c.reason.as_str())).collect();
    let (added, assigned) = (pb::TicketChangeKind::MessageAdded, pb::TicketChangeKind::Assigned);
    assert_eq!(last, [(added, ""), (assigned, "needs_specialist")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_who_works_on_it_and_nothing_else() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    world.employ(&["u-42"]).await;
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
    let wordy = pb::TransferTicketRequest {
        reason: "Dos palabras".into(),
        handover: "x".repeat(20_001),
        ..request(&ticket, "network-ops", "")
    };
    let refused = assert_refused(agent.transfer_ticket(wordy).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["reason", "handover"]);
    let closed = accept(&world, &ticket).await;
    let refused = agent.transfer_ticket(request(&closed, "network-ops", "")).await;
    assert_refused(refused, Code::FailedPrecondition, "TICKET_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_hands_over_without_why_and_what_is_known_nor_to_somebody_who_is_not_there() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let silent = pb::TransferTicketRequest {
        reason: String::new(),
        handover: String::new(),
        ..request(&ticket, "network-ops", "")
    };
    let refused = agent.transfer_ticket(silent.clone()).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["reason", "handover"]);
    let refused = agent.transfer_ticket(request(&ticket, "network-ops", "ana-typo")).await;
    let refused = assert_refused(refused, Code::FailedPrecondition, "OWNER_UNKNOWN");
    assert_eq!(fact(&refused, "owner"), "ana-typo");
    let typed = pb::Ticket { owner: "ana-typo".into(), ..complaint() };
    assert_refused(agent.create_ticket(create_request(typed)).await, Code::FailedPrecondition, "OWNER_UNKNOWN");
    // A machine says neither, and who brings histories names those of another system.
    let elsewhere = pb::TransferTicketRequest { owner: "u-of-the-crm".into(), request_id: fresh_id(), ..silent };
    let moved = world.as_role(Role::Importer).transfer_ticket(elsewhere).await.unwrap().into_inner();
    assert_eq!(moved.owner, "u-of-the-crm");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_agent_begins_to_work_on_is_theirs_and_stands_in_no_queue() {
    let world = World::new().await;
    let mut agent = world.agent();
    let before = started(&mut agent).await;
    assert_eq!(before.owner, "", "who is no agent here owns nothing");
    world.employ(&["test-agent"]).await;
    let begun = started(&mut agent).await;
    assert_eq!(begun.owner, "test-agent");
    let hold = pb::HoldTicketRequest {
        name: before.name.clone(),
        reason: "awaiting_supplier".into(),
        etag: before.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    let held = agent.hold_ticket(hold).await.unwrap().into_inner();
    assert_eq!((held.state(), held.owner.as_str()), (pb::TicketState::Held, "test-agent"));
    // So is what waits for the customer at their word.
    let queued = agent.transfer_ticket(request(&begun, "billing", "")).await.unwrap().into_inner();
    let waits = wait(&mut agent, &queued).await.unwrap();
    assert_eq!(
        (queued.owner.as_str(), waits.state(), waits.owner.as_str()),
        ("", pb::TicketState::Pending, "test-agent")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_or_waits_for_its_customer_stands_in_the_queue_it_is_handed_to_and_is_given_as_it_is() {
    let world = World::new().await;
    let mut agent = world.agent();
    let held = started(&mut agent).await;
    let hold = pb::HoldTicketRequest {
        name: held.name.clone(),
        reason: "awaiting_supplier".into(),
        etag: held.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    let held = agent.hold_ticket(hold).await.unwrap().into_inner();
    let waits = started(&mut agent).await;
    let waits = wait(&mut agent, &waits).await.unwrap();
    let answered = resolved(&mut agent).await;
    for ticket in [&held, &waits, &answered] {
        let moved = agent.transfer_ticket(request(ticket, "network-ops", "")).await.unwrap().into_inner();
        assert_eq!((moved.owner.as_str(), moved.state()), ("", ticket.state()));
    }
    let mut theirs = world.hired("u-42", |agent| agent.department = "network-ops".into()).await;
    let queue = pb::GetQueueRequest { name: "queues/network-ops".into() };
    assert_eq!(
        theirs.get_queue(queue.clone()).await.unwrap().into_inner().waiting_count,
        2,
        "what is answered waits for nobody"
    );
    for ticket in [&held, &waits] {
        let take = pb::TakeNextTicketRequest { request_id: fresh_id() };
        let given = theirs.take_next_ticket(take).await.unwrap().into_inner().ticket.unwrap();
        assert_eq!((given.name.as_str(), given.owner.as_str()), (ticket.name.as_str(), "u-42"));
        assert_eq!((given.state(), &given.state_reason), (ticket.state(), &ticket.state_reason));
    }
    assert_eq!(theirs.get_queue(queue).await.unwrap().into_inner().waiting_count, 0);
}
