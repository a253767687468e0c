//! Whoever goes away, and whenever: no connection stays in a transaction.

use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::{PgPool, Row};
use testkit::{Database, eventually};

/// Sessions of the service that sit in a transaction.
async fn in_transaction(admin: &PgPool) -> i64 {
    sqlx::query(
        "select count(*) from pg_stat_activity
         where datname = current_database() and application_name = 'house' and state like 'idle in transaction%'",
    )
    .fetch_one(admin)
    .await
    .unwrap()
    .get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_dropped_at_any_moment_leaves_its_connection_clean() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let (db, admin) = (database.db().await, database.admin().await);
    for round in 0..400_u64 {
        let db = db.clone();
        let work = async move {
            let mut tx = db.tx().await?;
            sqlx::query("update ledger_head set position = position").execute(&mut *tx).await?;
            sqlx::query("select pg_sleep(0.001)").execute(&mut *tx).await?;
            tx.commit().await
        };
        let _ = tokio::time::timeout(Duration::from_micros(round * 13 % 4_000), work).await;
    }
    eventually(Duration::from_secs(10), || async {
        match in_transaction(&admin).await {
            0 => Ok(()),
            open => Err(open),
        }
    })
    .await;
    // And every connection of the pool writes outside any forgotten transaction.
    for _ in 0..32 {
        // In the simple protocol: an extended query's Parse may start the transaction before its Execute.
        let probe = sqlx::raw_sql("select now() = statement_timestamp()").fetch_one(db.reader()).await.unwrap();
        assert!(probe.get::<bool, _>(0), "a later statement ran inside somebody's open transaction");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::disallowed_methods, reason = "the fault that the house's way avoids, planted to see it found")]
async fn the_check_is_red_with_a_plain_begin() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let (pool, admin) = (database.db().await.reader().clone(), database.admin().await);
    for round in 0..4_000_u64 {
        let _ = tokio::time::timeout(Duration::from_micros(round % 700), pool.begin()).await;
        if round % 50 == 0 && in_transaction(&admin).await > 0 {
            return;
        }
    }
    eventually(Duration::from_secs(10), || async {
        match in_transaction(&admin).await {
            0 => Err("a plain begin() was never caught; is the fault mended upstream?"),
            _ => Ok(()),
        }
    })
    .await;
}
