//! What may be told, and whose it is.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use webhooks_domain::affair::{Moment, has_department};

use super::affair::Tenures;
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

/// Events to be kept, column by column.
#[derive(Debug, Default)]
pub struct New {
    ids: Vec<Uuid>,
    sources: Vec<String>,
    positions: Vec<Option<i64>>,
    event_types: Vec<String>,
    messages: Vec<String>,
    subjects: Vec<String>,
    affairs: Vec<String>,
    departments: Vec<Option<String>>,
    occurred_at: Vec<Timestamp>,
    recorded_at: Vec<Timestamp>,
    traceparents: Vec<String>,
    payloads: Vec<Vec<u8>>,
}

impl New {
    /// With this event behind those there are.
    pub fn push(&mut self, event: Event, recorded_at: Timestamp) {
        self.ids.push(event.id);
        self.sources.push(event.source);
        self.positions.push(event.position);
        self.event_types.push(event.event_type);
        self.messages.push(event.message);
        self.subjects.push(event.subject);
        self.affairs.push(event.affair);
        self.departments.push(event.department);
        self.occurred_at.push(event.occurred_at);
        self.recorded_at.push(recorded_at);
        self.traceparents.push(event.traceparent);
        self.payloads.push(event.payload);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whose affairs are by what these say, when they are ticketing's.
    pub fn tenures(&self) -> Tenures {
        let mut tenures = Tenures::default();
        let places = self.affairs.iter().zip(&self.positions).zip(self.departments.iter().zip(&self.occurred_at));
        for ((affair, position), (department, occurred_at)) in places {
            if let (Some(position), Some(department)) = (position, department)
                && has_department(affair)
            {
                tenures.affairs.push(affair.clone());
                tenures.positions.push(*position);
                tenures.occurred_at.push(*occurred_at);
                tenures.departments.push(department.clone());
            }
        }
        tenures
    }
}

/// Nobody else keeps an event until this transaction ends. Numbers are given one after the other and seen in that order: four followers
/// write at once, and an event that is seen before an earlier one of its affair would be told before it.
#[tracing::instrument(name = "db.event.lock", skip_all)]
pub async fn lock(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('webhooks events', 0)) as locked")
        .fetch_one(tx)
        .await?;
    Ok(())
}

/// Keeps events in their order, to be spread.
#[tracing::instrument(name = "db.event.insert", skip_all)]
pub async fn insert(tx: &mut PgConnection, new: &New) -> Result<(), StoreError> {
    put(tx, new, true).await.map(|_| ())
}

/// Keeps an event that is spread already; answers its number.
#[tracing::instrument(name = "db.event.insert_spread", skip_all)]
pub async fn insert_spread(tx: &mut PgConnection, event: Event, now: Timestamp) -> Result<i64, StoreError> {
    let mut new = New::default();
    new.push(event, now);
    put(tx, &new, false).await?.pop().ok_or_else(|| StoreError::corrupt("event", "number", now))
}

/// Takes the lock of [`lock`] in the same round trip: no number is given before it is held.
async fn put(tx: &mut PgConnection, new: &New, to_be_spread: bool) -> Result<Vec<i64>, StoreError> {
    let instants = |times: &[Timestamp]| times.iter().map(|at| at.to_sqlx()).collect::<Vec<_>>();
    let numbers = sqlx::query_scalar!(
        r#"with held as materialized (select pg_advisory_xact_lock(hashtextextended('webhooks events', 0))),
              kept as (
                  insert into webhooks.event (event_id, source, position, event_type, message, subject, affair, department,
                                              occurred_at, recorded_at, traceparent, payload, spread_at)
                  select event_id, source, position, event_type, message, subject, affair, department,
                         occurred_at, recorded_at, traceparent, payload, recorded_at
                  from held, unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
                                    $8::text[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::bytea[]) with ordinality
                             n (event_id, source, position, event_type, message, subject, affair, department,
                                occurred_at, recorded_at, traceparent, payload, place)
                  order by place returning *),
              waits as (
                  insert into webhooks.unspread (number, event_type, affair, department, position, occurred_at)
                  select number, event_type, affair, department, case source when 'ticketing' then position end, occurred_at
                  from kept where $13)
           select number as "number!" from kept order by number"#,
        &new.ids,
        &new.sources,
        &new.positions as &[Option<i64>],
        &new.event_types,
        &new.messages,
        &new.subjects,
        &new.affairs,
        &new.departments as &[Option<String>],
        &instants(&new.occurred_at) as _,
        &instants(&new.recorded_at) as _,
        &new.traceparents,
        &new.payloads,
        to_be_spread,
    )
    .fetch_all(tx)
    .await?;
    Ok(numbers)
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
    /// The department it names.
    pub department: Option<String>,
    /// When it happened to its affair.
    pub moment: Moment,
}

