//! What the ledger's tests share: a schema with nothing but the house tables, and entries to write.

use jiff::Timestamp;
use kernel::{Actor, ActorKind};
use postgres::Db;
use sqlx::migrate::Migrator;
use testkit::Database;
use uuid::Uuid;
use ventanilla_ledger::{Draft, Ledger, Stamp, append};
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ticketing::v1::MessageAddedPersonal;

/// A fresh database with the house tables alone.
pub async fn house() -> (Database, Db) {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let db = database.db().await;
    (database, db)
}

/// The same instant in every test.
pub fn instant() -> Timestamp {
    "2026-11-22T10:00:00.123456Z".parse().expect("an instant")
}

/// A stamp of an agent.
pub fn stamp() -> Stamp {
    let actor = Actor { kind: ActorKind::Employee, id: "agent-1".into(), department: "billing".parse().ok() };
    Stamp::of(actor, instant(), "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into())
}

/// An entry about `aggregate` that carries `mark`, unique by `number`.
pub fn draft(aggregate: &str, number: u128, mark: &str) -> Draft {
    let payload = AccessDenied { method: mark.to_owned(), ..AccessDenied::default() };
    Draft::new(Uuid::from_u128(number), aggregate, &payload, &stamp())
}

/// The same with a personal part.
pub fn personal_draft(aggregate: &str, number: u128, body: &str) -> Draft {
    draft(aggregate, number, "m")
        .with_personal(&MessageAddedPersonal { body: body.to_owned(), ..Default::default() }, [7; 32])
}

/// Writes entries in one transaction.
pub async fn write(db: &Db, drafts: &[Draft]) {
    let mut tx = db.tx().await.expect("a transaction");
    append(&mut tx, drafts).await.expect("appended");
    tx.commit().await.expect("committed");
}

/// A ledger with `count` entries, every third with a personal part, already sequenced.
pub async fn filled(db: &Db, count: u128) -> Ledger {
    let ledger = Ledger::open(db.clone(), "house");
    let drafts: Vec<Draft> = (1..=count)
        .map(|n| {
            let aggregate = format!("things/{}", n % 5);
            if n % 3 == 0 { personal_draft(&aggregate, n, "Señora Núñez") } else { draft(&aggregate, n, "m") }
        })
        .collect();
    write(db, &drafts).await;
    ledger.sequence_waiting().await.expect("sequenced");
    ledger
}
