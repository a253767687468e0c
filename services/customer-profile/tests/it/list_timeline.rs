//! `ListTimeline`: everything that happened, newest first, in pages.

use kernel::Role;
use tonic::Code;
use ventanilla_customer_profile::reactions::ticketing::Affairs;
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::ticketing::v1 as ticketing;

use crate::support::{Say, World, dni, entry, fields, reason, record, stranger, ticket_id, time};

async fn page(world: &World, parent: &str, page_size: i32, page_token: &str) -> ListTimelineResponse {
    let request = ListTimelineRequest { parent: parent.to_owned(), page_size, page_token: page_token.to_owned() };
    world.client(Role::Agent).list_timeline(request).await.unwrap().into_inner()
}

fn said(item: &TimelineItem) -> String {
    match item.item.as_ref().unwrap() {
        timeline_item::Item::Interaction(contact) => contact.summary.clone(),
        timeline_item::Item::Event(event) => event.kind().as_str_name().to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_and_events_of_every_id_are_one_line_in_pages() {
    let world = World::new().await;
    let first = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let second = world.ingest(record("b", "billing", "1").named("Ana R.").dni(&dni(1))).await;
    for n in 0..5 {
        let id = if n % 2 == 0 { &first.own_customer } else { &second.own_customer };
        world.interaction(id, &format!("contact {n}"), &format!("2026-11-1{n}T10:00:00Z")).await;
    }
    let opened = ticketing::TicketOpened {
        ticket: ticket_id(1),
        customer: second.own_customer.clone(),
        first_received_time: Some(time("2026-11-12T12:00:00Z")),
        ..Default::default()
    };
    world.react(&Affairs, entry(1, &ticket_id(1), "2026-11-12T12:00:00Z", &opened)).await;

    let whole = page(&world, &second.own_customer, 0, "").await;
    let expected =
        ["contact 4", "contact 3", "TIMELINE_EVENT_KIND_TICKET_OPENED", "contact 2", "contact 1", "contact 0"];
    assert_eq!(whole.items.iter().map(said).collect::<Vec<_>>(), expected);
    assert_eq!(whole.next_page_token, "");

    let (mut paged, mut token) = (Vec::new(), String::new());
    loop {
        let answer = page(&world, &first.customer, 2, &token).await;
        paged.extend(answer.items);
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(paged, whole.items);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contacts_of_one_instant_are_neither_lost_nor_repeated_between_pages() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    for n in 0..7 {
        world.interaction(&ana.customer, &format!("{n}"), "2026-11-22T10:00:00Z").await;
    }
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let answer = page(&world, &ana.customer, 3, &token).await;
        seen.extend(answer.items.iter().map(said));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_token_of_another_list_or_nobodys_is_refused() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    let eva = world.ingest(record("b", "sales", "1").named("Eva Sanz Oca")).await;
    for n in 0..2 {
        world.interaction(&ana.customer, "x", &format!("2026-11-22T1{n}:00:00Z")).await;
    }
    let foreign = page(&world, &ana.customer, 1, "").await.next_page_token;
    assert!(!foreign.is_empty());
    for token in ["AAAA", "not a token", foreign.as_str()] {
        let request = ListTimelineRequest { parent: eva.customer.clone(), page_size: 1, page_token: token.to_owned() };
        let status = world.client(Role::Agent).list_timeline(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_PAGE_TOKEN"));
        assert_eq!(fields(&status), ["page_token"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_known_customer_without_history_has_an_empty_line_and_a_stranger_none() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    assert_eq!(page(&world, &ana.customer, 0, "").await, ListTimelineResponse::default());
    let request = ListTimelineRequest { parent: stranger(), ..Default::default() };
    let status = world.client(Role::Agent).list_timeline(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
}