/// Up to which event all was heard of those who tell whose affairs are.
#[derive(Debug, Clone, Copy)]
pub struct Reached {
    /// Of ticketing, which tells whose a ticket is.
    pub ticketing: i64,
    /// Of the office, which tells what a case is about.
    pub office: i64,
}

/// What is not spread and may wait to be told whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// Something of a ticket does.
    pub of_tickets: bool,
    /// Something of a case does.
    pub of_cases: bool,
    /// The newest event there is.
    pub newest: i64,
}

/// Whether an event is not spread yet.
#[tracing::instrument(name = "db.event.any_unspread", level = "debug", skip_all)]
pub async fn any_unspread(pool: &PgPool) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from webhooks.unspread) or exists (select from webhooks.event where spread_at is null) as "any!""#
    );
    Ok(found.fetch_one(pool).await?)
}

/// Puts among what is to be spread what a binary kept that knew no such place; whether there was any.
#[tracing::instrument(name = "db.event.adopt", skip_all)]
pub async fn adopt(tx: &mut PgConnection) -> Result<bool, StoreError> {
    let adopted = sqlx::query!(
        "with kept as (update webhooks.event set spread_at = recorded_at where spread_at is null returning *)
         insert into webhooks.unspread (number, event_type, affair, department, position, occurred_at)
         select number, event_type, affair, department, case source when 'ticketing' then position end, occurred_at from kept"
    )
    .execute(tx)
    .await?;
    Ok(adopted.rows_affected() > 0)
}

/// What may wait to be told whose it is.
#[tracing::instrument(name = "db.event.waiting", level = "debug", skip_all)]
pub async fn waiting(pool: &PgPool) -> Result<Waiting, StoreError> {
    let found = sqlx::query!(
        r#"select coalesce(bool_or(starts_with(affair, 'tickets/')), false) as "of_tickets!",
                  coalesce(bool_or(starts_with(affair, 'cases/')), false) as "of_cases!",
                  coalesce((select max(number) from webhooks.event), 0) as "newest!"
           from webhooks.unspread where department is null and position is null"#
    );
    let row = found.fetch_one(pool).await?;
    Ok(Waiting { of_tickets: row.of_tickets, of_cases: row.of_cases, newest: row.newest })
}

/// The first events that are not spread, in their order, but for those that wait. One waits that names no department, and whose affair
/// may have been another's by word that was not heard yet; and with it whatever is behind it of its affair. Ticketing's own entries
/// say nothing that its ledger did not say before.
#[tracing::instrument(name = "db.event.unspread", skip_all)]
pub async fn unspread(tx: &mut PgConnection, reached: Reached, limit: i64) -> Result<Vec<Unspread>, StoreError> {
    // An event that is being given its place in another affair is not waited for: it comes behind all of this.
    let rows = sqlx::query!(
        "select e.number, e.event_type, e.affair, e.department, e.occurred_at, e.position
         from webhooks.unspread e
         where not exists (
               select from webhooks.unspread w
               where w.affair = e.affair and w.number <= e.number and w.department is null and w.position is null
                 and (starts_with(w.affair, 'tickets/') and w.number > $1 or starts_with(w.affair, 'cases/') and w.number > $2))
         order by e.number limit $3 for update of e skip locked",
        reached.ticketing,
        reached.office,
        limit,
    )
    .fetch_all(tx)
    .await?;
    let read = rows.into_iter().map(|row| Unspread {
        number: row.number,
        event_type: row.event_type,
        affair: row.affair,
        department: row.department,
        moment: row.position.map_or(Moment::When(row.occurred_at.to_jiff()), Moment::At),
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

/// Notes that these were spread, and whose they were where they named nobody themselves.
#[tracing::instrument(name = "db.event.spread", skip_all)]
pub async fn spread(tx: &mut PgConnection, numbers: &[i64], departments: &[Option<String>]) -> Result<(), StoreError> {
    sqlx::query!(
        "with spread as (
             delete from webhooks.unspread where number = any($1) returning number, department)
         update webhooks.event e set department = s.department
         from unnest($1::bigint[], $2::text[]) s (number, department) join spread using (number)
         where e.number = s.number and spread.department is null and s.department is not null",
        numbers,
        departments as &[Option<String>],
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
