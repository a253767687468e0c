//! AddMessage and ListMessages.

use jiff::SignedDuration;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::world::{
    World, accept, assert_refused, complaint, create_request, fact, fields, fresh_id, open, resolved, started, time,
    wait,
};

fn from_customer(ticket: &str, body: &str) -> pb::AddMessageRequest {
    pb::AddMessageRequest {
        parent: ticket.into(),
        message: Some(pb::Message {
            direction: Direction::Inbound.into(),
            visibility: pb::MessageVisibility::Public.into(),
            channel: Channel::Email.into(),
            body: body.into(),
            ..Default::default()
        }),
        request_id: fresh_id(),
        occurred_time: None,
    }
}

fn note(ticket: &str, body: &str) -> pb::AddMessageRequest {
    let message =
        pb::Message { visibility: pb::MessageVisibility::Internal.into(), body: body.into(), ..Default::default() };
    pb::AddMessageRequest { message: Some(message), ..from_customer(ticket, "") }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sold_to_who_has_no_service_or_complains_of_a_bank() {
    let world = World::new().await;
    let mut agent = world.agent();
    let offer = |ticket: &pb::Ticket, visibility: pb::MessageVisibility, direction: Direction| pb::AddMessageRequest {
        parent: ticket.name.clone(),
        message: Some(pb::Message {
            direction: direction.into(),
            visibility: visibility.into(),
            channel: Channel::Sms.into(),
            body: "Por dos euros más, fibra de un giga".into(),
            sales_offer: true,
            ..Default::default()
        }),
        request_id: fresh_id(),
        occurred_time: None,
    };
    let out = |ticket: &pb::Ticket| offer(ticket, pb::MessageVisibility::Public, Direction::Outbound);
    let opened = |change: fn(&mut pb::Ticket)| {
        let mut client = agent.clone();
        async move {
            let mut ticket = complaint();
            change(&mut ticket);
            client.create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap()
        }
    };
    let dark = opened(|t| (t.topic, t.ticket_type) = ("continuity".into(), pb::TicketType::Incidencia.into())).await;
    let bank = opened(|t| t.sector = "finance".into()).await;
    let ordinary = opened(|_| ()).await;
    for (ticket, article) in [(&dark, "Ley 10/2025 art. 16.2"), (&bank, "Ley 44/2002 art. 29.3")] {
        let refused = agent.add_message(out(ticket)).await;
        let refused = assert_refused(refused, Code::FailedPrecondition, "SALES_OFFER_NOT_ALLOWED");
        assert_eq!(fact(&refused, "article"), article);
    }
    assert!(agent.add_message(out(&ordinary)).await.unwrap().into_inner().sales_offer);
    for (visibility, direction) in
        [(pb::MessageVisibility::Public, Direction::Inbound), (pb::MessageVisibility::Internal, Direction::Outbound)]
    {
        let refused = agent.add_message(offer(&ordinary, visibility, direction)).await;
        let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), ["message.sales_offer"], "{visibility:?}");
    }
    let list = pb::ListMessagesRequest { parent: ordinary.name, ..Default::default() };
    let told = agent.list_messages(list).await.unwrap().into_inner().messages;
    assert_eq!(told.iter().map(|m| m.sales_offer).collect::<Vec<_>>(), [true]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_messages_and_notes_in_the_order_they_were_written() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let said = agent.add_message(from_customer(&ticket.name, "Adjunto la factura")).await.unwrap().into_inner();
    let noted = agent.add_message(note(&ticket.name, "Parece un duplicado")).await.unwrap().into_inner();
    assert_eq!(said.actor.as_ref().unwrap().id, "test-agent");

    let mut list = pb::ListMessagesRequest { parent: ticket.name.clone(), page_size: 1, ..Default::default() };
    let first = agent.list_messages(list.clone()).await.unwrap().into_inner();
    assert_eq!(first.messages, [said]);
    list.page_token = first.next_page_token;
    let second = agent.list_messages(list).await.unwrap().into_inner();
    assert_eq!((second.messages, second.next_page_token), (vec![noted], String::new()));
    let after = agent.get_ticket(pb::GetTicketRequest { name: ticket.name.clone() }).await.unwrap().into_inner();
    assert_eq!(after.etag, ticket.etag, "a message leaves the ticket's etag alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_are_listed_first_where_that_is_asked_for_and_a_page_goes_on_in_its_own_order() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let mut said = Vec::new();
    for n in 1..=5 {
        let message = from_customer(&ticket.name, &format!("Mensaje {n}"));
        said.push(agent.add_message(message).await.unwrap().into_inner());
    }
    let mut list =
        pb::ListMessagesRequest { parent: ticket.name, page_size: 2, newest_first: true, ..Default::default() };
    let first = agent.list_messages(list.clone()).await.unwrap().into_inner();
    // What is said meanwhile moves nothing.
    agent.add_message(from_customer(&list.parent, "Mensaje 6")).await.unwrap();
    list.page_token = first.next_page_token.clone();
    let other_way = pb::ListMessagesRequest { newest_first: false, ..list.clone() };
    assert_refused(agent.list_messages(other_way).await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    let second = agent.list_messages(list.clone()).await.unwrap().into_inner();
    list.page_token = second.next_page_token;
    let third = agent.list_messages(list).await.unwrap().into_inner();
    assert_eq!(third.next_page_token, "");
    let told: Vec<pb::Message> = [first.messages, second.messages, third.messages].concat();
    said.reverse();
    assert_eq!(told, said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_gives_the_same_message() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let request = from_customer(&ticket.name, "Hola");
    let first = agent.add_message(request.clone()).await.unwrap().into_inner();
    assert_eq!(agent.add_message(request.clone()).await.unwrap().into_inner(), first);
    let other = pb::AddMessageRequest { request_id: request.request_id, ..from_customer(&ticket.name, "Adiós") };
    assert_refused(agent.add_message(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_customer_says_brings_a_waiting_ticket_back_to_work() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let ticket = wait(&mut agent, &ticket).await.unwrap();
    agent.add_message(note(&ticket.name, "Sigo esperando")).await.unwrap();
    let get = pb::GetTicketRequest { name: ticket.name.clone() };
    let waiting = agent.get_ticket(get.clone()).await.unwrap().into_inner();
    assert_eq!(waiting.state(), pb::TicketState::Pending);
    agent.add_message(from_customer(&ticket.name, "Aquí está")).await.unwrap();
    let working = agent.get_ticket(get).await.unwrap().into_inner();
    assert_eq!((working.state(), working.state_reason.as_str()), (pb::TicketState::InProgress, "customer_answered"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refuses_a_public_message_without_a_way_and_a_text_that_is_too_long() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap();
    let message = pb::Message {
        visibility: pb::MessageVisibility::Public.into(),
        body: "ñ".repeat(20_001),
        ..Default::default()
    };
    let request = pb::AddMessageRequest { message: Some(message), ..from_customer(&ticket.name, "") };
    let refused = assert_refused(agent.add_message(request).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["message.body", "message.direction", "message.channel"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_is_over_takes_no_message() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = resolved(&mut agent).await;
    let ticket = accept(&world, &ticket).await;
    let late = agent.add_message(from_customer(&ticket.name, "Una cosa más")).await;
    assert_refused(late, Code::FailedPrecondition, "TICKET_OVER");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_message_explains_is_kept_and_told_with_it() {
    let world = World::new().await;
    let mut agent = world.agent();
    let ticket = open(&mut agent).await.ticket.unwrap().name;
    let explains = |at: &str, signposts| Some(pb::Explanation { expected_time: time(at), signposts });
    let why = |explanation, channel: Channel, direction: Direction| pb::AddMessageRequest {
        message: Some(pb::Message {
            direction: direction.into(),
            visibility: pb::MessageVisibility::Public.into(),
            channel: channel.into(),
            body: "Una avería en la subestación; esperamos reponerlo a las tres.".into(),
            explanation,
            ..Default::default()
        }),
        ..from_customer(&ticket, "")
    };
    let later = "2026-11-23T14:00:00Z";
    let request = why(explains(later, true), Channel::Email, Direction::Outbound);
    let said = agent.add_message(request.clone()).await.unwrap().into_inner();
    assert_eq!(said.explanation, explains(later, true));
    agent.add_message(why(None, Channel::Email, Direction::Outbound)).await.unwrap();
    let list = pb::ListMessagesRequest { parent: ticket.clone(), ..Default::default() };
    let listed = agent.list_messages(list).await.unwrap().into_inner().messages;
    assert_eq!(listed.iter().map(|m| m.explanation).collect::<Vec<_>>(), [explains(later, true), None]);
    let pool = world.database.admin().await;
    let entry = "select payload from (select position, type, payload from ticketing.ledger
                 union all select 1000000 + inbox_id, type, payload from ticketing.ledger_inbox) e
                 where type = 'ventanilla.ticketing.v1.MessageAdded' order by position limit 1";
    let payload: Vec<u8> = sqlx::query_scalar(entry).fetch_one(&pool).await.unwrap();
    let told = <pb::MessageAdded as prost::Message>::decode(payload.as_slice()).unwrap();
    assert_eq!(told.explanation, explains(later, true));
    for (explanation, channel, direction, field) in [
        (
            explains("2026-11-23T09:00:00Z", false),
            Channel::Email,
            Direction::Outbound,
            "message.explanation.expected_time",
        ),
        (explains(later, false), Channel::Email, Direction::Inbound, "message.explanation"),
        (explains(later, true), Channel::Phone, Direction::Outbound, "message.explanation.signposts"),
        (Some(pb::Explanation::default()), Channel::Email, Direction::Outbound, "message.explanation.expected_time"),
    ] {
        let refused = agent.add_message(why(explanation, channel, direction)).await;
        assert_eq!(fields(&assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST")), [field]);
    }
    // Who was not told that it was sent, and asks again once it is over, is told so.
    world.advance(SignedDuration::from_hours(6));
    assert_eq!(agent.add_message(request).await.unwrap().into_inner(), said);
}
