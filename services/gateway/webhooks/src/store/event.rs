//! What may be told, and whose it is.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::envelope::Event;

/// A row of `event`.
pub(super) struct Row {
    pub number: i64,
    pub event_id: Uuid,
    pub source: String,
    pub position: Option<i64>,
    pub event_type: String,
    pub message: String,
    pub subject: String,
    pub affair: String,
    pub department: Option<String>,
    pub occurred_at: jiff_sqlx::Timestamp,
    pub traceparent: String,
    pub payload: Vec<u8>,
}

impl From<Row> for Event {
    fn from(row: Row) -> Self {
        Self {
            number: row.number,
            id: row.event_id,
            source: row.source,
            position: row.position,
            event_type: row.event_type,
            message: row.message,
            subject: row.subject,
            affair: row.affair,
            department: row.department,
            occurred_at: row.occurred_at.to_jiff(),
            traceparent: row.traceparent,
            payload: row.payload,
        }
    }
}

/// Keeps an event, to be spread.
#[tracing::instrument(name = "db.event.insert", skip_all)]
pub async fn insert(tx: &mut PgConnection, event: &Event, recorded_at: Timestamp) -> Result<(), StoreError> {
    put(tx, event, recorded_at, None).await.map(|_| ())
}

/// Keeps an event that is spread already; answers its number.
#[tracing::instrument(name = "db.event.insert_spread", skip_all)]
pub async fn insert_spread(tx: &mut PgConnection, event: &Event, now: Timestamp) -> Result<i64, StoreError> {
    put(tx, event, now, Some(now)).await
}

async fn put(
    tx: &mut PgConnection,
    event: &Event,
    recorded_at: Timestamp,
    spread_at: Option<Timestamp>,
) -> Result<i64, StoreError> {
    // Numbers are given one after the other and seen in that order: four followers write at once, and an event that is seen
    // before an earlier one of its affair would be told before it.
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('webhooks events', 0))").execute(&mut *tx).await?;
    let number = sqlx::query_scalar!(
        "insert into webhooks.event (event_id, source, position, event_type, message, subject, affair, department,
                                     occurred_at, recorded_at, traceparent, payload, spread_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) returning number",
        event.id,
        event.source,
        event.position,
        event.event_type,
        event.message,
        event.subject,
        event.affair,
        event.department,
        event.occurred_at.to_sqlx() as _,
        recorded_at.to_sqlx() as _,
        event.traceparent,
        event.payload,
        spread_at.map(|at| at.to_sqlx()) as _,
    )
    .fetch_one(tx)
    .await?;
    Ok(number)
}

/// Which department has an affair from now on.
#[tracing::instrument(name = "db.affair.put", skip_all)]
pub async fn put_affair(tx: &mut PgConnection, affair: &str, department: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into webhooks.affair (affair, department) values ($1, $2)
         on conflict on constraint affair_pkey do update set department = excluded.department
         where webhooks.affair.department is distinct from excluded.department",
        affair,
        department,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Which affair a case is about.
#[tracing::instrument(name = "db.affair.put_case", skip_all)]
pub async fn put_case(tx: &mut PgConnection, case: &str, ticket: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into webhooks.affair (affair, ticket) values ($1, $2) on conflict on constraint affair_pkey do nothing",
        case,
        ticket,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The affair a case is about.
#[tracing::instrument(name = "db.affair.ticket_of", skip_all)]
pub async fn ticket_of(tx: &mut PgConnection, case: &str) -> Result<Option<String>, StoreError> {
    let found = sqlx::query_scalar!("select ticket from webhooks.affair where affair = $1", case);
    Ok(found.fetch_optional(tx).await?.flatten())
}

/// An event that is not spread yet.
#[derive(Debug)]
pub struct Unspread {
    /// Its position.
    pub number: i64,
    /// Its type.
    pub event_type: String,
    /// Its affair.
    pub affair: String,
    /// The department it names, or that has its affair.
    pub department: Option<String>,
}

/// Whether an event is not spread yet.
#[tracing::instrument(name = "db.event.any_unspread", level = "debug", skip_all)]
pub async fn any_unspread(pool: &PgPool) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(r#"select exists (select from webhooks.event where spread_at is null) as "any!""#);
    Ok(found.fetch_one(pool).await?)
}

/// The first events that are not spread, in their order; but none of an affair that nobody told of, unless all is heard of
/// who would have when it was written down.
#[tracing::instrument(name = "db.event.unspread", skip_all)]
pub async fn unspread(
    tx: &mut PgConnection,
    heard: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<Unspread>, StoreError> {
    let rows = sqlx::query!(
        r#"select e.number, e.event_type, e.affair, coalesce(e.department, a.department) as department
           from webhooks.event e left join webhooks.affair a on a.affair = e.affair
           where e.spread_at is null
             and (e.department is not null or a.department is not null or e.recorded_at <= $1
                  or not (starts_with(e.affair, 'tickets/') or starts_with(e.affair, 'cases/')))
           order by e.number limit $2"#,
        heard.map(|at| at.to_sqlx()) as _,
        limit,
    )
    .fetch_all(tx)
    .await?;
    let read = rows.into_iter().map(|row| Unspread {
        number: row.number,
        event_type: row.event_type,
        affair: row.affair,
        department: row.department,
    });
    Ok(read.collect())
}

/// Those of these events of which no department is known.
#[tracing::instrument(name = "db.event.without_department", skip_all)]
pub async fn without_department(tx: &mut PgConnection, numbers: &[i64]) -> Result<HashSet<i64>, StoreError> {
    let found: Vec<i64> =
        sqlx::query_scalar("select number from webhooks.event where number = any($1) and department is null")
            .bind(numbers)
            .fetch_all(tx)
            .await?;
    Ok(found.into_iter().collect())
}

/// Notes that these were spread, and whose they were.
#[tracing::instrument(name = "db.event.spread", skip_all)]
pub async fn spread(
    tx: &mut PgConnection,
    numbers: &[i64],
    departments: &[Option<String>],
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update webhooks.event e set spread_at = $3, department = s.department
         from unnest($1::bigint[], $2::text[]) s (number, department) where e.number = s.number",
        numbers,
        departments as &[Option<String>],
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The last position there is; 0 when there is none.
#[tracing::instrument(name = "db.event.head", skip_all)]
pub async fn head(tx: &mut PgConnection) -> Result<i64, StoreError> {
    let head = sqlx::query_scalar!(r#"select coalesce(max(number), 0) as "head!" from webhooks.event"#);
    Ok(head.fetch_one(tx).await?)
}

/// The event at a position.
#[tracing::instrument(name = "db.event.get", skip_all)]
pub async fn get(pool: &PgPool, number: i64) -> Result<Option<Event>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select number, event_id, source, position, event_type, message, subject, affair, department, occurred_at,
                traceparent, payload
         from webhooks.event where number = $1",
        number,
    );
    Ok(row.fetch_optional(pool).await?.map(Event::from))
}
