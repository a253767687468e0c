//! Fresh databases, seen to be fresh.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, Row};
use ventanilla_testkit::{Database, Playground, eventually};

fn notes(version: i64, sql: &'static str) -> Migrator {
    Migrator::with_migrations(vec![Migration::new(
        version,
        "note".into(),
        MigrationType::Simple,
        sqlx::SqlStr::from_static(sql),
        false,
    )])
}

fn one_table() -> Migrator {
    notes(20261122090000, "create table testkit_probe.note (text text not null)")
}

#[tokio::test]
async fn what_one_test_writes_no_other_sees() {
    let migrator = one_table();
    let one = Database::fresh("testkit_probe", &migrator).await;
    let other = Database::fresh("testkit_probe", &migrator).await;
    sqlx::query("insert into testkit_probe.note values ('mine')").execute(&one.admin().await).await.unwrap();
    let seen: i64 =
        sqlx::query_scalar("select count(*) from testkit_probe.note").fetch_one(&other.admin().await).await.unwrap();
    assert_eq!(seen, 0);
}

#[tokio::test]
async fn the_house_tables_are_there() {
    let database = Database::fresh("testkit_probe", &one_table()).await;
    let row = sqlx::query("select to_regclass('testkit_probe.ledger') is not null as there")
        .fetch_one(&database.admin().await)
        .await
        .unwrap();
    assert!(row.get::<bool, _>("there"));
}

#[tokio::test]
async fn a_database_goes_with_its_test() {
    let database = Database::fresh("testkit_probe", &one_table()).await;
    let url = database.url();
    drop(database);
    assert!(sqlx::PgConnection::connect(&url).await.is_err());
}

#[tokio::test]
async fn an_edited_migration_gets_another_template() {
    let old = Database::fresh("testkit_probe", &one_table()).await;
    let edited = notes(20261122090000, "create table testkit_probe.other (text text)");
    let new = Database::fresh("testkit_probe", &edited).await;
    sqlx::query("select * from testkit_probe.note").execute(&old.admin().await).await.unwrap();
    sqlx::query("select * from testkit_probe.other").execute(&new.admin().await).await.unwrap();
}

#[tokio::test]
async fn the_supervisor_deletes_a_server_nobody_uses() {
    let folder = std::env::temp_dir().join(format!("ventanilla-playground-{}", std::process::id()));
    let here = folder.clone();
    let (url, again) = tokio::task::spawn_blocking(move || {
        let first = Playground::join_at(&here, 1).unwrap();
        let second = Playground::join_at(&here, 1).unwrap();
        (first.url().to_owned(), second.url().to_owned())
    })
    .await
    .unwrap();
    assert_eq!(url, again, "the second joins the first's server");
    eventually(Duration::from_secs(30), || {
        let gone = !Path::new(&folder).exists();
        async move { if gone { Ok(()) } else { Err("the folder is still there") } }
    })
    .await;
    assert!(sqlx::PgConnection::connect(&url).await.is_err());
}
