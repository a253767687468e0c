//! The walls in SQL: what every database role may do with every table, against what the rules say. The two ways to make the
//! roles, the script for a server of one's own and the suite's provisioning, must make the same walls.

use std::collections::BTreeMap;

use postgres::{ServiceRole, grant, provision_role};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use testkit::Database;
use ventanilla_tests::scene::services::Service;
use ventanilla_tests::tree;

const RIGHTS: [&str; 7] = ["select", "insert", "update", "delete", "truncate", "references", "trigger"];

/// A table, by schema and name.
type Table = (String, String);

/// What a service's role may do with a table, by the rules of the house.
fn expected(schema: &str, (of, table): &Table) -> Vec<&'static str> {
    if of != schema {
        return Vec::new();
    }
    match table.as_str() {
        // What was written to the ledger is not taken back.
        "ledger" => vec!["select", "insert"],
        // Which months it has is the owner's to say.
        "ledger_month" => vec!["select"],
        // And what is kept of those that are archived, and all that is known of both.
        "ledger_kept" | "ledger_known" => vec!["select"],
        // And its months are reached by way of it alone.
        month if month.starts_with("ledger_from_") => vec![],
        // The head moves; there is always one.
        "ledger_head" => vec!["select", "update"],
        // Which migrations were applied is the owner's to say, and the service's to read.
        "schema_migration" => vec!["select"],
        _ => vec!["select", "insert", "update", "delete"],
    }
}

async fn tables(admin: &mut PgConnection) -> Vec<Table> {
    let found: Vec<Table> = sqlx::query_as(
        "select n.nspname::text, c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
            and n.nspname not like 'pg\\_toast%' order by 1, 2",
    )
    .fetch_all(admin)
    .await
    .unwrap();
    assert!(found.len() > 100, "{} tables", found.len());
    found
}

/// What the role may do with each table, a column of it included.
async fn rights(admin: &mut PgConnection, role: &str) -> BTreeMap<Table, Vec<&'static str>> {
    let mut found = BTreeMap::new();
    for table in tables(admin).await {
        let may: Vec<bool> = sqlx::query_scalar(
            "select has_table_privilege($1, c.oid, right_name)
                    or (right_name in ('select', 'insert', 'update', 'references') and has_any_column_privilege($1, c.oid, right_name))
               from pg_class c join pg_namespace n on n.oid = c.relnamespace, unnest($4::text[]) with ordinality as t (right_name, place)
              where n.nspname = $2 and c.relname = $3 order by place",
        )
        .bind(role)
        .bind(&table.0)
        .bind(&table.1)
        .bind(RIGHTS.map(str::to_owned).to_vec())
        .fetch_all(&mut *admin)
        .await
        .unwrap();
        found.insert(table, RIGHTS.into_iter().zip(may).filter(|(_, may)| *may).map(|(right, _)| right).collect());
    }
    found
}

/// Where a role's rights are not those of the rules, a line each.
async fn differences(admin: &mut PgConnection, role: &str, schema: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (table, may) in rights(admin, role).await {
        let rule = expected(schema, &table);
        if may != rule {
            wrong.push(format!("{role} on {}.{}: {may:?}, not {rule:?}", table.0, table.1));
        }
    }
    let schemas: Vec<(String, bool, bool)> = sqlx::query_as(
        "select nspname::text, has_schema_privilege($1, oid, 'usage'), has_schema_privilege($1, oid, 'create') from pg_namespace
          where nspname not like 'pg\\_%' and nspname <> 'information_schema'",
    )
    .bind(role)
    .fetch_all(&mut *admin)
    .await
    .unwrap();
    wrong.extend(
        schemas
            .into_iter()
            .filter(|(name, usage, create)| *create || *usage != (name == schema))
            .map(|found| format!("{role}: {found:?}")),
    );
    // Nor by way of another role: one that reads everything, or that owns the tables.
    let memberships: Vec<String> = sqlx::query_scalar(
        "select r.rolname::text from pg_roles r where r.rolname <> $1 and pg_has_role($1, r.oid, 'member')
         union select 'attributes' from pg_roles where rolname = $1
            and (rolsuper or rolcreatedb or rolcreaterole or rolbypassrls or rolreplication)",
    )
    .bind(role)
    .fetch_all(&mut *admin)
    .await
    .unwrap();
    wrong.extend(memberships.into_iter().map(|other| format!("{role} is {other}")));
    wrong
}

/// What the server says to a statement of this role; `None` when it does it.
async fn refused(database: &Database, role: &str, statement: String) -> Option<String> {
    let mut session = PgConnection::connect(&database.url()).await.unwrap();
    session.execute(AssertSqlSafe(format!("set session authorization {role}"))).await.unwrap();
    let done = session.execute(AssertSqlSafe(statement)).await;
    done.err().and_then(|error| error.as_database_error().and_then(|db| db.code().map(|code| code.into_owned())))
}

