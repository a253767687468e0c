//! TakeNextTicket.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use kernel::Role;
use testkit::eventually;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::relation_service_client::RelationServiceClient;
use ventanilla_proto::ticketing::v1::{Presence, Severity, TakeReason};
use ventanilla_proto::r#type::v1::Language;

use crate::relations::split_request;
use crate::team::{Team, ask_for, present};
use crate::world::{Tickets, World, assert_refused, complaint, create_request, fact, fresh_id, get, time, wait};

async fn take(team: &mut Team) -> Result<pb::TakeNextTicketResponse, Status> {
    let request = pb::TakeNextTicketRequest { request_id: fresh_id() };
    team.take_next_ticket(request).await.map(tonic::Response::into_inner)
}

/// The name of what is taken.
async fn taken(team: &mut Team) -> Option<String> {
    take(team).await.unwrap().ticket.map(|ticket| ticket.name)
}

impl World {
    /// An affair that nobody owns, a minute later than the one before.
    async fn waits(&self, change: impl FnOnce(&mut pb::Ticket)) -> pb::Ticket {
        self.advance(SignedDuration::from_mins(1));
        let mut ticket = complaint();
        change(&mut ticket);
        self.agent().create_ticket(create_request(ticket)).await.unwrap().into_inner().ticket.unwrap()
    }
}

