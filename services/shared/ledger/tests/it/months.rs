//! The ledger by months: nobody who writes, reads or gives positions loses anything when it is parted, or when a month is begun.

use std::time::{Duration, Instant};

use futures::future::join_all;
use jiff::civil::{Date, date};
use postgres::{Db, Settings, schema_migrator};
use sqlx::migrate::{Migration, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use testkit::Database;
use tokio_util::sync::CancellationToken;
use ventanilla_ledger::Ledger;
use ventanilla_ledger::months::{Begun, MonthError, begin};
use ventanilla_ledger::verify::verify_database;

use crate::support::{draft, filled, house, write};

/// The file that parts the ledger.
const PARTED: i64 = 20261212200000;

/// A schema of the house as it was before its ledger was parted.
async fn before_months() -> (Database, Db) {
    let database = Database::fresh_with(&[]).await;
    let all = schema_migrator("house", &Migrator::DEFAULT).unwrap();
    let former: Vec<Migration> = all.iter().filter(|file| file.version < PARTED).cloned().collect();
    let mut migrator = Migrator::with_migrations(former);
    migrator.create_schema("house");
    migrator.dangerous_set_table_name("house.schema_migration");
    let mut owner = PgConnection::connect(&database.url()).await.unwrap();
    owner.execute("create schema house; set search_path = house").await.unwrap();
    migrator.run_direct(None, &mut owner, false).await.unwrap();
    let db = Db::connect(&database.settings_of("house")).await.unwrap();
    (database, db)
}

async fn number(db: &Db, question: &'static str) -> i64 {
    sqlx::query_scalar(question).fetch_one(db.reader()).await.unwrap()
}

/// Eight write and two give positions until `meanwhile` is done and each has written `least`; gives how many entries were committed.
async fn beside_writers<T>(db: &Db, least: u128, meanwhile: impl Future<Output = T>) -> (i64, T) {
    let ledgers = [Ledger::open(db.clone(), "house"), Ledger::open(db.clone(), "house")];
    let (sequencing, writing) = (CancellationToken::new(), CancellationToken::new());
    let sequencers: Vec<_> = ledgers.iter().map(|l| tokio::spawn(l.clone().sequence(sequencing.clone()))).collect();
    let writers: Vec<_> = (0..8_u128)
        .map(|writer| {
            let (db, ledger, over) = (db.clone(), ledgers[(writer % 2) as usize].clone(), writing.clone());
            tokio::spawn(async move {
                let mut written = 0;
                while written < least || !over.is_cancelled() {
                    written += 1;
                    write(&db, &[draft(&format!("things/{writer}"), ((writer + 1) << 64) | written, "m")]).await;
                    ledger.nudge();
                }
                i64::try_from(written).unwrap()
            })
        })
        .collect();
    let done = meanwhile.await;
    writing.cancel();
    let committed = join_all(writers).await.into_iter().map(Result::unwrap).sum();
    sequencing.cancel();
    join_all(sequencers).await;
    (committed, done)
}

/// Every entry once, in one chain, and nothing waiting.
async fn whole(db: &Db, entries: i64) {
    let verdict = verify_database(db, "house", &[], &[]).await.unwrap();
    assert_eq!((verdict.entries, verdict.fault), (entries, None));
    assert_eq!(number(db, "select count(*) from ledger_inbox").await, 0);
    assert_eq!(number(db, "select count(distinct entry_id) from ledger").await, entries);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_ledger_is_parted_beside_writers_and_sequencers_and_nothing_is_lost_or_doubled() {
    let (database, db) = before_months().await;
    let settings = database.settings_of("house");
    // A running binary's own connection, with its statements prepared: by a star, as feed and verification say it.
    let former = Db::connect(&Settings { max_connections: 1, ..settings.clone() }).await.unwrap();
    let by_a_star = "select l.*, null::bytea as salt from ledger l where position > $1 order by position limit 3";
    let prepared = || async { sqlx::query(by_a_star).bind(0_i64).fetch_all(former.reader()).await.unwrap().len() };
    for _ in 0..8 {
        prepared().await;
    }
    let parted = async { postgres::migrate(&settings, &Migrator::DEFAULT).await };
    let (committed, parted) = beside_writers(&db, 40, parted).await;
    parted.unwrap();
    assert_eq!(prepared().await, 3);
    assert_eq!(number(&db, "select count(*) from pg_inherits where inhparent = 'ledger'::regclass").await, 1);
    whole(&db, committed).await;
    assert_eq!(number(&db, "select count(*) from ledger_from_1").await, committed);
    // Said again, nothing is left to do.
    postgres::migrate(&settings, &Migrator::DEFAULT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn months_begin_beside_writers_and_sequencers_and_each_entry_is_in_one_of_them() {
    let (_database, db) = house().await;
    filled(&db, 10).await;
    let months: Vec<Date> = (1..=6).map(|month| date(2031, month, 1)).collect();
    let begins = async {
        for month in &months {
            begin(&db, *month).await.unwrap();
        }
    };
    let (committed, ()) = beside_writers(&db, 40, begins).await;
    whole(&db, committed + 10).await;
    let rows: Vec<(i64, Option<i64>)> =
        sqlx::query_as("select first_position, last_position from ledger_month order by first_position")
            .fetch_all(db.reader())
            .await
            .unwrap();
    assert!(rows.len() >= 2, "{rows:?}");
    for (at, (first, last)) in rows.iter().enumerate() {
        let held: (Option<i64>, Option<i64>) =
            sqlx::query_as(AssertSqlSafe(format!("select min(position), max(position) from ledger_from_{first}")))
                .fetch_one(db.reader())
                .await
                .unwrap();
        match last {
            Some(last) => {
                assert_eq!(held, (Some(*first), Some(*last)));
                assert_eq!(rows[at + 1].0, last + 1, "one begins where the other ends");
            }
            None => assert_eq!(at, rows.len() - 1, "the last alone is open"),
        }
    }
    let chained =
        "select count(*) from ledger_month m join ledger l on l.position = m.last_position where l.hash <> m.hash";
    assert_eq!(number(&db, chained).await, 0);
}

#[tokio::test]
async fn a_month_is_begun_once_and_one_without_entries_has_no_partition() {
    let (_database, db) = house().await;
    filled(&db, 7).await;
    assert_eq!(begin(&db, date(2031, 1, 1)).await.unwrap(), Begun::Closed { last: 7 });
    assert_eq!(begin(&db, date(2031, 1, 1)).await.unwrap(), Begun::Stands);
    assert_eq!(begin(&db, date(2030, 12, 1)).await.unwrap(), Begun::Stands, "a clock that went back");
    assert_eq!(begin(&db, date(2031, 4, 1)).await.unwrap(), Begun::Renamed, "nothing was written since January");
    assert_eq!(number(&db, "select count(*) from ledger_month").await, 2);
    assert!(matches!(begin(&db, date(2031, 5, 2)).await, Err(MonthError::NoMonth(_))));
}

#[tokio::test]
async fn a_closed_month_is_not_read_to_be_closed() {
    let (database, db) = house().await;
    filled(&db, 500).await;
    let mut look = PgConnection::connect(&database.url()).await.unwrap();
    let scans = "select coalesce(sum(seq_scan), 0)::bigint from pg_stat_all_tables where schemaname = 'house' and relname = 'ledger_from_1'";
    let count = |found: Result<i64, sqlx::Error>| found.unwrap();
    sqlx::query("select pg_stat_force_next_flush()").fetch_all(db.reader()).await.unwrap();
    let before = count(sqlx::query_scalar(scans).fetch_one(&mut look).await);
    assert_eq!(begin(&db, date(2031, 1, 1)).await.unwrap(), Begun::Closed { last: 500 });
    db.close(Duration::from_secs(5)).await;
    assert_eq!(count(sqlx::query_scalar(scans).fetch_one(&mut look).await), before);
}

#[tokio::test]
async fn what_was_written_before_months_were_still_works_and_no_partition_can_be_rewritten_by_anybody() {
    let (database, db) = house().await;
    filled(&db, 9).await;
    begin(&db, date(2031, 1, 1)).await.unwrap();
    // As binaries from before say it: names of columns, and all of them by a star.
    let mut admin = PgConnection::connect(&database.url()).await.unwrap();
    admin.execute("set search_path = house").await.unwrap();
    let appended = "insert into ledger (position, entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id, actor_department,
                                        traceparent, payload, commitment, prev_hash, hash)
                    select 10, gen_random_uuid(), aggregate, type, occurred_at, recorded_at, actor_kind, actor_id, actor_department,
                           traceparent, payload, commitment, hash, hash from (select * from ledger where position > 8 order by position limit 1) l";
    admin.execute(appended).await.unwrap();
    assert_eq!(number(&db, "select count(*) from ledger_from_10").await, 1);
    for table in ["ledger", "ledger_from_1", "ledger_from_10"] {
        for refused in
            [format!("update {table} set type = 'x'"), format!("delete from {table}"), format!("truncate {table}")]
        {
            let error = admin.execute(AssertSqlSafe(refused.clone())).await.unwrap_err();
            let code = error.as_database_error().and_then(|db| db.code().map(|code| code.into_owned()));
            assert_eq!(code.as_deref(), Some("23001"), "{refused}: {error}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_begins_a_month_waits_for_a_long_reader_and_lets_everybody_by_meanwhile() {
    let (_database, db) = house().await;
    filled(&db, 5).await;
    let mut reader = db.tx().await.unwrap();
    sqlx::query("select * from ledger").fetch_all(&mut *reader).await.unwrap();
    let begun = tokio::spawn({
        let db = db.clone();
        async move { begin(&db, date(2031, 1, 1)).await }
    });
    let (since, mut longest) = (Instant::now(), Duration::ZERO);
    while since.elapsed() < Duration::from_secs(4) {
        let asked = Instant::now();
        number(&db, "select max(position) from ledger").await;
        longest = longest.max(asked.elapsed());
    }
    assert!(!begun.is_finished(), "the reader is still there");
    assert!(longest > Duration::from_millis(200), "nobody ever stood in the way: {longest:?}");
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    reader.rollback().await.unwrap();
    assert_eq!(begun.await.unwrap().unwrap(), Begun::Closed { last: 5 });
}
