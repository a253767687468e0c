//! ChangeTickets: the same change in many affairs.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::change_result::Result as Outcome;
use ventanilla_proto::ticketing::v1::change_tickets_request::Change;

use crate::world::{World, assert_refused, fields, fresh_id, get, open, resolved, started};

fn item(ticket: &pb::Ticket) -> pb::ChangedTicket {
    pb::ChangedTicket { name: ticket.name.clone(), etag: ticket.etag.clone() }
}

/// What became of each: the state it stands in, or the reason of the refusal.
fn outcomes(answer: &pb::ChangeTicketsResponse) -> Vec<String> {
    let told = |result: &pb::ChangeResult| match result.result.as_ref().unwrap() {
        Outcome::Changed(ticket) => format!("{} {}", ticket.state().as_str_name(), ticket.department),
        Outcome::Refusal(refusal) => refusal.reason.clone(),
    };
    answer.results.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_change_is_made_in_many_and_what_is_refused_for_one_is_done_for_the_others() {
    let world = World::new().await;
    let mut agent = world.agent();
    let mut finder = world.finder("ana", Role::Agent);
    let (one, two) = (started(&mut agent).await, started(&mut agent).await);
    let untouched = open(&mut agent).await.ticket.unwrap();
    let over = resolved(&mut agent).await;
    let stale = pb::ChangedTicket { etag: "\"99\"".into(), ..item(&two) };
    let nowhere = pb::ChangedTicket { name: "tickets/0190a000-0000-7000-8000-0000000000ff".into(), ..item(&two) };
    let hold = pb::HoldChange { reason: "supplier_down".into() };
    let request = pb::ChangeTicketsRequest {
        tickets: vec![item(&one), stale, item(&untouched), item(&over), nowhere],
        change: Some(Change::Hold(hold)),
        request_id: fresh_id(),
    };
    let first = finder.change_tickets(request.clone()).await.unwrap().into_inner();
    let told =
        ["TICKET_STATE_HELD billing", "STALE_ETAG", "TRANSITION_NOT_ALLOWED", "TRANSITION_NOT_ALLOWED", "NOT_FOUND"];
    assert_eq!(outcomes(&first), told);
    assert_eq!(get(&mut agent, &one.name).await.state_reason, "supplier_down");
    // Again, it is what it was; with another change, it is another call.
    let again = finder.change_tickets(request.clone()).await.unwrap().into_inner();
    assert_eq!(outcomes(&again), told);
    assert_eq!(again.results[0], first.results[0]);
    let other = pb::ChangeTicketsRequest { change: Some(Change::Resume(pb::ResumeChange::default())), ..request };
    let other = finder.change_tickets(other).await.unwrap().into_inner();
    assert_eq!(outcomes(&other)[0], "REQUEST_ID_REUSED");

    let transfer = pb::TransferChange {
        to_department: "network".into(),
        handover: "Falta el router".into(),
        reason: "needs_specialist".into(),
        ..Default::default()
    };
    let request = pb::ChangeTicketsRequest {
        tickets: vec![item(&two), item(&untouched)],
        change: Some(Change::Transfer(transfer)),
        request_id: fresh_id(),
    };
    let moved = finder.change_tickets(request).await.unwrap().into_inner();
    assert_eq!(outcomes(&moved), ["TICKET_STATE_IN_PROGRESS network", "TICKET_STATE_ACKNOWLEDGED network"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_a_change_of_many_is_told_before_any_is_changed() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let mut finder = world.finder("ana", Role::Agent);
    let request = pb::ChangeTicketsRequest {
        tickets: vec![item(&ticket), item(&ticket), pb::ChangedTicket::default()],
        change: Some(Change::Hold(pb::HoldChange::default())),
        request_id: "x".into(),
    };
    let refused = assert_refused(finder.change_tickets(request).await, Code::InvalidArgument, "INVALID_REQUEST");
    let wrong = ["request_id", "tickets[1].name", "tickets[2].name", "tickets[2].etag", "hold.reason"];
    assert_eq!(fields(&refused), wrong);
    assert_eq!(get(&mut agent, &ticket.name).await.etag, ticket.etag);
}
