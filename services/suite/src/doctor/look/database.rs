//! The server, roles, grants, migrations and calendars.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use kernel::Ambient;
use postgres::Db;
use secrecy::{ExposeSecret as _, SecretString};
use sla_monitor_domain::Calendar;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};

use crate::doctor::finding::Finding;
use crate::doctor::judge::{self, Grant, Holidays, Migrated, Server, Wanted};
use crate::doctor::patient::{Kept, Law};
use crate::services::Service;

/// Settings that are looked at.
const SETTINGS: [&str; 10] = [
    "fsync",
    "full_page_writes",
    "synchronous_commit",
    "server_encoding",
    "archive_mode",
    "archive_timeout",
    "data_checksums",
    "max_connections",
    "superuser_reserved_connections",
    "reserved_connections",
];

/// A server and a role at it, as an address names them; without the password.
pub fn place(url: &SecretString) -> Option<(String, String)> {
    let options: PgConnectOptions = url.expose_secret().parse().ok()?;
    let database = options.get_database().unwrap_or(options.get_username()).to_owned();
    let server = format!("{}:{}/{database}", options.get_host(), options.get_port());
    Some((server, options.get_username().to_owned()))
}

/// Opens one connection by a service's own role, or says why there is none.
pub async fn connect(kept: Kept<'_>) -> Result<PgConnection, Finding> {
    let about = kept.name;
    let options = kept.database.url.expose_secret().parse::<PgConnectOptions>();
    let options = options.map_err(|_| {
        let cure = "write it as postgres://ROLE:PASSWORD@HOST:5432/DATABASE";
        Finding::ill(about, "database", "`service.database.url` is no address of a database", cure)
    })?;
    let (server, role) = place(&kept.database.url).unwrap_or_default();
    let options = options.options([("search_path", kept.database.schema.as_str())]).disable_statement_logging();
    PgConnection::connect_with(&options).await.map_err(|error| {
        let (why, cure) = refusal(&error);
        Finding::ill(about, "database", format!("{role} cannot use {server}: {why}"), cure)
    })
}

/// Why a connection was refused, and what to do about it. What the server says itself is not repeated: it may quote.
fn refusal(error: &sqlx::Error) -> (&'static str, &'static str) {
    let code = match error {
        sqlx::Error::Database(error) => error.code().map(|code| code.into_owned()).unwrap_or_default(),
        sqlx::Error::Tls(_) => {
            return ("TLS could not be agreed on", "look at sslmode and at the server's certificate");
        }
        _ => return ("nobody answers there", "start the server, or correct host and port; a firewall may be between"),
    };
    match code.as_str() {
        "28P01" => ("the password is wrong", "give the role and the settings the same password"),
        "28000" => (
            "the role may not sign in from here",
            "make the role (deploy/postgres/roles.sql), and allow it in pg_hba.conf",
        ),
        "3D000" => ("there is no such database", "create the database, then run roles.sql and the migrations"),
        "53300" => ("the server has no connection left", "raise max_connections, or lower the pools"),
        "57P03" => ("the server is starting or stopping", "wait for it, and read its log"),
        "42501" => ("the role may not connect", "run deploy/postgres/roles.sql again"),
        _ => ("it refuses", "read the server's log"),
    }
}

/// The server, as this connection sees it, with its clock against ours.
pub async fn server(connection: &mut PgConnection, ambient: &Ambient) -> Result<(Server, SignedDuration), sqlx::Error> {
    let rows = sqlx::query("select name, setting from pg_settings where name = any($1)")
        .bind(SETTINGS.map(str::to_owned).to_vec())
        .fetch_all(&mut *connection)
        .await?;
    let mut settings = BTreeMap::new();
    for row in rows {
        settings.insert(row.try_get("name")?, row.try_get("setting")?);
    }
    let version: i32 =
        sqlx::query_scalar("select current_setting('server_version_num')::int4").fetch_one(&mut *connection).await?;
    let archiving_fails: bool = sqlx::query_scalar(
        "select coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) from pg_stat_archiver",
    )
    .fetch_one(&mut *connection)
    .await?;
    // Once before, so that what is measured is the answer and no parsing.
    let mut ahead = SignedDuration::ZERO;
    for _ in 0..2 {
        let before = ambient.now();
        let theirs: jiff_sqlx::Timestamp =
            sqlx::query_scalar("select clock_timestamp()").fetch_one(&mut *connection).await?;
        let after = ambient.now();
        let middle = before + after.duration_since(before) / 2;
        ahead = theirs.to_jiff().duration_since(middle);
    }
    Ok((Server { version, settings, archiving_fails }, ahead))
}

/// What the role is and may do.
pub async fn role(kept: Kept<'_>, connection: &mut PgConnection) -> Result<Vec<Finding>, sqlx::Error> {
    let (about, schema) = (kept.name, kept.database.schema.as_str());
    let row = sqlx::query(
        "select rolname::text as name, rolsuper, rolcreatedb, rolcreaterole, rolbypassrls, rolreplication,
                (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
                 where n.nspname = $1 and c.relowner = r.oid and c.relkind in ('r', 'p')) as owns
         from pg_roles r where rolname = current_user",
    )
    .bind(schema)
    .fetch_one(&mut *connection)
    .await?;
    let powers = [
        ("rolsuper", "superuser"),
        ("rolcreatedb", "createdb"),
        ("rolcreaterole", "createrole"),
        ("rolbypassrls", "bypassrls"),
        ("rolreplication", "replication"),
    ];
    let mut held = Vec::new();
    for (column, word) in powers {
        if row.try_get::<bool, _>(column)? {
            held.push(word.to_owned());
        }
    }
    let name: String = row.try_get("name")?;
    let mut findings = vec![judge::role(about, &name, &held, row.try_get("owns")?)];
    if held.is_empty() {
        let (tables, held) = grants(schema, connection).await?;
        findings.extend(judge::grants(about, schema, &tables, &held));
    }
    Ok(findings)
}

