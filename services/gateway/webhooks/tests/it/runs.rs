//! What is applied together comes to what it comes to one by one.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kernel::Ambient;
use ledger::{Follower, Ledger, Received, Standings};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use prost::{Message, Name};
use sqlx::PgPool;
use testkit::{Database, instant};
use tokio::sync::Notify;
use uuid::Uuid;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::r#type::v1::{Actor, ActorKind};
use ventanilla_proto::{
    customer::v1 as customer, ombudsman::v1 as ombudsman, sla::v1 as sla, ticketing::v1 as ticketing,
};
use ventanilla_webhooks::reactions::OnLedger;
use ventanilla_webhooks::{SCHEMA, migrations};

const SOURCES: [&str; 4] = ["customer-profile", "ticketing", "sla-monitor", "ombudsman-escalation"];

/// What an entry is, by numbers: which of those its ledger has, about which of a few things, and of which department.
type Roll = (u8, u8, u8, u8);

/// Entries of one ledger that come at once.
type Chunk = (usize, Vec<Roll>);

fn written<M: Message + Name>(aggregate: String, payload: &M) -> (String, String, Vec<u8>) {
    (aggregate, M::full_name(), payload.encode_to_vec())
}

/// Aggregate, type and payload.
fn content(source: usize, (kind, this, that, department): Roll) -> (String, String, Vec<u8>) {
    let department = ["billing", "network"][usize::from(department % 2)].to_owned();
    let ticket = format!("tickets/{}", that % 4);
    let case_name = format!("cases/{}", this % 3);
    let about = if that % 3 == 0 { case_name.clone() } else { ticket.clone() };
    match (SOURCES[source], kind % 4) {
        ("customer-profile", 0) => written(format!("customers/{this}"), &customer::VulnerabilityEnded::default()),
        ("customer-profile", 1) => written(format!("customers/{this}"), &customer::CustomersLinked::default()),
        ("customer-profile", _) => {
            let recorded = customer::InteractionRecorded { ticket, department, ..Default::default() };
            written(format!("interactions/{this}"), &recorded)
        }
        ("ticketing", 0) => written(
            ticket.clone(),
            &ticketing::TicketOpened { ticket, department, served_first: this % 2 == 0, ..Default::default() },
        ),
        ("ticketing", 1) => written(
            ticket.clone(),
            &ticketing::TicketAssigned { ticket, to_department: department, ..Default::default() },
        ),
        ("ticketing", 2) => written(ticket.clone(), &ticketing::MessageAdded { ticket, ..Default::default() }),
        ("ticketing", _) => {
            written(ticket.clone(), &ticketing::OfficeCaseNoted { ticket, case_name, ..Default::default() })
        }
        ("sla-monitor", 0) => {
            let started = sla::ClockStarted { subject: about, department, ..Default::default() };
            written(format!("clocks/{}", this % 6), &started)
        }
        ("sla-monitor", _) => {
            written(format!("clocks/{}", this % 6), &sla::ClockMoved { subject: about, ..Default::default() })
        }
        (_, 0) => written(case_name.clone(), &ombudsman::CaseOpened { case_name, ticket, ..Default::default() }),
        (_, 1) => written(case_name.clone(), &ombudsman::DraftSaved { case_name, ..Default::default() }),
        (_, _) => written(case_name.clone(), &ombudsman::ObligationMet { case_name, ..Default::default() }),
    }
}

fn time(at: Timestamp) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds: at.as_second(), nanos: at.subsec_nanosecond() })
}

fn entry(source: usize, position: i64, roll: Roll) -> Received {
    let (aggregate, r#type, payload) = content(source, roll);
    let at = instant("2026-12-03T10:00:00Z").checked_add(SignedDuration::from_secs(position)).unwrap();
    let entry = Entry {
        position,
        entry_id: Uuid::from_u128((1 << 64) * (source as u128 + 1) + position as u128).to_string(),
        aggregate,
        r#type,
        occurred_time: time(at),
        recorded_time: time(at),
        actor: Some(Actor { kind: ActorKind::System.into(), id: "test".to_owned(), ..Default::default() }),
        payload,
        ..Default::default()
    };
    Received::read(entry).unwrap()
}

/// The entries of each chunk, numbered as their ledgers would.
fn entries(chunks: &[Chunk]) -> Vec<(usize, Vec<Received>)> {
    let mut positions = [0; SOURCES.len()];
    let mut next = |source: usize, roll: &Roll| {
        positions[source] += 1;
        entry(source, positions[source], *roll)
    };
    chunks.iter().map(|(source, rolls)| (*source, rolls.iter().map(|roll| next(*source, roll)).collect())).collect()
}

/// How many entries stand beside one of their type that is of another aggregate.
fn neighbours(chunks: &[(usize, Vec<Received>)]) -> usize {
    let beside = |pair: &&[Received]| pair[0].kind() == pair[1].kind() && pair[0].aggregate() != pair[1].aggregate();
    chunks.iter().map(|(_, entries)| entries.windows(2).filter(beside).count()).sum()
}

struct Applier {
    admin: PgPool,
    followers: Vec<Follower<OnLedger>>,
}

/// How entries come, and who keeps them.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    AtOnce,
    OneByOne,
    /// One by one, each kept as a binary keeps it that knows of no `unspread`.
    AsBefore,
}

