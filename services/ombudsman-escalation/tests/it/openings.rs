//! Affairs that are opened side by side are noted together, as they would be one by one.

use kernel::Ambient;
use ledger::{Follower, Ledger, Received, Standings};
use ombudsman_escalation as office;
use ombudsman_escalation::reactions::ticketing::Involvements;
use prost::{Message as _, Name as _};
use testkit::Database;
use uuid::Uuid;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::ticketing::v1 as tickets;
use ventanilla_proto::r#type::v1::{Actor, ActorKind};

fn ticket(number: u64) -> String {
    format!("tickets/{}", Uuid::from_u128(number.into()))
}

/// Openings by agents of two departments, by systems without one and by the office; one is split off another.
fn openings() -> Vec<Received> {
    let opening = |position: i64| {
        let number = u64::try_from(position).unwrap();
        let (kind, id, department) = match number % 4 {
            0 => (ActorKind::Employee, "ana", "billing"),
            1 => (ActorKind::Employee, "ben", "retail"),
            2 => (ActorKind::System, "ivr", ""),
            _ => (ActorKind::Office, "elena", ""),
        };
        let split_from = if number == 9 { ticket(4) } else { String::new() };
        let opened = tickets::TicketOpened { ticket: ticket(number), split_from, ..Default::default() };
        let time = Some(prost_types::Timestamp { seconds: 1_790_000_000 + position, nanos: 0 });
        Received::read(Entry {
            position,
            entry_id: Uuid::from_u128(u128::from(number)).to_string(),
            aggregate: ticket(number),
            r#type: tickets::TicketOpened::full_name(),
            occurred_time: time,
            recorded_time: time,
            actor: Some(Actor { kind: kind.into(), id: id.to_owned(), department: department.to_owned() }),
            payload: opened.encode_to_vec(),
            ..Entry::default()
        })
        .unwrap()
    };
    (1..=16).map(opening).collect()
}

struct Wall {
    database: Database,
    follower: Follower<Involvements>,
}

impl Wall {
    /// A wall that knows that two of the tickets are one affair, if `kin`.
    async fn new(kin: bool) -> Self {
        let database = Database::fresh(office::SCHEMA, &office::migrations()).await;
        if kin {
            let one = "insert into ombudsman.ticket_family (ticket_id, family_id) values ($1, $1), ($2, $1)";
            let both = [Uuid::from_u128(2), Uuid::from_u128(6)];
            sqlx::query(one).bind(both[0]).bind(both[1]).execute(&database.admin().await).await.unwrap();
        }
        let (ledger, ambient) = (Ledger::open(database.db().await, "ombudsman-escalation"), Ambient::system());
        let standings = Standings::new(&["ticketing"]);
        let follower = Follower::new(ledger, "ticketing", Involvements::new(ambient.clone()), ambient, standings);
        Self { database, follower }
    }

    async fn rows(&self) -> Vec<String> {
        let all = "select 'watch ' || w::text from ombudsman.ticket_watch w
                   union all select 'involvement ' || i::text from ombudsman.involvement i
                   union all select 'family ' || f::text from ombudsman.ticket_family f order by 1";
        sqlx::query_scalar(all).fetch_all(&self.database.admin().await).await.unwrap()
    }

    /// By how many statements the watches were written.
    async fn statements(&self) -> i64 {
        let distinct = "select count(distinct (xmin::text, cmin::text)) from ombudsman.ticket_watch";
        sqlx::query_scalar(distinct).fetch_one(&self.database.admin().await).await.unwrap()
    }
}

#[tokio::test]
async fn openings_side_by_side_are_noted_together_as_one_by_one() {
    for kin in [false, true] {
        let (together, singly) = (Wall::new(kin).await, Wall::new(kin).await);
        together.follower.apply(&openings()).await.unwrap();
        for opening in openings() {
            singly.follower.apply(std::slice::from_ref(&opening)).await.unwrap();
        }
        let rows = together.rows().await;
        assert!(rows.iter().any(|row| row.contains("billing")) && !rows.iter().any(|row| row.contains("elena")));
        assert_eq!(rows, singly.rows().await, "kin: {kin}");
        if !kin {
            // Those before the one that was split off, that one, and those after it.
            assert_eq!(together.statements().await, 3);
        }
    }
}
