//! Schemas are brought up to date under the statements of the stores; what shuts those out, or is not understood by them any more, is seen.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType};
use ventanilla_tests::faults::dice::Dice;
use ventanilla_tests::faults::service::Service;
use ventanilla_tests::faults::upgrade::{self, LONGEST_WAIT, Order};
use ventanilla_tests::tree::root;

const OLDER: i64 = 20_261_209_000_000;

fn planted(version: i64, name: &'static str, sql: &'static str) -> (Service, Migration) {
    (Service::Ticketing, Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false))
}

// Whether a lock is given in time is a question to the machine too.
#[ignore = "it is timed: cargo test --workspace --test faults upgrades -- --ignored"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_the_tree_fail_no_statement_and_one_that_shuts_others_out_or_takes_something_away_is_seen() {
    let order = Order {
        seed: Dice::seed(),
        from: OLDER,
        rows: 50,
        clients: 2,
        statements: root().join(".sqlx"),
        planted: vec![
            planted(
                20_990_101_000_000,
                "slow",
                "alter table ticketing.ticket add column planted text; select pg_sleep(1.5)",
            ),
            planted(20_990_102_000_000, "taken", "alter table ticketing.promise rename column due_at to planted"),
        ],
    };
    let seed = order.seed;
    let summary = upgrade::run(order, |_, _| {}).await.unwrap();
    assert!(summary.files > 10 && summary.statements > 300 && summary.filled > 40, "seed {seed}: {summary:#?}");
    assert!(!summary.is_well());
    let slow = &summary.waits[0];
    assert!(slow.file.ends_with(" slow"), "seed {seed}: {:#?}", summary.waits);
    assert!(u128::from(slow.ms) > LONGEST_WAIT.as_millis(), "seed {seed}: {slow:?}");
    // What is not there any more (42703), or is not what a connection had been told (0A000), and nothing else.
    assert!(summary.failed.iter().any(|told| told.starts_with("42703")), "seed {seed}: nothing misses what was taken");
    let others: Vec<_> =
        summary.failed.iter().filter(|told| !told.starts_with("42703") && !told.starts_with("0A000")).collect();
    assert!(others.is_empty(), "seed {seed}: {others:#?}");
}
