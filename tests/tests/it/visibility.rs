//! What one service commits the others see: each affair once in the customer view, two affairs that are answered together on the clocks of
//! both, and two ids that turn out to be one person where their affairs are put together. How fast that is, the load driver measures;
//! nothing here depends on it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, Clock, SteadyClock, SystemClock, SystemEntropy};
use tonic::{Code, Status};
use ventanilla_proto::customer::v1::{
    ConfirmMatchProposalRequest, CustomerView, GetCustomerRequest, MatchProposal, UnmergeCustomersRequest,
};
use ventanilla_proto::sla::v1::{ClockState, ListClocksRequest};
use ventanilla_proto::ticketing::v1::{
    AnswerClaimPointRequest, CancelTicketRequest, GetTicketRequest, MergeTicketRequest, ResolveTicketRequest, Ticket,
};
use ventanilla_tests::scene::Scene;
use ventanilla_tests::scene::affair::Affair;
use ventanilla_tests::scene::caller::reason;
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

    let said = affair.say_by_mail(&first.name, "Lo retiro").await.expect("the customer withdraws");
    let cancel = CancelTicketRequest {
        message: said.name,
        name: first.name,
        reason: "withdrawn_by_customer".to_owned(),
        etag: first.etag,
        request_id: scene.request_id(),
        occurred_time: None,
    };
    affair.cast.agent.tickets.clone().cancel_ticket(cancel).await.expect("the customer withdraws");
    affair.view(&customer, LIMIT, |view| shows_exactly(view, &BTreeSet::from([second.name.clone()]))).await;
}

async fn get(affair: &Affair<'_>, name: &str) -> Ticket {
    let request = GetTicketRequest { name: name.to_owned() };
    affair.cast.agent.tickets.clone().get_ticket(request).await.expect("it is there").into_inner()
}

async fn merge(scene: &Scene, affair: &Affair<'_>, ticket: &str, into: &str) -> Result<(), Status> {
    let (ticket, into) = (get(affair, ticket).await, get(affair, into).await);
    let request = MergeTicketRequest {
        name: ticket.name,
        into: into.name,
        reason: "same_charge".to_owned(),
        etag: ticket.etag,
        into_etag: into.etag,
        request_id: scene.request_id(),
    };
    affair.cast.agent.relations.clone().merge_ticket(request).await.map(drop)
}

async fn answer_both_points(scene: &Scene, affair: &Affair<'_>, ticket: &str) {
    for point in ["p1", "p2"] {
        let request = AnswerClaimPointRequest {
            name: ticket.to_owned(),
            claim_point: point.to_owned(),
            answer: format!("El cargo {point} de {ticket} fue un error de domiciliación y se devuelve"),
            etag: get(affair, ticket).await.etag,
            request_id: scene.request_id(),
            occurred_time: None,
        };
        affair.cast.agent.tickets.clone().answer_claim_point(request).await.expect("an answer");
    }
}

/// The machine's clock with somebody's hand on it, that many seconds off.
struct Pushed(Arc<AtomicI64>);

