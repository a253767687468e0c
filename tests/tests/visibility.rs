//! What is committed in ticketing is seen in the customer view, each affair once. How fast that is,
//! the load driver measures; nothing here depends on it.

use std::collections::BTreeSet;
use std::time::Duration;

use ventanilla_proto::customer::v1::CustomerView;
use ventanilla_proto::ticketing::v1::{CancelTicketRequest, Ticket};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::fingerprint;
use ventanilla_tests::scene::people::Person;

const LIMIT: Duration = Duration::from_secs(30);
const CUSTOMERS: u32 = 6;
const TICKETS: usize = 5;

/// Whether the view shows exactly these tickets as open, each once.
fn shows_exactly(view: &CustomerView, expected: &BTreeSet<String>) -> Result<(), String> {
    let section = view.open_tickets.as_ref().ok_or("no section of tickets")?;
    let shown: Vec<&String> = section.tickets.iter().map(|viewed| &viewed.ticket).collect();
    let distinct: BTreeSet<String> = shown.iter().map(|name| (*name).clone()).collect();
    if shown.len() != distinct.len() || usize::try_from(section.total_count) != Ok(shown.len()) {
        return Err(format!(
            "{} shown, {} of them different, {} told",
            shown.len(),
            distinct.len(),
            section.total_count
        ));
    }
    if distinct == *expected { Ok(()) } else { Err(format!("{} of {} are seen", distinct.len(), expected.len())) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_committed_ticket_appears_in_the_view_once() {
    let scene = Scene::fresh().await;
    let mut affairs = Vec::new();
    for number in 0..CUSTOMERS {
        let affair = Affair::of(&scene, Person::numbered(42_000_000 + number));
        let customer = affair.arrive().await.expect("a good record").customer;
        affairs.push((affair, customer));
    }

    let openings = affairs.iter().flat_map(|(affair, customer)| {
        (0..TICKETS).map(move |_| async move {
            let opened = affair.complain(customer, "").await.expect("a good complaint");
            (customer.clone(), opened.ticket.expect("the answer holds the ticket"))
        })
    });
    let opened: Vec<(String, Ticket)> = futures::future::join_all(openings).await;
    let of = |customer: &str| -> BTreeSet<String> {
        opened.iter().filter(|(owner, _)| owner == customer).map(|(_, ticket)| ticket.name.clone()).collect()
    };
    for (affair, customer) in &affairs {
        let expected = of(customer);
        assert_eq!(expected.len(), TICKETS);
        affair.view(customer, LIMIT, |view| shows_exactly(view, &expected)).await;
    }

    // Nothing that comes later adds another.
    fingerprint::settled(&scene.admin().await, LIMIT).await;
    for (affair, customer) in &affairs {
        affair.view(customer, Duration::ZERO, |view| shows_exactly(view, &of(customer))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_is_over_leaves_the_open_ones() {
    let scene = Scene::fresh().await;
    let affair = Affair::of(&scene, Person::numbered(42_100_000));
    let customer = affair.arrive().await.expect("a good record").customer;
    let first = affair.complain(&customer, "").await.expect("a good complaint").ticket.expect("a ticket");
    let second = affair.complain(&customer, "").await.expect("a good complaint").ticket.expect("a ticket");
    let both = BTreeSet::from([first.name.clone(), second.name.clone()]);
    affair.view(&customer, LIMIT, |view| shows_exactly(view, &both)).await;

    let cancel = CancelTicketRequest {
        name: first.name,
        reason: "withdrawn_by_customer".to_owned(),
        etag: first.etag,
        request_id: scene.request_id(),
        occurred_time: None,
    };
    affair.cast.agent.tickets.clone().cancel_ticket(cancel).await.expect("the customer withdraws");
    affair.view(&customer, LIMIT, |view| shows_exactly(view, &BTreeSet::from([second.name.clone()]))).await;
}