/// Puts an affair before a department, as nobody's.
async fn hand_on(agent: &mut Tickets, ticket: &str, to: &str) {
    let request = pb::TransferTicketRequest {
        name: ticket.into(),
        to_department: to.into(),
        reason: "needs_specialist".into(),
        handover: "Ya mandó el recibo.".into(),
        etag: get(agent, ticket).await.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    assert_eq!(agent.transfer_ticket(request).await.unwrap().into_inner().owner, "");
}

fn customer(n: u32) -> String {
    format!("customers/0190a000-0000-7000-8000-00000000{n:04}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_an_affair_owns_it_and_it_is_written_down() {
    let world = World::new().await;
    let ticket = world.waits(|_| ()).await;
    let mut agent = world.hired("u-7", |_| ()).await;
    let given = take(&mut agent).await.unwrap();
    assert_eq!(given.reasons().collect::<Vec<_>>(), [TakeReason::WaitedLongest]);
    let given = given.ticket.unwrap();
    assert_eq!((given.name.as_str(), given.owner.as_str()), (ticket.name.as_str(), "u-7"));
    assert_eq!((given.state(), given.department.as_str()), (pb::TicketState::Acknowledged, "billing"));
    let request = pb::ListTicketHistoryRequest { name: ticket.name, ..Default::default() };
    let changes = world.agent().list_ticket_history(request).await.unwrap().into_inner().changes;
    let last = changes.last().unwrap();
    assert_eq!((last.kind(), last.related.as_str()), (pb::TicketChangeKind::Assigned, "u-7"));
    assert_eq!(taken(&mut agent).await, None, "nothing else waits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_is_given_the_same_and_who_was_given_nothing_may_ask_again() {
    let world = World::new().await;
    let mut agent = world.hired("u-7", |_| ()).await;
    let request = pb::TakeNextTicketRequest { request_id: fresh_id() };
    let nothing = agent.take_next_ticket(request.clone()).await.unwrap().into_inner();
    assert_eq!(nothing, pb::TakeNextTicketResponse::default());
    for _ in 0..2 {
        world.waits(|_| ()).await;
    }
    let first = agent.take_next_ticket(request.clone()).await.unwrap().into_inner();
    let again = agent.take_next_ticket(request).await.unwrap().into_inner();
    assert!(first.ticket.is_some());
    assert_eq!(first, again);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_come_first_then_harm_then_acquaintance_then_patience() {
    let world = World::new().await;
    let known = world.waits(|t| t.customer = customer(1)).await;
    let mut agent = world.hired("u-7", |_| ()).await;
    assert_eq!(taken(&mut agent).await, Some(known.name));

    let patient = world.waits(|t| t.customer = customer(2)).await;
    let acquainted = world.waits(|t| t.customer = customer(1)).await;
    let severe = world.waits(|t| (t.customer, t.severity) = (customer(3), Severity::Critical.into())).await;
    let right =
        world.waits(|t| (t.customer, t.severity, t.served_first) = (customer(4), Severity::Low.into(), true)).await;
    assert!(right.served_first);
    let expected = [
        (&right, vec![TakeReason::ServedFirst, TakeReason::WaitedLongest]),
        (&severe, vec![TakeReason::Severity, TakeReason::WaitedLongest]),
        (&acquainted, vec![TakeReason::Known, TakeReason::WaitedLongest]),
        (&patient, vec![TakeReason::WaitedLongest]),
    ];
    for (ticket, reasons) in expected {
        let given = take(&mut agent).await.unwrap();
        assert_eq!(given.ticket.as_ref().map(|t| &t.name), Some(&ticket.name));
        assert_eq!(given.reasons().collect::<Vec<_>>(), reasons);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_had_an_affair_before_it_was_handed_on_is_given_it_when_it_comes_back() {
    let world = World::new().await;
    let theirs = world.waits(|t| t.customer = customer(1)).await;
    let (mut ana, mut bea) = (world.hired("ana", |_| ()).await, world.hired("bea", |_| ()).await);
    assert_eq!(taken(&mut ana).await, Some(theirs.name.clone()));
    // Opened as hers, and worked on by her.
    let opened = world.waits(|t| (t.customer, t.owner) = (customer(5), "ana".into())).await;
    let opened = crate::world::start(&mut world.tickets_of("ana"), &opened).await.unwrap();
    let stranger = world.waits(|t| t.customer = customer(2)).await;
    let newest = world.waits(|t| t.customer = customer(3)).await;
    for name in [&theirs.name, &opened.name] {
        for to in ["network-ops", "billing"] {
            world.advance(SignedDuration::from_hours(24 * 7));
            hand_on(&mut world.agent(), name, to).await;
        }
    }
    // It is kept for nobody: whoever asks is given what has waited longest.
    let later = world.waits(|t| t.customer = customer(4)).await;
    let given = take(&mut bea).await.unwrap();
    assert_eq!(given.ticket.map(|ticket| ticket.name), Some(theirs.name.clone()), "it has waited longest");
    hand_on(&mut world.agent(), &theirs.name, "billing").await;
    let mut given = Vec::new();
    for _ in 0..4 {
        let next = take(&mut ana).await.unwrap();
        given.push((next.ticket.clone().unwrap().name, next.reasons().any(|reason| reason == TakeReason::Known)));
    }
    let expected = [(&theirs, true), (&opened, true), (&stranger, false), (&newest, false)];
    assert_eq!(given, expected.map(|(ticket, known)| (ticket.name.clone(), known)));
    assert_eq!(taken(&mut bea).await, Some(later.name));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_it_was_from_its_opening_and_who_handed_it_on_know_an_affair_and_who_wrote_it_down_does_not() {
    let world = World::new().await;
    let mut ana = world.hired("ana", |agent| agent.capacity = 20).await;
    let mut hers = world.tickets_of("ana");
    let brought = imported(&world, customer(1), "ana").await;
    let opened = world.waits(|t| (t.customer, t.owner) = (customer(2), "ana".into())).await.name;
    let whole = world.waits(|t| t.customer = customer(3)).await;
    let request = pb::SplitTicketRequest { owner: "ana".into(), ..split_request(&whole, &["p2"]) };
    let mut relations = RelationServiceClient::new(world.served.channel(Role::Agent));
    let part = relations.split_ticket(request).await.unwrap().into_inner().ticket.unwrap();
    assert_eq!(part.owner, "ana");
    let sent = world.waits(|t| t.customer = customer(4)).await.name;
    world.advance(SignedDuration::from_mins(1));
    let dictated = create_request(pb::Ticket { customer: customer(5), ..complaint() });
    let dictated = hers.create_ticket(dictated).await.unwrap().into_inner().ticket.unwrap().name;
    hand_on(&mut hers, &sent, "network-ops").await;
    for name in [&brought, &opened, &part.name, &dictated] {
        hand_on(&mut world.agent(), name, "network-ops").await;
    }
    for name in [&brought, &opened, &part.name, &sent, &dictated] {
        hand_on(&mut world.agent(), name, "billing").await;
    }
    let mut given = Vec::new();
    while let pb::TakeNextTicketResponse { ticket: Some(ticket), reasons } = take(&mut ana).await.unwrap() {
        given.push((ticket.name, reasons.contains(&TakeReason::Known.into())));
    }
    // What was split from hers once is of a customer she has by then.
    let expected =
        [(brought, true), (opened, true), (part.name, true), (whole.name, true), (sent, true), (dictated, false)];
    assert_eq!(given, expected);
}

/// The name of an affair that another system had, as this agent's.
async fn imported(world: &World, customer: String, owner: &str) -> String {
    let ticket = pb::Ticket { customer, owner: owner.into(), ..complaint() };
    let history = pb::TicketHistory {
        source_system: "service-desk".into(),
        external_id: "INC-1".into(),
        ticket: Some(ticket),
        opened_time: time("2026-11-20T09:00:00Z"),
        steps: Vec::new(),
    };
    let request = pb::ImportTicketsRequest { histories: vec![history], request_id: fresh_id() };
    let brought = world.as_role(Role::Importer).import_tickets(request).await.unwrap().into_inner();
    brought.tickets[0].ticket.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_filed_as_something_else_while_it_is_taken_goes_to_nobody_who_is_not_certified_for_that() {
    let world = World::new().await;
    ask_for(&mut world.supervisor(), &[("gas-leak", "gas-safety"), ("billing", "anything")], "").await.unwrap();
    let ticket = world.waits(|_| ()).await;
    let mut layman = world.hired("u-1", |_| ()).await;
    // Whoever reads that something is asked for of a bill is held up, and does not find it: the affair was looked at before it is filed anew.
    let pool = world.database.admin().await;
    let slowly = "alter table ticketing.queue_skill rename to queue_rule;
        create function ticketing.read(topic text) returns boolean language plpgsql volatile as
            $$ begin perform pg_advisory_xact_lock_shared(7); return topic <> 'billing'; end $$;
        create view ticketing.queue_skill as select * from ticketing.queue_rule where ticketing.read(topic)";
    sqlx::raw_sql(slowly).execute(&pool).await.unwrap();
    let mut held_up = pool.acquire().await.unwrap();
    sqlx::query("select pg_advisory_lock(7)").execute(&mut *held_up).await.unwrap();
    let taking = tokio::spawn(async move { take(&mut layman).await });
    eventually(Duration::from_secs(20), || async {
        let waits = "select exists (select from pg_locks where locktype = 'advisory' and objid = 7 and not granted
                                    and database = (select oid from pg_database where datname = current_database()))";
        let waits: bool = sqlx::query_scalar(waits).fetch_one(&pool).await.unwrap();
        if waits { Ok(()) } else { Err("nobody looks at what waits") }
    })
    .await;
    let request = pb::ReclassifyTicketRequest {
        name: ticket.name.clone(),
        ticket_type: ticket.ticket_type,
        severity: ticket.severity,
        sector: ticket.sector.clone(),
        topic: "gas-leak".into(),
        reason: "it_smells_of_gas".into(),
        etag: ticket.etag.clone(),
        request_id: fresh_id(),
        ..Default::default()
    };
    RelationServiceClient::new(world.served.channel(Role::Agent)).reclassify_ticket(request).await.unwrap();
    sqlx::query("select pg_advisory_unlock(7)").execute(&mut *held_up).await.unwrap();
    assert_eq!(taking.await.unwrap().unwrap(), pb::TakeNextTicketResponse::default());
    assert_eq!(get(&mut world.agent(), &ticket.name).await.owner, "", "it waits for who is certified");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_given_what_they_are_not_certified_for_or_do_not_speak() {
    let world = World::new().await;
    ask_for(&mut world.supervisor(), &[("gas-leak", "gas-safety")], "").await.unwrap();
    let gas = world.waits(|t| t.topic = "gas-leak".into()).await;
    let catalan = world.waits(|t| t.language = Language::Ca.into()).await;
    let skill = |until| vec![pb::AgentSkill { skill: "gas-safety".into(), expire_time: crate::world::time(until) }];
    let mut layman = world.hired("u-1", |agent| agent.languages = vec![Language::Es.into()]).await;
    assert_eq!(taken(&mut layman).await, None);
    let mut lapsed = world
        .hired("u-2", |agent| {
            agent.skills = skill("2026-11-23T09:00:30Z");
            agent.languages = vec![Language::Ca.into()];
        })
        .await;
    assert_eq!(taken(&mut lapsed).await, Some(catalan.name), "what is certified no more counts for nothing");
    assert_eq!(taken(&mut lapsed).await, None);
    let mut expert = world.hired("u-3", |agent| agent.skills = skill("2027-01-01T00:00:00Z")).await;
    assert_eq!(taken(&mut expert).await, Some(gas.name));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_away_or_holds_all_they_can_is_given_nothing() {
    let world = World::new().await;
    for _ in 0..3 {
        world.waits(|_| ()).await;
    }
    let mut stranger = world.team("u-1", Role::Agent);
    assert_refused(take(&mut stranger).await, Code::FailedPrecondition, "AGENT_UNKNOWN");
    let mut agent = world.hired("u-7", |agent| agent.capacity = 2).await;
    present(&mut agent, "u-7", Presence::Busy).await.unwrap();
    let refused = assert_refused(take(&mut agent).await, Code::FailedPrecondition, "AGENT_NOT_AVAILABLE");
    assert_eq!(fact(&refused, "presence"), "busy");
    present(&mut agent, "u-7", Presence::Available).await.unwrap();
    let first = take(&mut agent).await.unwrap().ticket.unwrap();
    take(&mut agent).await.unwrap().ticket.unwrap();
    let refused = assert_refused(take(&mut agent).await, Code::FailedPrecondition, "AGENT_AT_CAPACITY");
    assert_eq!((fact(&refused, "capacity"), fact(&refused, "holding")), ("2".into(), "2".into()));
    // One that waits for the customer is not held.
    let mut desk = world.agent();
    let started = crate::world::start(&mut desk, &first).await.unwrap();
    wait(&mut desk, &started).await.unwrap();
    assert!(take(&mut agent).await.unwrap().ticket.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_who_grab_from_one_queue_no_two_get_the_same_and_nobody_waits_for_a_slow_one() {
    let world = World::new().await;
    let mut waiting = BTreeSet::new();
    for _ in 0..30 {
        waiting.insert(world.waits(|_| ()).await.name);
    }
    let mut agents = Vec::new();
    for n in 0..20 {
        agents.push(world.hired(&format!("u-{n}"), |_| ()).await);
    }
    // A slow one: it holds the head of the queue, and does not let go before all others are done.
    let db = world.database.db().await;
    let mut slow = db.tx().await.unwrap();
    let held: uuid::Uuid =
        sqlx::query_scalar("select ticket_id from ticketing.ticket order by first_received_at limit 1 for update")
            .fetch_one(&mut *slow)
            .await
            .unwrap();
    let grabbing: Vec<_> = agents
        .into_iter()
        .map(|mut agent| tokio::spawn(async move { taken(&mut agent).await.expect("enough wait for all") }))
        .collect();
    let mut given = BTreeSet::new();
    for grabbed in grabbing {
        assert!(given.insert(grabbed.await.unwrap()), "two got the same");
    }
    slow.rollback().await.unwrap();
    assert_eq!(given.len(), 20);
    assert!(given.is_subset(&waiting) && !given.contains(&format!("tickets/{held}")));
}