impl Applier {
    async fn run(&self, statement: &'static str) {
        sqlx::query(statement).execute(&self.admin).await.unwrap();
    }

    async fn apply(&self, chunks: &[(usize, Vec<Received>)], way: Way) -> Vec<String> {
        for table in ["delivery", "unspread", "event", "tenure", "affair", "ledger_cursor"] {
            sqlx::query(sqlx::AssertSqlSafe(format!("delete from webhooks.{table}")))
                .execute(&self.admin)
                .await
                .unwrap();
        }
        for (source, entries) in chunks {
            let size = if way == Way::AtOnce { entries.len() } else { 1 };
            for part in entries.chunks(size.max(1)) {
                self.followers[*source].apply(part).await.unwrap();
                if way == Way::AsBefore {
                    self.run("delete from webhooks.unspread").await;
                    self.run("update webhooks.event set spread_at = null").await;
                }
            }
        }
        let kept = "
            select concat_ws('|', 'event', to_char(row_number() over (order by number), '000'), event_id, source, position, event_type,
                             message, subject, affair, department, occurred_at, recorded_at, traceparent, payload,
                             case when spread_at is null then 'waits' else (
                                 select 'waits' from webhooks.unspread u
                                 where (u.number, u.event_type, u.affair, u.occurred_at) = (e.number, e.event_type, e.affair, e.occurred_at)
                                   and u.department is not distinct from e.department
                                   and u.position is not distinct from case e.source when 'ticketing' then e.position end) end)
            from webhooks.event e
            union all select concat_ws('|', 'tenure', t) from webhooks.tenure t
            union all select concat_ws('|', 'affair', a) from webhooks.affair a
            union all select concat_ws('|', 'cursor', source, position) from webhooks.ledger_cursor
            order by 1";
        sqlx::query_scalar(kept).fetch_all(&self.admin).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_that_come_at_once_come_to_what_they_come_to_one_by_one() {
    let database = Database::fresh(SCHEMA, &migrations()).await;
    let (ledger, standings) = (Ledger::open(database.db().await, SCHEMA), Standings::new(&SOURCES));
    let follower = |source| {
        let reaction = OnLedger::new(source, Arc::new(Notify::new()));
        Follower::new(ledger.clone(), source, reaction, Ambient::system(), standings.clone())
    };
    let applier = Applier { admin: database.admin().await, followers: SOURCES.map(follower).into() };
    // Few kinds in a chunk, so that there are neighbours of one kind.
    let roll = |kinds: std::ops::Range<u8>| (kinds, 0_u8..12, 0_u8..12, 0_u8..2);
    let chunk = (0..SOURCES.len(), 0_u8..4)
        .prop_flat_map(move |(source, kind)| (Just(source), prop::collection::vec(roll(kind..(kind + 2)), 0..12)));
    let chunks = prop::collection::vec(chunk, 1..8);
    let (handle, neighbouring) = (tokio::runtime::Handle::current(), std::cell::Cell::new(0));
    let mut runner = TestRunner::new(Config { cases: 16, failure_persistence: None, ..Config::default() });
    let run = tokio::task::block_in_place(|| {
        runner.run(&chunks, |chunks| {
            let chunks = entries(&chunks);
            neighbouring.set(neighbouring.get() + neighbours(&chunks));
            let come = |way| handle.block_on(applier.apply(&chunks, way));
            let one_by_one = come(Way::OneByOne);
            prop_assert!(one_by_one.iter().all(|line| !line.starts_with("event") || line.ends_with("|waits")));
            prop_assert_eq!(&come(Way::AtOnce), &one_by_one);
            prop_assert_eq!(come(Way::AsBefore), one_by_one);
            Ok(())
        })
    });
    run.unwrap_or_else(|error| panic!("{error}"));
    assert!(neighbouring.get() > 60, "{}", neighbouring.get());
}
