//! What a database holds, as one line a table: two fingerprints differ where something was written.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::{AssertSqlSafe, PgPool};

use super::services::Service;

/// Rows and a digest of their contents, by table.
pub type Fingerprint = BTreeMap<String, String>;

/// Entries that a refused call is meant to leave.
const DENIALS: &str = "ventanilla.auth.v1.AccessDenied";

/// Takes the fingerprint of all schemas. Left out is only what moves by itself or by the
/// recording of denials: the followers' cursors, the ledger's head, the words that are read from it, and the
/// entries of denials.
///
/// # Errors
/// When the database cannot be read.
pub async fn take(admin: &PgPool) -> sqlx::Result<Fingerprint> {
    let schemas: Vec<&str> = Service::ALL.iter().map(|service| service.schema()).collect();
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select table_schema::text, table_name::text from information_schema.tables
         where table_schema = any($1) and table_type = 'BASE TABLE'
           and table_name not in ('ledger_cursor', 'ledger_head', 'schema_migration', 'ticket_words', 'ticket_words_cursor')
           and table_name not like 'board\\_%' and table_name not like 'ledger\\_from\\_%'",
    )
    .bind(&schemas)
    .fetch_all(admin)
    .await?;
    let mut found = Fingerprint::new();
    for (schema, table) in tables {
        let told = if matches!(table.as_str(), "ledger" | "ledger_inbox") {
            format!("where type <> '{DENIALS}'")
        } else {
            String::new()
        };
        let statement = format!(
            "select count(*) || ' rows, ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), 'empty')
             from {schema}.{table} t {told}"
        );
        let line = sqlx::query_scalar(AssertSqlSafe(statement)).fetch_one(admin).await?;
        found.insert(format!("{schema}.{table}"), line);
    }
    Ok(found)
}

/// Tables in which two fingerprints differ.
pub fn differences(before: &Fingerprint, after: &Fingerprint) -> Vec<String> {
    let tables: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let line = |of: &Fingerprint, table: &String| of.get(table).cloned().unwrap_or_else(|| "absent".to_owned());
    tables
        .into_iter()
        .filter(|table| before.get(*table) != after.get(*table))
        .map(|table| format!("{table}: {} -> {}", line(before, table), line(after, table)))
        .collect()
}

/// Denials in the ledger of a service, sequenced or not.
///
/// # Errors
/// When the database cannot be read.
pub async fn denials(admin: &PgPool, service: Service) -> sqlx::Result<i64> {
    let schema = service.schema();
    let statement = format!(
        "select (select count(*) from {schema}.ledger where type = $1)
              + (select count(*) from {schema}.ledger_inbox where type = $1)"
    );
    sqlx::query_scalar(AssertSqlSafe(statement)).bind(DENIALS).fetch_one(admin).await
}

/// Waits until nothing moves any more: every record is compared with what it shares a key with, every inbox is
/// sequenced, every follower is at its source's head, nothing is parked. All of it is asked in one statement, so that it is
/// so at one instant: looked at one after the other, an entry can slip from what is not looked at yet to what was.
///
/// # Panics
/// When that is not so within `limit`; the message says what still moves.
pub async fn settled(admin: &PgPool, limit: Duration) {
    let mut asked = vec![
        "select 'records to compare: ' || count(*) from customer_profile.source_record
         where keyed_by is null or compared_by is null having count(*) > 0"
            .to_owned(),
    ];
    for service in Service::ALL {
        let schema = service.schema();
        asked.push(format!("select '{schema}: inbox ' || count(*) from {schema}.ledger_inbox having count(*) > 0"));
        asked.push(format!(
            "select '{schema}: parked ' || source || ' ' || position || ': ' || reason from {schema}.ledger_parked"
        ));
        // Each follows the three others of the four, and webhooks all four; one that has not begun yet has no cursor.
        for source in Service::HOLDERS.into_iter().filter(|source| *source != service) {
            let (name, ledger) = (source.name(), source.schema());
            asked.push(format!(
                "select '{schema} follows {name}: ' || coalesce(c.position, 0) || ' of ' || h.position
                 from {ledger}.ledger_head h left join {schema}.ledger_cursor c on c.source = '{name}'
                 where coalesce(c.position, 0) <> h.position"
            ));
        }
    }
    asked.push(
        "select 'events to spread: ' || count(*) from webhooks.event where spread_at is null having count(*) > 0"
            .to_owned(),
    );
    asked.push(
        "select 'customers to ask about: ' || count(*) from sla_monitor.affair
         where not asked and customer_id is not null having count(*) > 0"
            .to_owned(),
    );
    let asked = asked.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" union all ");
    testkit::eventually(limit, || async {
        let moving: Vec<String> = sqlx::query_scalar(AssertSqlSafe(asked.clone())).fetch_all(admin).await?;
        if moving.is_empty() { Ok(()) } else { Err(sqlx::Error::Protocol(moving.join("; "))) }
    })
    .await;
}
