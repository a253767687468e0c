//! What followers read.

use futures::StreamExt as _;
use postgres::Db;
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Executor as _, PgPool};
use testkit::Database;
use ventanilla_ledger::{Ledger, Tail};

const ENTRIES: i64 = 20_000;

/// Personal parts read so far, as Postgres counts them.
async fn personal_parts_read(pool: &PgPool) -> i64 {
    // What this connection counted is told when the statement is over, and not some time later.
    pool.execute("select pg_stat_force_next_flush()").await.unwrap();
    sqlx::query_scalar("select idx_tup_fetch + seq_tup_read from pg_stat_user_tables where relname = 'ledger_personal'")
        .fetch_one(pool)
        .await
        .unwrap()
}

/// The service's way in through one single connection, which plans for any arguments.
async fn narrow(database: &Database) -> Db {
    let mut settings = database.settings();
    settings.max_connections = 1;
    let db = Db::connect(&settings).await.unwrap();
    db.reader().execute("set plan_cache_mode = force_generic_plan").await.unwrap();
    db
}

#[tokio::test]
async fn the_next_entries_cost_the_same_however_long_the_ledger_is() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let db = narrow(&database).await;
    let fill = format!(
        "insert into ledger (position, entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id,
             traceparent, payload, prev_hash, hash)
         select n, gen_random_uuid(), 'things/1', 't', now(), now(), 'system', 'x', '', '', sha256(''), sha256('')
         from generate_series(1, {ENTRIES}) n;
         insert into ledger_personal (position, salt, personal) select position, '', '' from ledger;
         analyze ledger; analyze ledger_personal"
    );
    db.reader().execute(AssertSqlSafe(fill)).await.unwrap();
    let ledger = Ledger::open(db.clone(), "house");
    let before = personal_parts_read(db.reader()).await;
    let mut tail = Box::pin(ledger.tail(ENTRIES - 3, true));
    let Some(Ok(Tail::Entries(entries))) = tail.next().await else { panic!("three entries are left") };
    assert_eq!(entries.iter().map(|entry| entry.position).collect::<Vec<_>>(), [19_998, 19_999, 20_000]);
    drop(tail);
    let read = personal_parts_read(db.reader()).await - before;
    assert_eq!(read, 3, "personal parts were read for three entries");
}