#[tokio::test]
async fn what_the_script_gives_every_role_is_what_the_rules_say() {
    let database = Database::fresh_with(&[]).await;
    let mut admin = PgConnection::connect(&database.url()).await.unwrap();
    let script = tree::text(tree::root().join("deploy/postgres/roles.sql"));
    // As the guide says: the roles, then the migrations as the owner, whose tables are granted as they are made.
    admin.execute(AssertSqlSafe(script.clone())).await.unwrap();
    for service in Service::ALL {
        let owner = if database.url().contains('?') { "&" } else { "?" };
        let url = format!("{}{owner}options=-c%20role%3Dventanilla_owner", database.url());
        postgres::migrate(&postgres::Settings::new(url, service.schema()), &service.migrations()).await.unwrap();
    }
    // Running it again, whenever, changes nothing.
    for again in 0..3 {
        let mut wrong = Vec::new();
        for service in Service::ALL {
            wrong.extend(differences(&mut admin, service.schema(), service.schema()).await);
        }
        assert!(wrong.is_empty(), "{again} times again: {wrong:#?}");
        admin.execute(AssertSqlSafe(script.clone())).await.unwrap();
    }
    // Sequences too, of a table that came later than everything.
    let owner = "set session authorization ventanilla_owner; create table ticketing.later (number serial primary key)";
    PgConnection::connect(&database.url()).await.unwrap().execute(owner).await.unwrap();
    let added = "insert into ticketing.later default values returning number".to_owned();
    assert_eq!(refused(&database, "ticketing", added).await, None);
    // Every role that can log in is one of the suite, the owner, or the superuser that runs the server.
    let roles: Vec<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles where rolcanlogin and not rolsuper
            and exists (select from pg_namespace where nspname = any ($1) and has_schema_privilege(rolname, oid, 'usage')) order by 1",
    )
    .bind(Service::ALL.map(|service| service.schema().to_owned()).to_vec())
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(roles, ["customer_profile", "ombudsman", "sla_monitor", "ticketing", "ventanilla_owner", "webhooks"]);
    let foreign: Vec<String> = sqlx::query_scalar(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
          where n.nspname = any ($1) and c.relkind = 'r' and c.relowner <> 'ventanilla_owner'::regrole",
    )
    .bind(Service::ALL.map(|service| service.schema().to_owned()).to_vec())
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert!(foreign.is_empty(), "not the owner's: {foreign:?}");

    // And the server does as it says: nobody of the firm reads a table of the office, nor runs a function of it.
    for service in Service::ALL.into_iter().filter(|service| *service != Service::OmbudsmanEscalation) {
        for table in tables(&mut admin).await.into_iter().filter(|(schema, _)| schema == "ombudsman") {
            let read = refused(&database, service.schema(), format!("select from ombudsman.{} limit 1", table.1)).await;
            assert_eq!(read.as_deref(), Some("42501"), "{} reads ombudsman.{}", service.schema(), table.1);
        }
        let asked = "select ombudsman.holds_office('elena', now())".to_owned();
        assert_eq!(refused(&database, service.schema(), asked).await.as_deref(), Some("42501"));
    }
    assert_eq!(refused(&database, "ombudsman", "select from ombudsman.draft limit 1".to_owned()).await, None);
}

#[tokio::test]
async fn what_the_suite_gives_its_roles_is_what_the_rules_say() {
    let migrations = Service::ALL.map(|service| (service.schema(), service.migrations()));
    let schemas: Vec<(&str, &sqlx::migrate::Migrator)> =
        migrations.iter().map(|(schema, all)| (*schema, all)).collect();
    let database = Database::fresh_with(&schemas).await;
    let mut admin = PgConnection::connect(&database.url()).await.unwrap();
    // Roles belong to the whole server: names of this database's own, so that tests do not meet.
    let own: String = sqlx::query_scalar("select current_database()::text").fetch_one(&mut admin).await.unwrap();
    let named = |schema: &str| format!("w{}_{}", &own[own.len() - 12..], schema);
    for service in Service::ALL {
        let role = ServiceRole {
            role: named(service.schema()),
            schema: service.schema().to_owned(),
            password: SecretString::from("unused"),
        };
        provision_role(&mut admin, &role).await.unwrap();
        grant(&mut admin, &role).await.unwrap();
    }
    let mut wrong = Vec::new();
    for service in Service::ALL {
        wrong.extend(differences(&mut admin, &named(service.schema()), service.schema()).await);
    }

    // A grant too many is seen, on a table or on one of its columns.
    let ticketing = named("ticketing");
    admin.execute(AssertSqlSafe(format!("grant select (person) on ombudsman.staff to {ticketing}"))).await.unwrap();
    admin.execute(AssertSqlSafe(format!("grant delete on ticketing.ledger to {ticketing}"))).await.unwrap();
    let planted = differences(&mut admin, &ticketing, "ticketing").await;

    for service in Service::ALL {
        let role = named(service.schema());
        admin.execute(AssertSqlSafe(format!("drop owned by {role}; drop role {role}"))).await.unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(planted.len(), 2, "{planted:#?}");
    assert!(planted[0].contains("ombudsman.staff") && planted[1].contains("ticketing.ledger"), "{planted:#?}");
}
