//! CreateTicket.

use aws_lc_rs::digest;
use kernel::Role;
use tonic::Code;
use tonic_types::StatusExt as _;
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::r#type::v1::{Channel, Language};

use crate::world::{World, assert_refused, complaint, create_request, fact, fields, fresh_id, open, time};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gives_ticket_receipt_key_and_proof() {
    let world = World::new().await;
    let answer = open(&mut world.agent()).await;
    let (ticket, receipt) = (answer.ticket.unwrap(), answer.receipt.unwrap());

    assert_eq!(ticket.state(), pb::TicketState::Acknowledged);
    assert_eq!(ticket.first_received_time, time("2026-11-23T09:00:00Z"));
    assert_eq!(ticket.sector, "general");
    assert_eq!(ticket.claim_points.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(), ["p1", "p2"]);
    assert_eq!(ticket.tracking_key, answer.tracking_key);
    assert_eq!(answer.tracking_key.len(), 16);
    assert_eq!(answer.proof.len(), 6);
    assert_eq!(receipt.content_hash, digest::digest(&digest::SHA256, receipt.text.as_bytes()).as_ref());
    for part in ["23/11/2026 10:00:00 CET (Europe/Madrid)", &answer.tracking_key, "Me cobran dos veces"] {
        assert!(receipt.text.contains(part), "{part} is missing in {}", receipt.text);
    }
    assert_eq!(world.count("entries").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_id_gives_the_same_answer_and_one_ticket() {
    let world = World::new().await;
    let mut agent = world.agent();
    let request = create_request(complaint());
    let first = agent.create_ticket(request.clone()).await.unwrap().into_inner();
    world.advance(jiff::SignedDuration::from_mins(5));
    let again = agent.create_ticket(request).await.unwrap().into_inner();
    assert_eq!(first, again);
    assert_eq!((world.count("ticket").await, world.count("entries").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_id_with_another_body_is_refused() {
    let world = World::new().await;
    let mut agent = world.agent();
    let request = create_request(complaint());
    agent.create_ticket(request.clone()).await.unwrap();
    let other = pb::Ticket { subject: "Otra cosa".into(), ..complaint() };
    let other = pb::CreateTicketRequest { ticket: Some(other), ..request };
    assert_refused(agent.create_ticket(other).await, Code::AlreadyExists, "REQUEST_ID_REUSED");
    assert_eq!(world.count("ticket").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_twins_open_one_ticket() {
    let world = World::new().await;
    let request = create_request(complaint());
    let calls = (0..8).map(|_| {
        let (mut agent, request) = (world.agent(), request.clone());
        tokio::spawn(async move { agent.create_ticket(request).await.unwrap().into_inner() })
    });
    let mut answers = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        answers.push(call.await.unwrap());
    }
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "twins were answered differently");
    assert_eq!((world.count("ticket").await, world.count("entries").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tells_everything_that_is_wrong_at_once_and_writes_nothing() {
    let world = World::new().await;
    let text = |text: String| pb::ClaimPoint { text, ..Default::default() };
    let request = pb::CreateTicketRequest {
        ticket: Some(pb::Ticket {
            customer: "customers/not-a-uuid".into(),
            ticket_type: 99,
            severity: -1,
            subject: "x".repeat(201),
            channel: 0,
            department: "Facturación".into(),
            language: 77,
            sector: "No Slug".into(),
            claim_points: vec![text("bien".into()), text(String::new()), text("ñ".repeat(2_001))],
            first_received_time: time("2027-01-01T00:00:00Z"),
            interaction: "calls/1".into(),
            follow_up_of: "tickets/1".into(),
            ..Default::default()
        }),
        request_id: "17".into(),
        occurred_time: None,
    };
    let refused = assert_refused(world.agent().create_ticket(request).await, Code::InvalidArgument, "INVALID_REQUEST");
    let mut named = fields(&refused);
    named.sort();
    let expected = [
        "request_id",
        "ticket.channel",
        "ticket.claim_points[1].text",
        "ticket.claim_points[2].text",
        "ticket.customer",
        "ticket.department",
        "ticket.first_received_time",
        "ticket.follow_up_of",
        "ticket.interaction",
        "ticket.language",
        "ticket.sector",
        "ticket.severity",
        "ticket.subject",
        "ticket.ticket_type",
    ];
    assert_eq!(named, expected);
    assert_eq!((world.count("ticket").await, world.count("request").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_claims_at_least_one_point_and_an_inquiry_need_not() {
    let world = World::new().await;
    let mut agent = world.agent();
    let empty = pb::Ticket { claim_points: Vec::new(), ..complaint() };
    let refused = agent.create_ticket(create_request(empty.clone())).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["ticket.claim_points"]);
    let inquiry = pb::Ticket { ticket_type: pb::TicketType::Consulta.into(), ..empty };
    agent.create_ticket(create_request(inquiry)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_receipt_elsewhere_is_kept_and_stands_in_the_receipt() {
    let world = World::new().await;
    let ticket = pb::Ticket {
        first_received_time: time("2026-11-20T18:30:00Z"),
        language: Language::En.into(),
        channel: Channel::Email.into(),
        ..complaint()
    };
    let answer = world.agent().create_ticket(create_request(ticket)).await.unwrap().into_inner();
    assert_eq!(answer.ticket.unwrap().first_received_time, time("2026-11-20T18:30:00Z"));
    assert!(answer.receipt.unwrap().text.contains("First presented: 2026-11-20 19:30:00 CET (Europe/Madrid)"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_follow_up_takes_over_the_first_receipt() {
    let world = World::new().await;
    let mut agent = world.agent();
    let first = open(&mut agent).await.ticket.unwrap();
    world.advance(jiff::SignedDuration::from_hours(48));
    let follow_up = pb::Ticket { follow_up_of: first.name.clone(), ..complaint() };
    let second = agent.create_ticket(create_request(follow_up)).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(second.first_received_time, first.first_received_time);

    let unknown = "tickets/0190a000-0000-7000-8000-00000000dead";
    let orphan = pb::Ticket { follow_up_of: unknown.into(), ..complaint() };
    assert_refused(agent.create_ticket(create_request(orphan)).await, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_follows_up_an_affair_of_somebody_who_is_not_known_to_be_the_same_customer() {
    let world = World::new().await;
    let mut agent = world.agent();
    let theirs = open(&mut agent).await.ticket.unwrap();
    let customer = "customers/0190a000-0000-7000-8000-000000000008";
    let other = pb::Ticket { follow_up_of: theirs.name, customer: customer.into(), ..complaint() };
    // Two ids may be one person: that is customer-profile's to say, which is not there.
    let request = create_request(other);
    let refused = assert_refused(agent.create_ticket(request.clone()).await, Code::Unavailable, "PEER_UNAVAILABLE");
    assert_eq!(fact(&refused, "peer"), "customer-profile");
    assert_eq!(world.count("ticket").await, 1);
    // Who brings histories says who was who elsewhere.
    let brought = world.as_role(Role::Importer).create_ticket(request).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(brought.customer, customer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_id_is_not_shared_between_methods() {
    let world = World::new().await;
    let mut agent = world.agent();
    let request_id = fresh_id();
    let request = pb::CreateTicketRequest { request_id: request_id.clone(), ..create_request(complaint()) };
    let ticket = agent.create_ticket(request).await.unwrap().into_inner().ticket.unwrap();
    let start = pb::StartTicketRequest { name: ticket.name, etag: ticket.etag, request_id, occurred_time: None };
    assert_refused(agent.start_ticket(start).await, Code::AlreadyExists, "REQUEST_ID_REUSED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sector_that_no_law_names_is_none() {
    let world = World::new().await;
    let made_up = pb::Ticket { sector: "telecom".into(), ..complaint() };
    let refused = world.agent().create_ticket(create_request(made_up)).await;
    let refused = assert_refused(refused, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["ticket.sector"]);
    assert!(refused.get_error_details().bad_request().unwrap().field_violations[0].description.contains("ecomms"));
    for sector in ["", "ecomms", "payment-services"] {
        let known = pb::Ticket { sector: sector.into(), ..complaint() };
        world.agent().create_ticket(create_request(known)).await.unwrap();
    }
}
