//! Redress: the catalogue, who grants how much, what was given.

use jiff::SignedDuration;
use kernel::Role;
use testkit::Client;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::redress_service_client::RedressServiceClient;
use ventanilla_proto::ticketing::v1::{RedressKind, RedressState};
use ventanilla_proto::r#type::v1::Money;

use crate::customers_apart::{House, SECOND, THIRD, started_of};
use crate::world::{
    CUSTOMER, Tickets, World, assert_refused, complaint, create_request, fact, fields, fresh_id, get, open, started,
    withdrawal,
};

type Redress = RedressServiceClient<Client>;

impl World {
    pub fn redress(&self, subject: &str, role: Role) -> Redress {
        RedressServiceClient::new(self.served.channel_as(subject, &[role], Some("billing")))
    }
}

pub fn euros(cents: i64) -> Option<Money> {
    Some(Money { currency_code: "EUR".into(), minor_units: cents })
}

pub fn credit() -> pb::RedressItem {
    pb::RedressItem {
        name: "redressItems/credit".into(),
        title: "Abono en factura".into(),
        kind: RedressKind::Credit.into(),
        agent_limit: euros(2_000),
        supervisor_limit: euros(10_000),
        ..Default::default()
    }
}

pub async fn put(redress: &mut Redress, item: pb::RedressItem) -> Result<pb::RedressItem, Status> {
    let request = pb::PutRedressItemRequest { item: Some(item), request_id: fresh_id() };
    redress.put_redress_item(request).await.map(tonic::Response::into_inner)
}

fn proposal(ticket: &pb::Ticket, item: &str, amount: Option<Money>) -> pb::ProposeRedressRequest {
    let redress =
        pb::Redress { item: item.into(), amount, reason: "Dos cobros por el mismo mes.".into(), ..Default::default() };
    pb::ProposeRedressRequest {
        parent: ticket.name.clone(),
        redress: Some(redress),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
    }
}

pub async fn propose(
    redress: &mut Redress,
    ticket: &pb::Ticket,
    item: &str,
    amount: Option<Money>,
) -> Result<pb::Redress, Status> {
    redress.propose_redress(proposal(ticket, item, amount)).await.map(tonic::Response::into_inner)
}

pub async fn decide(redress: &mut Redress, known: &pb::Redress, refusal: Option<&str>) -> Result<pb::Redress, Status> {
    let request = pb::DecideRedressRequest {
        name: known.name.clone(),
        grant: refusal.is_none(),
        refusal: refusal.unwrap_or_default().into(),
        etag: known.etag.clone(),
        request_id: fresh_id(),
    };
    redress.decide_redress(request).await.map(tonic::Response::into_inner)
}

pub async fn give(redress: &mut Redress, known: &pb::Redress) -> Result<pb::Redress, Status> {
    let request = pb::GiveRedressRequest {
        name: known.name.clone(),
        reference: "abono 2026-114".into(),
        etag: known.etag.clone(),
        request_id: fresh_id(),
    };
    redress.give_redress(request).await.map(tonic::Response::into_inner)
}

