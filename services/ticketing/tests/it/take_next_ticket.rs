//! TakeNextTicket.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use tonic::{Code, Status};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::{Presence, Severity, TakeReason};
use ventanilla_proto::r#type::v1::Language;

use crate::team::{Team, ask_for, present};
use crate::world::{World, assert_refused, complaint, create_request, fact, fresh_id, wait};

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
            let mut agent = world.agent();
            let request = pb::TransferTicketRequest {
                name: name.clone(),
                to_department: to.into(),
                reason: "needs_specialist".into(),
                handover: "Ya mandó el recibo.".into(),
                etag: crate::world::get(&mut agent, name).await.etag,
                request_id: fresh_id(),
                ..Default::default()
            };
            assert_eq!(agent.transfer_ticket(request).await.unwrap().into_inner().owner, "");
        }
    }
    // It is kept for nobody: whoever asks is given what has waited longest.
    let later = world.waits(|t| t.customer = customer(4)).await;
    let given = take(&mut bea).await.unwrap();
    assert_eq!(given.ticket.map(|ticket| ticket.name), Some(theirs.name.clone()), "it has waited longest");
    let back = crate::world::get(&mut world.agent(), &theirs.name).await;
    let request = pb::TransferTicketRequest {
        name: back.name,
        to_department: "billing".into(),
        reason: "needs_specialist".into(),
        handover: "Ya mandó el recibo.".into(),
        etag: back.etag,
        request_id: fresh_id(),
        ..Default::default()
    };
    world.agent().transfer_ticket(request).await.unwrap();
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
    let mut stranger = world.team("u-1", kernel::Role::Agent);
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
