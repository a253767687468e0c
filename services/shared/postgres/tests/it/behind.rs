//! A schema that is older than a binary is seen, whatever it lacks, and one that is newer is none of its business.

use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use testkit::Database;
use ventanilla_postgres::{Db, Settings, behind, house_migrations};

async fn says(db: &Db) -> Option<String> {
    behind(db, &Migrator::DEFAULT).await.unwrap().map(|behind| behind.to_string())
}

#[tokio::test]
async fn what_a_schema_lacks_is_told_by_number_and_by_the_last() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let (db, admin) = (database.db().await, database.admin().await);
    let versions: Vec<i64> = house_migrations().iter().map(|migration| migration.version).collect();
    let last = *versions.last().unwrap();
    assert_eq!(says(&db).await, None);
    let does = async |statement: &'static str| {
        sqlx::query(statement).execute(&admin).await.unwrap();
    };
    does("insert into house.schema_migration (version, description, success, checksum, execution_time) values (99999999999999, 'newer', true, '', 0)").await;
    assert_eq!(says(&db).await, None, "a newer binary's");
    // Begun and not done.
    does("update house.schema_migration set success = false where version = (select max(version) from house.schema_migration where description <> 'newer')").await;
    let one = format!(
        "the schema house is older than this binary: 1 of its migrations are not applied, the last of them {last}"
    );
    assert_eq!(says(&db).await.as_deref(), Some(one.as_str()));
    does("delete from house.schema_migration").await;
    let all = format!("{} of its migrations are not applied, the last of them {last}", versions.len());
    assert!(says(&db).await.unwrap().ends_with(&all));
    // Where nothing was ever migrated there is no such table.
    let nowhere = Db::connect(&Settings { max_connections: 1, ..database.settings_of("nowhere") }).await.unwrap();
    assert!(says(&nowhere).await.unwrap().ends_with(&all));
}

#[tokio::test]
async fn a_role_that_may_not_read_which_migrations_there_are_is_told_to_be_given_it() {
    let database = Database::fresh("house", &Migrator::DEFAULT).await;
    let mut admin = PgConnection::connect(&database.url()).await.unwrap();
    let own: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut admin).await.unwrap();
    let role = format!("b_{}", own.trim_start_matches("t_"));
    let made = format!("create role {role}; grant usage on schema house to {role}");
    admin.execute(AssertSqlSafe(made)).await.unwrap();
    let url = database.url();
    let with = if url.contains('?') { "&" } else { "?" };
    let settings =
        Settings { max_connections: 1, ..Settings::new(format!("{url}{with}options=-c%20role%3D{role}"), "house") };
    let db = Db::connect(&settings).await.unwrap();
    let said = says(&db).await.unwrap();
    admin.execute(AssertSqlSafe(format!("grant select on house.schema_migration to {role}"))).await.unwrap();
    let given = says(&db).await;
    db.close(std::time::Duration::from_secs(1)).await;
    admin.execute(AssertSqlSafe(format!("drop owned by {role}; drop role {role}"))).await.unwrap();
    assert!(said.contains("may not be read") && said.contains("roles.sql"), "{said}");
    assert_eq!(given, None);
}