impl Clock for Pushed {
    fn now(&self) -> Timestamp {
        SystemClock.now() + SignedDuration::from_secs(self.0.load(Ordering::SeqCst))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_sets_the_clock_of_the_services_moves_no_term_and_breaks_none() {
    const HOUR: i64 = 3_600;
    const DAY: i64 = 24 * HOUR;
    let pushed = Arc::new(AtomicI64::new(-30 * DAY));
    let scene = Scene::fresh_under(Ambient::new(SteadyClock::over(Pushed(Arc::clone(&pushed))), SystemEntropy)).await;
    let affair = Affair::of(&scene, Person::numbered(44_300_000));
    let customer = affair.arrive().await.expect("a good record").customer;
    let mut opened = Vec::new();
    for seconds in [-30 * DAY, HOUR, -HOUR, 30 * DAY, 400 * DAY] {
        pushed.store(seconds, Ordering::SeqCst);
        let before = SystemClock.now();
        let ticket = affair.complain(&customer, "").await.expect("a good complaint").ticket.expect("a ticket");
        let received = ticket.first_received_time.expect("it was received").seconds;
        let right = before.as_second() - 60..=SystemClock.now().as_second() + 60;
        assert!(right.contains(&received), "received at {received} with the clock {seconds} s off");
        opened.push(ticket);
    }
    let last = opened.last().expect("five were opened");
    affair.work(last).await.expect("work");
    let last = &last.name;
    answer_both_points(&scene, &affair, last).await;
    let resolve = ResolveTicketRequest {
        name: last.clone(),
        resolution: "Se devuelven las dos cuotas y se corrige la domiciliación".to_owned(),
        etag: get(&affair, last).await.etag,
        request_id: scene.request_id(),
        occurred_time: None,
    };
    affair.cast.agent.tickets.clone().resolve_ticket(resolve).await.expect("every point is answered");
    met(&affair, last).await;
    fingerprint::settled(&scene.admin().await, LIMIT).await;
    let breached: i64 = sqlx::query_scalar("select count(*) from sla_monitor.ledger where type like '%.ClockBreached'")
        .fetch_one(&scene.admin().await)
        .await
        .expect("the monitor's ledger");
    assert_eq!(breached, 0);
}

/// When every clock of a ticket is met.
async fn met(affair: &Affair<'_>, ticket: &str) {
    let clocks = &affair.cast.agent.clocks;
    testkit::eventually(LIMIT, || async move {
        let request = ListClocksRequest { subject: ticket.to_owned(), ..Default::default() };
        let found = clocks.clone().list_clocks(request).await.map_err(|s| s.to_string())?.into_inner().clocks;
        // Those of the affair itself: a promise has its own.
        let own: Vec<_> = found.into_iter().filter(|clock| clock.subject == ticket).collect();
        let met = own.iter().filter(|clock| clock.state() == ClockState::Fulfilled).count();
        if met > 0 && met == own.len() { Ok(()) } else { Err(format!("{met} of {} clocks are met", own.len())) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_affairs_of_two_who_turn_out_to_be_one_are_answered_together_and_both_terms_are_met() {
    let scene = Scene::fresh().await;
    let affair = Affair::of(&scene, Person::numbered(44_000_001));
    let known = affair.arrive().await.expect("good records").customer;
    let proposal = affair.be_taken_for_another().await.expect("a doubt");
    let (first, second) = (proposal.first.clone().unwrap_or_default(), proposal.second.clone().unwrap_or_default());
    let other = if first.customer == known { second.customer } else { first.customer };
    assert_ne!(other, known);
    let complain = async |customer: &str| {
        affair.complain(customer, "").await.expect("a complaint").ticket.expect("the answer holds it")
    };
    let (mine, theirs) = (complain(&known).await, complain(&other).await);
    affair.work(&mine).await.expect("work");

    let refused = merge(&scene, &affair, &theirs.name, &mine.name).await.expect_err("they are two people");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMERS_DIFFER"));
    // Nor is the term of the one's affair that of the other's.
    let mut follow_up = affair.complaint(&other, "");
    follow_up.ticket.as_mut().expect("a complaint is of a ticket").follow_up_of.clone_from(&mine.name);
    let refused = affair.cast.agent.tickets.clone().create_ticket(follow_up).await.expect_err("they are two people");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMERS_DIFFER"));
    confirm(&scene, &affair, &proposal).await;
    merge(&scene, &affair, &theirs.name, &mine.name).await.expect("they are one person");

    let view = affair.view(&known, LIMIT, |view| {
        let shown = view.open_tickets.as_ref().map(|section| section.tickets.as_slice()).unwrap_or_default();
        let joined = shown.iter().find(|ticket| ticket.ticket == theirs.name);
        match joined.map(|ticket| ticket.merged_into.as_str()) {
            Some(head) if head == mine.name => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    assert_eq!(view.await.open_tickets.expect("a section").total_count, 2);

    answer_both_points(&scene, &affair, &mine.name).await;
    answer_both_points(&scene, &affair, &theirs.name).await;
    let resolve = ResolveTicketRequest {
        name: mine.name.clone(),
        resolution: "Se devuelven las dos cuotas y se corrige la domiciliación".to_owned(),
        etag: get(&affair, &mine.name).await.etag,
        request_id: scene.request_id(),
        occurred_time: None,
    };
    affair.cast.agent.tickets.clone().resolve_ticket(resolve).await.expect("every point is answered");
    met(&affair, &mine.name).await;
    met(&affair, &theirs.name).await;
}

/// A steward says that they are one person.
async fn confirm(scene: &Scene, affair: &Affair<'_>, proposal: &MatchProposal) {
    let confirm = ConfirmMatchProposalRequest {
        name: proposal.name.clone(),
        reason: "the same document".to_owned(),
        etag: proposal.etag.clone(),
        request_id: scene.request_id(),
    };
    affair.cast.steward.customers.clone().confirm_match_proposal(confirm).await.expect("a steward's word");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_affairs_of_one_who_turns_out_to_be_two_come_apart_by_themselves() {
    let scene = Scene::fresh().await;
    let affair = Affair::of(&scene, Person::numbered(44_000_002));
    let known = affair.arrive().await.expect("good records").customer;
    let proposal = affair.be_taken_for_another().await.expect("a doubt");
    let (first, second) = (proposal.first.clone().unwrap_or_default(), proposal.second.clone().unwrap_or_default());
    let other = if first.customer == known { second } else { first };
    let complain = async |customer: &str| {
        affair.complain(customer, "").await.expect("a complaint").ticket.expect("the answer holds it")
    };
    let (mine, theirs) = (complain(&known).await, complain(&other.customer).await);
    affair.work(&mine).await.expect("work");
    confirm(&scene, &affair, &proposal).await;
    merge(&scene, &affair, &theirs.name, &mine.name).await.expect("they are one person");

    let mut steward = affair.cast.steward.customers.clone();
    let asked = GetCustomerRequest { name: known.clone(), ..Default::default() };
    let unmerge = UnmergeCustomersRequest {
        etag: steward.get_customer(asked).await.expect("the one they are").into_inner().etag,
        name: known,
        source_records: vec![other.name],
        reason: "a cousin of the same name".to_owned(),
        request_id: scene.request_id(),
    };
    steward.unmerge_customers(unmerge).await.expect("a steward's word");
    let affair = &affair;
    let (mine, theirs) = (&mine.name, &theirs.name);
    testkit::eventually(LIMIT, || async move {
        let (mine, theirs) = (get(affair, mine).await, get(affair, theirs).await);
        if theirs.merged_into.is_empty() && mine.merged_count == 0 { Ok(()) } else { Err(theirs.merged_into) }
    })
    .await;
    let refused = merge(&scene, affair, theirs, mine).await.expect_err("they are two people");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMERS_DIFFER"));
}
