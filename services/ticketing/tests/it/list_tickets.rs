//! ListTickets.

use jiff::SignedDuration;
use tonic::Code;
use ventanilla_proto::ticketing::v1 as pb;

use crate::world::{CUSTOMER, Tickets, World, assert_refused, complaint, create_request, fields, start};

const OTHER: &str = "customers/0190a000-0000-7000-8000-000000000008";

async fn open_for(world: &World, client: &mut Tickets, customer: &str, department: &str) -> pb::Ticket {
    world.advance(SignedDuration::from_secs(1));
    let ticket = pb::Ticket { customer: customer.into(), department: department.into(), ..complaint() };
    client.create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap()
}

async fn pages(client: &mut Tickets, mut request: pb::ListTicketsRequest) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    loop {
        let page = client.list_tickets(request.clone()).await.unwrap().into_inner();
        pages.push(page.tickets.into_iter().map(|t| t.name).collect());
        if page.next_page_token.is_empty() {
            return pages;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_through_everything_once_newest_first() {
    let world = World::new().await;
    let mut agent = world.agent();
    let mut names = Vec::new();
    for _ in 0..5 {
        names.insert(0, open_for(&world, &mut agent, CUSTOMER, "billing").await.name);
    }
    for request in [
        pb::ListTicketsRequest { page_size: 2, ..Default::default() },
        pb::ListTicketsRequest { page_size: 2, customer: CUSTOMER.into(), ..Default::default() },
        pb::ListTicketsRequest { page_size: 2, department: "billing".into(), ..Default::default() },
    ] {
        let pages = pages(&mut agent, request).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
        assert_eq!(pages.concat(), names);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn narrows_by_customer_state_and_department() {
    let world = World::new().await;
    let mut agent = world.agent();
    let mine = open_for(&world, &mut agent, CUSTOMER, "billing").await;
    let theirs = open_for(&world, &mut agent, OTHER, "billing").await;
    let elsewhere = open_for(&world, &mut agent, CUSTOMER, "network-ops").await;
    start(&mut agent, &elsewhere).await.unwrap();

    let mut found = async |request: pb::ListTicketsRequest| pages(&mut agent, request).await.concat();
    let by_customer = pb::ListTicketsRequest { customer: CUSTOMER.into(), ..Default::default() };
    assert_eq!(found(by_customer.clone()).await, [elsewhere.name.clone(), mine.name.clone()]);
    let in_progress = vec![pb::TicketState::InProgress.into()];
    let busy = pb::ListTicketsRequest { states: in_progress, ..Default::default() };
    assert_eq!(found(busy).await, [elsewhere.name]);
    let billing = pb::ListTicketsRequest { department: "billing".into(), ..Default::default() };
    assert_eq!(found(billing.clone()).await, [theirs.name, mine.name.clone()]);
    let both = pb::ListTicketsRequest { department: "billing".into(), ..by_customer };
    assert_eq!(found(both).await, [mine.name]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_token_holds_for_its_own_filter_alone() {
    let world = World::new().await;
    let mut agent = world.agent();
    for _ in 0..2 {
        open_for(&world, &mut agent, CUSTOMER, "billing").await;
    }
    let first = pb::ListTicketsRequest { page_size: 1, ..Default::default() };
    let token = agent.list_tickets(first).await.unwrap().into_inner().next_page_token;
    for request in [
        pb::ListTicketsRequest { page_token: token, customer: CUSTOMER.into(), ..Default::default() },
        pb::ListTicketsRequest { page_token: "bm8".into(), ..Default::default() },
    ] {
        assert_refused(agent.list_tickets(request).await, Code::InvalidArgument, "INVALID_PAGE_TOKEN");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tells_every_filter_that_is_wrong() {
    let world = World::new().await;
    let request = pb::ListTicketsRequest {
        customer: "nobody".into(),
        states: vec![1, 0, 42],
        department: "Billing".into(),
        page_size: -1,
        page_token: String::new(),
        ..Default::default()
    };
    let refused = assert_refused(world.agent().list_tickets(request).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["customer", "department", "states[1]", "states[2]", "page_size"]);
}