/// Proposes, grants and gives so much.
pub async fn given(world: &World, ticket: &pb::Ticket, cents: i64) {
    let mut boss = world.redress("boss", Role::Supervisor);
    let kept = boss.get_redress_item(pb::GetRedressItemRequest { name: "redressItems/credit".into() }).await;
    if kept.is_err() {
        put(&mut world.redress("chief", Role::Supervisor), credit()).await.unwrap();
    }
    let granted = propose(&mut boss, ticket, "redressItems/credit", euros(cents)).await.unwrap();
    give(&mut boss, &granted).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_grants_what_they_may_and_the_customer_is_given_it_once() {
    let world = World::new().await;
    put(&mut world.redress("boss", Role::Supervisor), credit()).await.unwrap();
    let mut ana = world.redress("ana", Role::Agent);
    let ticket = started(&mut world.agent()).await;
    let request = proposal(&ticket, "redressItems/credit", euros(2_000));
    let granted = ana.propose_redress(request.clone()).await.unwrap().into_inner();
    assert_eq!(ana.propose_redress(request).await.unwrap().into_inner(), granted, "a retry");
    assert_eq!((granted.state(), granted.missing_count), (RedressState::Granted, 0));
    let given = give(&mut ana, &granted).await.unwrap();
    assert_eq!((given.state(), given.reference.as_str()), (RedressState::Given, "abono 2026-114"));
    let twice = give(&mut ana, &given).await;
    let refused = assert_refused(twice, Code::FailedPrecondition, "REDRESS_NOT_OPEN");
    assert_eq!(fact(&refused, "state"), "given");
    assert_refused(give(&mut ana, &granted).await, Code::Aborted, "STALE_ETAG");
    let list = pb::ListRedressesRequest { parent: ticket.name.clone(), ..Default::default() };
    assert_eq!(ana.list_redresses(list).await.unwrap().into_inner().redresses, [given]);
    let kinds = history(&mut world.agent(), &ticket.name).await;
    let told = [pb::TicketChangeKind::RedressProposed, pb::TicketChangeKind::RedressGiven];
    assert_eq!(kinds[kinds.len() - 2..], told);
}

async fn history(agent: &mut Tickets, ticket: &str) -> Vec<pb::TicketChangeKind> {
    let request = pb::ListTicketHistoryRequest { name: ticket.into(), page_size: 100, ..Default::default() };
    let changes = agent.list_ticket_history(request).await.unwrap().into_inner().changes;
    changes.iter().map(pb::TicketChange::kind).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_a_supervisors_limit_takes_two_who_did_not_propose_it() {
    let world = World::new().await;
    let (mut boss, mut chief) = (world.redress("boss", Role::Supervisor), world.redress("chief", Role::Supervisor));
    put(&mut boss, credit()).await.unwrap();
    let ticket = started(&mut world.agent()).await;
    let mut ana = world.redress("ana", Role::Agent);
    let much = propose(&mut ana, &ticket, "redressItems/credit", euros(10_001)).await.unwrap();
    assert_eq!((much.state(), much.missing_count), (RedressState::Proposed, 2));
    assert_refused(give(&mut ana, &much).await, Code::FailedPrecondition, "REDRESS_NOT_OPEN");
    let mut as_boss = world.redress("ana", Role::Supervisor);
    assert_refused(decide(&mut as_boss, &much, None).await, Code::PermissionDenied, "REDRESS_OWN_PROPOSAL");
    let once = decide(&mut boss, &much, None).await.unwrap();
    assert_eq!((once.state(), once.missing_count), (RedressState::Proposed, 1));
    assert_refused(decide(&mut boss, &once, None).await, Code::FailedPrecondition, "REDRESS_GRANTED_ALREADY");
    assert_refused(decide(&mut chief, &much, None).await, Code::Aborted, "STALE_ETAG");
    let granted = decide(&mut chief, &once, None).await.unwrap();
    assert_eq!(granted.state(), RedressState::Granted);
    assert_eq!(granted.deciders.iter().map(|by| by.id.as_str()).collect::<Vec<_>>(), ["boss", "chief"]);
    assert_refused(decide(&mut ana, &granted, None).await, Code::PermissionDenied, "ROLE_NOT_ALLOWED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_says_why_and_what_waits_is_listed_over_all_affairs() {
    let world = World::new().await;
    let mut boss = world.redress("boss", Role::Supervisor);
    put(&mut boss, credit()).await.unwrap();
    let mut ana = world.redress("ana", Role::Agent);
    let mut proposed = Vec::new();
    for _ in 0..3 {
        let ticket = started(&mut world.agent()).await;
        proposed.push(propose(&mut ana, &ticket, "redressItems/credit", euros(5_000)).await.unwrap());
        world.advance(SignedDuration::from_secs(1));
    }
    let refused = decide(&mut boss, &proposed[1], Some("Se abonó en marzo.")).await.unwrap();
    assert_eq!((refused.state(), refused.refusal.as_str()), (RedressState::Refused, "Se abonó en marzo."));
    let granted = decide(&mut boss, &proposed[0], None).await.unwrap();
    let waiting = async |state: RedressState, size: i32| {
        let mut client = world.redress("boss", Role::Supervisor);
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListWaitingRedressesRequest { state: state.into(), page_size: size, page_token };
            let page = client.list_waiting_redresses(request).await.unwrap().into_inner();
            all.extend(page.redresses);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    };
    assert_eq!(waiting(RedressState::Proposed, 1).await, [proposed[2].clone()]);
    assert_eq!(waiting(RedressState::Granted, 1).await, [granted]);
    let wrong = pb::ListWaitingRedressesRequest { state: RedressState::Given.into(), ..Default::default() };
    let refused = assert_refused(boss.list_waiting_redresses(wrong).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["state"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apology_has_no_amount_and_what_is_not_offered_any_more_is_not_proposed() {
    let world = World::new().await;
    let mut boss = world.redress("boss", Role::Supervisor);
    let apology = pb::RedressItem {
        name: "redressItems/letter".into(),
        title: "Carta de disculpa de la dirección".into(),
        kind: RedressKind::Apology.into(),
        supervised: true,
        ..Default::default()
    };
    let kept = put(&mut boss, apology).await.unwrap();
    put(&mut boss, credit()).await.unwrap();
    let mut ana = world.redress("ana", Role::Agent);
    let ticket = started(&mut world.agent()).await;
    let with_amount = propose(&mut ana, &ticket, "redressItems/letter", euros(1)).await;
    let refused = assert_refused(with_amount, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["redress.amount"]);
    let without = propose(&mut ana, &ticket, "redressItems/credit", None).await;
    assert_refused(without, Code::InvalidArgument, "INVALID_REQUEST");
    let dollars = Some(Money { currency_code: "USD".into(), minor_units: 5 });
    let foreign = propose(&mut ana, &ticket, "redressItems/credit", dollars).await;
    let refused = assert_refused(foreign, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["redress.amount.currency_code"]);
    let letter = propose(&mut ana, &ticket, "redressItems/letter", None).await.unwrap();
    assert_eq!((letter.state(), letter.missing_count), (RedressState::Proposed, 1));
    let retired = put(&mut boss, pb::RedressItem { retired: true, ..kept }).await.unwrap();
    assert!(retired.retired);
    let now = get(&mut world.agent(), &ticket.name).await;
    let refused = propose(&mut ana, &now, "redressItems/letter", None).await;
    assert_refused(refused, Code::FailedPrecondition, "ITEM_RETIRED");
    assert_eq!(
        decide(&mut boss, &letter, None).await.unwrap().state(),
        RedressState::Granted,
        "what was proposed stays"
    );
    let nowhere = propose(&mut ana, &now, "redressItems/nothing", None).await;
    assert_refused(nowhere, Code::NotFound, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_that_is_wrong_with_an_item_or_a_decision_is_told_at_once() {
    let world = World::new().await;
    let mut boss = world.redress("boss", Role::Supervisor);
    let wrong = pb::RedressItem {
        name: "redressItems/A".into(),
        agent_limit: Some(Money { currency_code: "euro".into(), minor_units: -1 }),
        supervisor_limit: euros(1),
        kind: RedressKind::Refund.into(),
        ..Default::default()
    };
    let refused = assert_refused(put(&mut boss, wrong).await, Code::InvalidArgument, "INVALID_REQUEST");
    let told = ["item.agent_limit.currency_code", "item.agent_limit.minor_units", "item.name", "item.title"];
    assert_eq!(fields(&refused), told);
    for (item, field) in [
        (pb::RedressItem { supervisor_limit: euros(1_999), ..credit() }, "item.supervisor_limit.minor_units"),
        (pb::RedressItem { supervisor_limit: None, ..credit() }, "item.supervisor_limit"),
        (pb::RedressItem { agent_limit: None, ..credit() }, "item.agent_limit"),
        (pb::RedressItem { supervised: true, ..credit() }, "item.supervised"),
        (pb::RedressItem { kind: 0, ..credit() }, "item.kind"),
    ] {
        let refused = assert_refused(put(&mut boss, item).await, Code::InvalidArgument, "INVALID_REQUEST");
        assert_eq!(fields(&refused), [field]);
    }
    let request =
        pb::DecideRedressRequest { name: "tickets/1".into(), grant: true, refusal: "no".into(), ..Default::default() };
    let refused = assert_refused(boss.decide_redress(request).await, Code::InvalidArgument, "INVALID_REQUEST");
    assert_eq!(fields(&refused), ["name", "refusal", "etag", "request_id"]);
    let ticket = open(&mut world.agent()).await.ticket.unwrap();
    let nowhere = pb::Redress {
        name: format!("{}/redresses/0190a000-0000-7000-8000-000000000001", ticket.name),
        etag: "1".into(),
        ..Default::default()
    };
    let refused = decide(&mut boss, &nowhere, None).await;
    assert!(
        matches!(refused.as_ref().map_err(Status::code), Err(Code::NotFound | Code::InvalidArgument)),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn small_proposals_add_up_and_nobody_raises_their_own_limit() {
    let world = World::new().await;
    let (mut boss, mut chief) = (world.redress("boss", Role::Supervisor), world.redress("chief", Role::Supervisor));
    let kept = put(&mut chief, credit()).await.unwrap();
    let (mut ana, mut luis) = (world.redress("ana", Role::Agent), world.redress("luis", Role::Agent));
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let first = propose(&mut ana, &ticket, "redressItems/credit", euros(1_500)).await.unwrap();
    assert_eq!(first.state(), RedressState::Granted);
    let stale = propose(&mut luis, &ticket, "redressItems/credit", euros(1_500)).await;
    assert_refused(stale, Code::Aborted, "STALE_ETAG");
    let now = get(&mut agent, &ticket.name).await;
    let second = propose(&mut ana, &now, "redressItems/credit", euros(501)).await.unwrap();
    assert_eq!((second.state(), second.missing_count), (RedressState::Proposed, 1), "20.01 in all");
    decide(&mut boss, &second, Some("Ya basta.")).await.unwrap();
    let now = get(&mut agent, &ticket.name).await;
    let third = propose(&mut ana, &now, "redressItems/credit", euros(500)).await.unwrap();
    assert_eq!(third.state(), RedressState::Granted, "what was refused does not count");
    // What was granted is taken back as long as it was not given.
    let back = decide(&mut boss, &third, Some("Era un error.")).await.unwrap();
    assert_eq!(back.state(), RedressState::Refused);

    let raised = pb::RedressItem { agent_limit: euros(1_000_000), supervisor_limit: euros(9_000_000), ..kept };
    let raised = put(&mut boss, raised).await.unwrap();
    assert_eq!(raised.put_actor.as_ref().unwrap().id, "boss");
    let now = get(&mut agent, &ticket.name).await;
    let own = propose(&mut boss, &now, "redressItems/credit", euros(8_000_000)).await.unwrap();
    assert_eq!((own.state(), own.missing_count), (RedressState::Proposed, 1));
    assert_refused(decide(&mut boss, &own, None).await, Code::PermissionDenied, "REDRESS_OWN_PROPOSAL");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_more_is_granted_or_given_in_what_was_withdrawn() {
    let world = World::new().await;
    let mut boss = world.redress("boss", Role::Supervisor);
    put(&mut boss, credit()).await.unwrap();
    let mut agent = world.agent();
    let ticket = started(&mut agent).await;
    let mut ana = world.redress("ana", Role::Agent);
    let small = propose(&mut ana, &ticket, "redressItems/credit", euros(100)).await.unwrap();
    let now = get(&mut agent, &ticket.name).await;
    let large = propose(&mut ana, &now, "redressItems/credit", euros(9_000)).await.unwrap();
    let now = get(&mut agent, &ticket.name).await;
    let cancel = pb::CancelTicketRequest {
        message: withdrawal(&mut agent, &now.name).await,
        name: now.name.clone(),
        reason: "withdrawn_by_customer".into(),
        etag: now.etag,
        request_id: fresh_id(),
        occurred_time: None,
    };
    agent.cancel_ticket(cancel).await.unwrap();
    assert_refused(give(&mut ana, &small).await, Code::FailedPrecondition, "TICKET_OVER");
    assert_refused(decide(&mut boss, &large, None).await, Code::FailedPrecondition, "TICKET_OVER");
    for open in [&small, &large] {
        assert_eq!(decide(&mut boss, open, Some("Desistió.")).await.unwrap().state(), RedressState::Refused);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_proposed_to_one_customer_adds_up_over_all_their_affairs() {
    let world = World::new().await;
    let mut boss = world.redress("boss", Role::Supervisor);
    put(&mut boss, credit()).await.unwrap();
    let mut agent = world.agent();
    let mut states = Vec::new();
    let opening = [started(&mut agent).await, started(&mut agent).await, started(&mut agent).await];
    let asked = opening.map(|ticket| {
        let mut ana = world.redress("ana", Role::Agent);
        tokio::spawn(async move { propose(&mut ana, &ticket, "redressItems/credit", euros(1_500)).await.unwrap() })
    });
    for asked in asked {
        states.push(asked.await.unwrap().state());
    }
    let granted = states.iter().filter(|state| **state == RedressState::Granted).count();
    assert_eq!(granted, 1, "fifteen euros in each of three affairs are forty-five: {states:?}");
    // Another customer is another matter, and so is another year.
    let other = pb::Ticket { customer: "customers/0190a000-0000-7000-8000-000000000008".into(), ..complaint() };
    let other = agent.create_ticket(create_request(other)).await.unwrap().into_inner().ticket.unwrap();
    let mut ana = world.redress("ana", Role::Agent);
    assert_eq!(
        propose(&mut ana, &other, "redressItems/credit", euros(1_500)).await.unwrap().state(),
        RedressState::Granted
    );
    world.advance(SignedDuration::from_hours(24 * 366));
    let next = started(&mut agent).await;
    assert_eq!(
        propose(&mut ana, &next, "redressItems/credit", euros(1_500)).await.unwrap().state(),
        RedressState::Granted
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_proposed_to_one_customer_adds_up_over_all_their_ids() {
    let house = House::new().await;
    let mut boss = house.world.redress("boss", Role::Supervisor);
    put(&mut boss, credit()).await.unwrap();
    let (mut agent, mut ana) = (house.world.agent(), house.world.redress("ana", Role::Agent));
    let mut states = Vec::new();
    for customer in [SECOND, CUSTOMER, THIRD] {
        let ticket = started_of(&mut agent, customer).await;
        states.push(propose(&mut ana, &ticket, "redressItems/credit", euros(1_500)).await.unwrap().state());
    }
    assert_eq!(states, [RedressState::Granted, RedressState::Proposed, RedressState::Proposed]);
}
