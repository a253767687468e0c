//! A schema is brought up to date while others work in it: they wait for no file longer than a second, and what broke off is begun anew.

use std::borrow::Cow;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _, SqlSafeStr as _};
use testkit::Database;
use ventanilla_postgres::{ProvisionError, migrate};

const LIMIT: Duration = Duration::from_secs(30);

fn file(version: i64, sql: &'static str) -> Migration {
    let beside = sql.starts_with("-- no-transaction");
    Migration::new(version, Cow::Borrowed("planted"), MigrationType::Simple, sql.into_sql_str(), beside)
}

fn files(of: &[(i64, &'static str)]) -> Migrator {
    Migrator::with_migrations(of.iter().map(|(version, sql)| file(*version, sql)).collect())
}

const TABLE: (i64, &str) =
    (20_990_101_000_000, "create table t (a bigint not null); insert into t select generate_series(1, 1000)");
const COLUMN: (i64, &str) = (20_990_102_000_000, "alter table t add column b text");
const INDEX: (i64, &str) =
    (20_990_103_000_000, "-- no-transaction\n-- Whose a it is.\ncreate unique index concurrently t_a on t (a);");

async fn with_table() -> Database {
    Database::fresh("house", &files(&[TABLE])).await
}

async fn session(database: &Database) -> PgConnection {
    PgConnection::connect(&database.url()).await.expect("the test database was just made")
}

/// How long a reader of the table was kept, in seconds, by the server's own clock: a statement's text begins before it has its lock, and
/// what it selects is told after.
async fn read(session: &mut PgConnection) -> f64 {
    let asked = "select extract(epoch from clock_timestamp() - statement_timestamp())::float8 from house.t limit 1";
    session.fetch_one(asked).await.expect("a reader is told").get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_whose_table_somebody_holds_lets_readers_by_and_is_applied_once_they_are_gone() {
    let database = with_table().await;
    let mut holder = session(&database).await;
    holder.execute("begin").await.unwrap();
    // As a backup does, for as long as it lasts.
    holder.execute("lock table house.t in access share mode").await.unwrap();

    let (settings, migrator) = (database.settings(), files(&[TABLE, COLUMN]));
    let migrating = tokio::spawn(async move { migrate(&settings, &migrator).await });
    let mut reader = session(&database).await;
    let (mut longest, mut kept) = (0_f64, 0);
    // A reader is kept behind the file that waits, and let by again; and once more, by the next try.
    tokio::time::timeout(LIMIT, async {
        while kept < 2 {
            let waited = read(&mut reader).await;
            longest = longest.max(waited);
            kept += usize::from(waited > 0.1);
            assert!(!migrating.is_finished(), "the table was held");
        }
    })
    .await
    .expect("the file is tried again");
    let b = "select count(*) from information_schema.columns where table_schema = 'house' and column_name = 'b'";
    assert_eq!(sqlx::query_scalar::<_, i64>(b).fetch_one(&mut reader).await.unwrap(), 0);
    holder.execute("commit").await.unwrap();
    while !migrating.is_finished() {
        longest = longest.max(read(&mut reader).await);
    }
    migrating.await.unwrap().expect("nobody is in its way any more");
    assert_eq!(sqlx::query_scalar::<_, i64>(b).fetch_one(&mut reader).await.unwrap(), 1);
    assert!(longest < 1.0, "a reader waited {longest} s behind a file that waited");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_left_of_an_index_is_taken_away_and_the_index_made_whole() {
    let database = with_table().await;
    let mut writer = session(&database).await;
    writer.execute("insert into house.t values (7)").await.unwrap();
    let migrator = files(&[TABLE, COLUMN, INDEX]);
    let refused = migrate(&database.settings(), &migrator).await.expect_err("7 is there twice");
    assert!(matches!(refused, ProvisionError::Migrate { .. }), "{refused:?}");
    let valid = "select indisvalid from pg_index where indexrelid = 'house.t_a'::regclass";
    assert!(!sqlx::query_scalar::<_, bool>(valid).fetch_one(&mut writer).await.unwrap(), "half of it is there");

    writer.execute("delete from house.t where ctid in (select max(ctid) from house.t where a = 7)").await.unwrap();
    migrate(&database.settings(), &migrator).await.expect("what was left is no hindrance");
    assert!(sqlx::query_scalar::<_, bool>(valid).fetch_one(&mut writer).await.unwrap());
    // Once it is applied it is left alone.
    let made = "select 'house.t_a'::regclass::oid::bigint";
    let before: i64 = sqlx::query_scalar(made).fetch_one(&mut writer).await.unwrap();
    migrate(&database.settings(), &migrator).await.expect("there is nothing to do");
    assert_eq!(sqlx::query_scalar::<_, i64>(made).fetch_one(&mut writer).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_build_one_index_and_neither_waits_for_the_other_for_ever() {
    let database = with_table().await;
    let migrator = files(&[TABLE, COLUMN, INDEX]);
    let settings = database.settings();
    let both = async { tokio::join!(migrate(&settings, &migrator), migrate(&settings, &migrator)) };
    let (one, other) = tokio::time::timeout(LIMIT, both).await.expect("they end");
    one.and(other).expect("the second finds what the first did");
    let valid = "select indisvalid from pg_index where indexrelid = 'house.t_a'::regclass";
    assert!(sqlx::query_scalar::<_, bool>(valid).fetch_one(&mut session(&database).await).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_limit_on_statements_cuts_a_file_that_takes_long() {
    let database = with_table().await;
    let name = database.url().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    let mut owner = session(&database).await;
    owner.execute(AssertSqlSafe(format!("alter database {name} set statement_timeout = '40ms'"))).await.unwrap();
    let long = (20_990_104_000_000, "select pg_sleep(0.3)");
    let mut cut = session(&database).await;
    assert!(cut.execute(long.1).await.is_err(), "everybody else is cut");
    migrate(&database.settings(), &files(&[TABLE, long])).await.expect("a migration is not");
}