async fn grants(schema: &str, connection: &mut PgConnection) -> Result<(Vec<String>, BTreeSet<Grant>), sqlx::Error> {
    let tables = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = $1 and c.relkind in ('r', 'p') order by 1",
    )
    .bind(schema)
    .fetch_all(&mut *connection)
    .await?;
    let rows = sqlx::query(
        "select n.nspname::text as schema, c.relname::text as name, p.privilege
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) as p (privilege)
         where n.nspname = any($1) and c.relkind in ('r', 'p', 'v', 'm')
           and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, p.privilege)",
    )
    .bind(Service::ALL.map(|service| service.schema().to_owned()).to_vec())
    .fetch_all(&mut *connection)
    .await?;
    let mut held = BTreeSet::new();
    for row in rows {
        let grant =
            Grant { schema: row.try_get("schema")?, table: row.try_get("name")?, privilege: row.try_get("privilege")? };
        // Views of its own schema come with their tables.
        if grant.schema != schema || tables.contains(&grant.table) {
            held.insert(grant);
        }
    }
    Ok((tables, held))
}

/// Whether each schema is the one this version works with. Only the owner may read what was applied.
pub async fn migrations(kept: &[Kept<'_>], admin: Option<&SecretString>) -> Vec<Finding> {
    let give = "give the owner's or an administrator's address: --admin-url, or VENTANILLA_ADMIN_URL";
    let unseen = |why: &str| {
        let finding = |kept: &Kept<'_>| Finding::unseen(kept.name, "migrations", why, give);
        kept.iter().map(finding).collect()
    };
    let Some(admin) = admin else { return unseen("what was migrated is for the owner to read") };
    let Ok(mut connection) = PgConnection::connect(admin.expose_secret()).await else {
        return unseen("the administrator's address does not lead to a database");
    };
    let mut findings = Vec::new();
    for kept in kept {
        findings.push(match applied(kept, &mut connection).await {
            Ok(applied) => judge::migrations(kept.name, &wanted(kept), &applied),
            Err(_) => {
                let says =
                    format!("no migration of {} was ever applied here, or they may not be read", kept.database.schema);
                let cure = "run the service's `migrate` as ventanilla_owner, and give that owner's address here";
                Finding::ill(kept.name, "migrations", says, cure)
            }
        });
    }
    let _ = connection.close().await;
    findings
}

fn wanted(kept: &Kept<'_>) -> Vec<Wanted> {
    let own = kept.service.migrations();
    let house = postgres::house_migrations();
    let all = house.iter().chain(own.iter());
    all.map(|one| Wanted { version: one.version, checksum: one.checksum.to_vec() }).collect()
}

async fn applied(kept: &Kept<'_>, connection: &mut PgConnection) -> Result<Vec<Migrated>, sqlx::Error> {
    // The service's own name, which the code gives, and not the settings'.
    let question = format!("select version, checksum, success from {}.schema_migration", kept.service.schema());
    let rows = sqlx::query(AssertSqlSafe(question)).fetch_all(connection).await?;
    let migrated = |row: &sqlx::postgres::PgRow| {
        Ok(Migrated {
            version: row.try_get("version")?,
            checksum: row.try_get("checksum")?,
            success: row.try_get("success")?,
        })
    };
    rows.iter().map(migrated).collect()
}

/// Where the server keeps its data, when it does so on this machine and an administrator asks.
pub async fn data_folder(admin: &SecretString) -> Option<PathBuf> {
    let mut connection = PgConnection::connect(admin.expose_secret()).await.ok()?;
    let folder: Result<String, _> = sqlx::query_scalar("show data_directory").fetch_one(&mut connection).await;
    let _ = connection.close().await;
    let folder = PathBuf::from(folder.ok()?);
    Path::new(&folder).exists().then_some(folder)
}

/// The newest version of every calendar that the monitor knows.
pub async fn calendars(db: &Db, law: Option<&Law>) -> Result<Vec<Holidays>, sqlx::Error> {
    let rows = sqlx::query(
        "select distinct on (calendar_id) calendar_id, text from calendar order by calendar_id, number desc",
    )
    .fetch_all(db.reader())
    .await?;
    let usual = Law { calendar: "es.madrid".to_owned(), department_calendars: BTreeMap::new() };
    let law = law.unwrap_or(&usual);
    let mut calendars = Vec::new();
    for row in rows {
        let (id, text): (String, String) = (row.try_get("calendar_id")?, row.try_get("text")?);
        if let Ok(calendar) = Calendar::parse(&text) {
            let used = law.calendar == id || law.department_calendars.values().any(|named| *named == id);
            calendars.push(Holidays { calendar: id, last_year: calendar.last_year, taken: calendar.data_date, used });
        }
    }
    Ok(calendars)
}

/// The civil day on which dates are judged, in the house's usual zone.
pub fn today(at: Timestamp) -> jiff::civil::Date {
    at.to_zoned(jiff::tz::TimeZone::UTC).date()
}
