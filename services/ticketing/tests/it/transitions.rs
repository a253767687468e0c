//! StartTicket, WaitForCustomer, HoldTicket, ResumeTicket, ReopenTicket, RejectTicket, CancelTicket.

use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::TicketState;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::world::{
    World, assert_refused, fact, fields, fresh_id, open, resolved, say, start, started, wait, withdrawal,
};

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
    let reject = |reason: &str, explanation: &str, signpost: &str, etag: &str| pb::RejectTicketRequest {
        name: ticket.name.clone(),
        reason: reason.into(),
        explanation: explanation.into(),
        signpost: signpost.into(),
        etag: etag.into(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    let why = "El contrato es de otra comercializadora desde marzo, y la factura la emitió ella.";
    let signpost = "Puede acudir a la Junta Arbitral de Consumo de su comunidad.";
    let bare = agent.reject_ticket(reject("", "", "web", &ticket.etag)).await;
    let refused = assert_refused(bare, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["reason", "explanation", "signpost"]);
    assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 13.7");
    assert!(refused.message().contains("Ley 10/2025 art. 13.7"), "{}", refused.message());
    for (reason, why, signpost, wrong) in [
        ("", why, signpost, "reason"),
        ("not_our_contract", "", signpost, "explanation"),
        ("not_our_contract", why, "", "signpost"),
    ] {
        let half = agent.reject_ticket(reject(reason, why, signpost, &ticket.etag)).await;
        let refused = assert_refused(half, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), [wrong]);
        assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 13.7");
    }
    for (why, signpost) in
        [("x", signpost), ("Lamentamos las molestias. Un cordial saludo.", signpost), (why, "aaaaaaaaaaaaaaaaaaaa")]
    {
        let generic = agent.reject_ticket(reject("not_our_contract", why, signpost, &ticket.etag)).await;
        assert_refused(generic, Code::FailedPrecondition, "GENERIC_ANSWER");
    }
    let refused = agent.reject_ticket(reject("not_our_contract", why, signpost, "17")).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!((fields(&refused), fact(&refused, "article")), (vec!["etag".to_owned()], String::new()));
    let rejected =
        agent.reject_ticket(reject("not_our_contract", why, signpost, &ticket.etag)).await.unwrap().into_inner();
    assert_eq!((rejected.state(), rejected.signpost.as_str()), (TicketState::Rejected, signpost));
    let list = pb::ListMessagesRequest { parent: ticket.name.clone(), ..Default::default() };
    let said = agent.list_messages(list).await.unwrap().into_inner().messages;
    let told = said.last().expect("the customer is told why");
    assert_eq!((told.direction(), told.visibility()), (Direction::Outbound, pb::MessageVisibility::Public));
    assert!(told.body.contains(why) && told.body.contains(signpost), "{}", told.body);
    assert_refused(start(&mut agent, &rejected).await, Code::FailedPrecondition, "TICKET_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_customer_withdraws() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let cancel = |reason: &str, message: &str| pb::CancelTicketRequest {
        name: ticket.name.clone(),
        reason: reason.into(),
        message: message.into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        occurred_time: None,
    };
    let refused = agent.cancel_ticket(cancel("they_go_elsewhere", "")).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["reason", "message"]);
    for elapsed in ["term_elapsed", "no_response"] {
        let refused = agent.cancel_ticket(cancel(elapsed, "")).await;
        let refused = assert_refused(refused, Code::FailedPrecondition, "CLOSE_BY_ELAPSED_TERM");
        assert_eq!(fact(&refused, "article"), "Ley 10/2025 art. 13.2");
    }
    let nowhere = format!("{}/messages/0190a000-0000-7000-8000-00000000dead", ticket.name);
    let refused = agent.cancel_ticket(cancel("withdrawn_by_customer", &nowhere)).await;
    assert_refused(refused, Code::NotFound, "NOT_FOUND");
    let other = open(&mut agent).await.ticket.unwrap();
    let ours = say(&mut agent, &ticket.name, Direction::Outbound, pb::MessageVisibility::Public).await.name;
    for not_theirs in [ours, withdrawal(&mut agent, &other.name).await] {
        let refused = agent.cancel_ticket(cancel("withdrawn_by_customer", &not_theirs)).await;
        assert_refused(refused, Code::FailedPrecondition, "NOT_SAID_BY_CUSTOMER");
    }
    let said = withdrawal(&mut agent, &ticket.name).await;
    let over = agent.cancel_ticket(cancel("withdrawn_by_customer", &said)).await.unwrap().into_inner();
    assert_eq!((over.state(), over.state_reason.as_str()), (TicketState::Cancelled, "withdrawn_by_customer"));
    let list = pb::ListMessagesRequest { parent: ticket.name.clone(), ..Default::default() };
    let told = agent.list_messages(list).await.unwrap().into_inner().messages.pop().expect("they are told");
    assert_eq!((told.direction(), told.channel()), (Direction::Outbound, Channel::Email));
    assert!(told.body.contains("Hemos retirado su asunto"), "{}", told.body);
    let list = pb::ListTicketHistoryRequest { name: ticket.name.clone(), ..Default::default() };
    let last = agent.list_ticket_history(list).await.unwrap().into_inner().changes.pop().unwrap();
    assert_eq!(last.related, said, "the history says in what words");
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
