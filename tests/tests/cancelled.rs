//! A client that goes away in the middle of a call leaves no transaction behind, takes nothing with it
//! that was acknowledged, and learns the outcome by asking again.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use ventanilla_tests::faults::ambiguous::{check, database};
use ventanilla_tests::faults::cancel::{Way, ask_again, cancel};
use ventanilla_tests::faults::dice::Dice;
use ventanilla_tests::faults::fleet::{Fleet, Plan};
use ventanilla_tests::faults::journal::Journal;
use ventanilla_tests::faults::service::Service;

const NODE: &str = env!("CARGO_BIN_EXE_ventanilla-node");

/// Sessions of this database that are inside a transaction without doing anything.
async fn idle_in_transaction(admin: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "select count(*) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'",
    )
    .fetch_one(admin)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_cancelled_calls_leave_no_transaction_open_and_lose_nothing() {
    const CANCELLED: usize = 2_000;
    let seed = Dice::seed();
    println!("seed {seed}");
    let services = [Service::CustomerProfile, Service::Ticketing];
    let database = database(&services).await;
    let url = format!("{}?sslmode=disable", database.url());
    let urls: BTreeMap<Service, String> = services.into_iter().map(|service| (service, url.clone())).collect();
    let fleet = Arc::new(Fleet::start(Plan::new(Path::new(NODE), urls).unwrap()).await.unwrap());
    let journal = Arc::new(Journal::create(fleet.folder()).unwrap());

    let left = cancel(&fleet, &journal, seed, CANCELLED, |_| ()).await.unwrap();
    println!("cancelled {:?}, answered {}, open {}", left.cancelled, left.answered, left.open.len());
    assert_eq!(left.refused, Vec::<String>::new());
    assert!(left.cancelled.values().sum::<usize>() >= CANCELLED);
    for way in [Way::Drop, Way::Deadline, Way::Reset] {
        assert!(left.cancelled.get(&way).copied().unwrap_or(0) > 50, "{way:?} hardly ever happened");
    }

    // The server itself ends such a session after thirty seconds: a leak would outlast this wait.
    let mut admin = PgConnection::connect(&database.url()).await.unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while idle_in_transaction(&mut admin).await > 0 {
        assert!(std::time::Instant::now() < deadline, "a session is still inside a transaction");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    let (record, faults) = check(&database, &fleet, &journal).await.unwrap();
    assert_eq!(faults, [], "of what was acknowledged nothing is gone, and nothing was done twice");
    assert_eq!(record.acknowledged.len(), record.asked.len() - left.open.len());

    ask_again(&fleet, &journal, &left.open).await.unwrap();
    let (record, faults) = check(&database, &fleet, &journal).await.unwrap();
    assert_eq!(faults, [], "what was asked again has one effect");
    assert_eq!(record.acknowledged.len(), record.asked.len());
    assert_eq!(fleet.errors_logged(), Vec::<String>::new());
}
