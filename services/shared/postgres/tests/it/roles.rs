//! A service's role sees its own schema and nothing else, and cannot rewrite its own ledger.

use secrecy::SecretString;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};
use testkit::Database;
use ventanilla_postgres::{ServiceRole, grant, provision_role};

fn role(name: &str, schema: &str) -> ServiceRole {
    ServiceRole { role: name.into(), schema: schema.into(), password: SecretString::from("a'b") }
}

#[tokio::test]
async fn a_neighbours_table_and_the_own_ledger_are_out_of_reach() {
    let database = Database::fresh_with(&[("house", &Migrator::DEFAULT), ("other", &Migrator::DEFAULT)]).await;
    // Roles belong to the whole server: a name of this database's own, so that tests do not meet.
    let name =
        format!("r_{}", database.url().rsplit('/').next().unwrap().split('?').next().unwrap().trim_start_matches("t_"));
    let service = role(&name, "house");
    let mut admin = PgConnection::connect(&database.url()).await.unwrap();
    provision_role(&mut admin, &service).await.unwrap();
    provision_role(&mut admin, &service).await.unwrap();
    grant(&mut admin, &service).await.unwrap();

    let mut session = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("set session authorization {name}"))).execute(&mut session).await.unwrap();
    sqlx::query("set search_path = house").execute(&mut session).await.unwrap();
    for allowed in [
        "select * from house.ledger",
        "select * from schema_migration",
        "delete from ledger_inbox",
        "update ledger_head set position = position",
    ] {
        sqlx::query(allowed).execute(&mut session).await.unwrap_or_else(|e| panic!("{allowed}: {e}"));
    }
    for refused in [
        "select * from other.ledger",
        "insert into other.request default values",
        "update house.ledger set type = 'x'",
        "delete from house.ledger",
        "truncate house.ledger",
        "select * from house.ledger_from_1",
        "delete from house.ledger_from_1",
        "truncate house.ledger_from_1",
        "delete from house.ledger_month",
        "delete from house.ledger_head",
        "create table house.mine (a int)",
        "create table public.mine (a int)",
        "delete from house.schema_migration",
    ] {
        let error = sqlx::query(refused).execute(&mut session).await.unwrap_err();
        let code = error.as_database_error().and_then(|e| e.code().map(|c| c.into_owned()));
        assert_eq!(code.as_deref(), Some("42501"), "{refused}: {error}");
    }
    drop(session);
    sqlx::query(sqlx::AssertSqlSafe(format!("drop owned by {name}"))).execute(&mut admin).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("drop role {name}"))).execute(&mut admin).await.unwrap();
}
