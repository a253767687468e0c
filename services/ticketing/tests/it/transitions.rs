//! StartTicket, WaitForCustomer, HoldTicket, ResumeTicket, ReopenTicket, RejectTicket, CancelTicket.

use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::TicketState;

use crate::world::{World, assert_refused, fact, fields, fresh_id, open, resolved, start, started, wait};

macro_rules! request {
    ($request:ident, $ticket:expr $(, $field:ident: $value:expr)*) => {
        pb::$request {
            name: $ticket.name.clone(),
            etag: $ticket.etag.clone(),
            request_id: fresh_id(),
            occurred_time: None,
            $($field: $value.into(),)*
        }
    };
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waits_holds_and_resumes_with_its_reasons() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    assert_eq!(ticket.state(), TicketState::InProgress);
    let ticket = wait(&mut agent, &ticket).await.unwrap();
    assert_eq!((ticket.state(), ticket.state_reason.as_str()), (TicketState::Pending, "customer_travels"));
    let resume = request!(ResumeTicketRequest, ticket, reason: "");
    let ticket = agent.resume_ticket(resume).await.unwrap().into_inner();
    assert_eq!((ticket.state(), ticket.state_reason.as_str()), (TicketState::InProgress, "customer_answered"));
    let hold = request!(HoldTicketRequest, ticket, reason: "awaiting_supplier");
    let ticket = agent.hold_ticket(hold).await.unwrap().into_inner();
    assert_eq!((ticket.state(), ticket.state_reason.as_str()), (TicketState::Held, "awaiting_supplier"));
    let resume = request!(ResumeTicketRequest, ticket, reason: "part_arrived");
    let ticket = agent.resume_ticket(resume).await.unwrap().into_inner();
    assert_eq!((ticket.state(), ticket.state_reason.as_str()), (TicketState::InProgress, "part_arrived"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_objection_reopens_and_the_first_receipt_stays() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let reopen = request!(ReopenTicketRequest, ticket, reason: "customer_objects");
    let reopened = agent.reopen_ticket(reopen).await.unwrap().into_inner();
    assert_eq!(reopened.state(), TicketState::InProgress);
    assert_eq!(reopened.first_received_time, ticket.first_received_time);
    assert_eq!(reopened.resolution, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejection_needs_a_reason_and_a_signpost() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let bare = request!(RejectTicketRequest, ticket, reason: "", signpost: "web");
    let refused = assert_refused(agent.reject_ticket(bare).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["reason", "signpost"]);
    assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 13.7");
    assert!(refused.message().contains("Ley 10/2025 art. 13.7"), "{}", refused.message());
    let signpost = "Puede acudir a la Junta Arbitral de Consumo de su comunidad.";
    for (reason, signpost, wrong) in [("", signpost, "reason"), ("not_our_contract", "", "signpost")] {
        let half = request!(RejectTicketRequest, ticket, reason: reason, signpost: signpost);
        let refused = assert_refused(agent.reject_ticket(half).await, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), [wrong]);
        assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 13.7");
    }
    let other = pb::Ticket { etag: "17".into(), ..ticket.clone() };
    let other = request!(RejectTicketRequest, other, reason: "not_our_contract", signpost: signpost);
    let refused = assert_refused(agent.reject_ticket(other).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!((fields(&refused), fact(&refused, "article")), (vec!["etag".to_owned()], String::new()));
    let reject = request!(RejectTicketRequest, ticket, reason: "not_our_contract", signpost: signpost);
    let rejected = agent.reject_ticket(reject).await.unwrap().into_inner();
    assert_eq!((rejected.state(), rejected.signpost.as_str()), (TicketState::Rejected, signpost));
    assert_refused(start(&mut agent, &rejected).await, Code::FailedPrecondition, "TICKET_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_withdraws() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let cancel = request!(CancelTicketRequest, ticket, reason: "withdrawn_by_customer");
    assert_eq!(agent.cancel_ticket(cancel).await.unwrap().into_inner().state(), TicketState::Cancelled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_of_a_transition_is_answered_as_the_first_time() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let request = request!(StartTicketRequest, ticket);
    let first = agent.start_ticket(request.clone()).await.unwrap().into_inner();
    wait(&mut agent, &first).await.unwrap();
    assert_eq!(agent.start_ticket(request).await.unwrap().into_inner(), first);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_or_malformed_etag_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    start(&mut agent, &ticket).await.unwrap();
    let before = (world.count("request").await, world.count("entries").await);
    assert_refused(start(&mut agent, &ticket).await, Code::Aborted, "STALE_ETAG");
    let malformed = pb::Ticket { etag: "17".into(), ..ticket };
    let refused = assert_refused(start(&mut agent, &malformed).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["etag"]);
    assert_eq!((world.count("request").await, world.count("entries").await), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_ticket_is_not_found() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let unknown = pb::Ticket { name: "tickets/0190a000-0000-7000-8000-00000000dead".into(), ..ticket };
    assert_refused(start(&mut agent, &unknown).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_agents_with_the_same_etag_one_wins() {
    let world = World::new().await;
    let ticket = open(&mut world.agent()).await.ticket.unwrap();
    let calls = (0..6).map(|_| {
        let (mut agent, ticket) = (world.agent(), ticket.clone());
        tokio::spawn(async move { start(&mut agent, &ticket).await })
    });
    let mut won = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Ok(_) => won += 1,
            Err(status) => assert_eq!(status.code(), Code::Aborted),
        }
    }
    assert_eq!(won, 1);
}
