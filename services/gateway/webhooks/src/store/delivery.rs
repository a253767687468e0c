//! Deliveries.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use kernel::{Department, ResourceId as _};
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use webhooks_domain::SubscriptionId;
use webhooks_domain::pattern::Filter;

use super::{instant, lane};
use crate::names::DeliveryName;

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not there yet.
    Waiting,
    /// Taken.
    Delivered,
    /// Given up.
    Dead,
}

impl State {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Dead].into_iter().find(|state| state.as_str() == word)
    }
}

/// A delivery as it is shown.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its name.
    pub name: DeliveryName,
    /// Whose subscription it is.
    pub department: String,
    /// Position of the event.
    pub number: i64,
    /// Id of the event.
    pub event_id: Uuid,
    /// Its type.
    pub event_type: String,
    /// Its ledger.
    pub source: String,
    /// What it is about.
    pub subject: String,
    /// Its affair.
    pub affair: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// How far it is.
    pub state: State,
    /// Attempts since it was asked for last.
    pub attempts: i32,
    /// When it was asked for first.
    pub created_at: Timestamp,
    /// When it was tried last.
    pub last_attempt_at: Option<Timestamp>,
    /// When its affair is tried again.
    pub next_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Status of the last attempt.
    pub last_status: Option<i32>,
    /// What became of the last attempt.
    pub last_outcome: Option<String>,
    /// How long the last attempt took.
    pub last_duration: Option<SignedDuration>,
}

struct Row {
    delivery_id: Uuid,
    subscription_id: Uuid,
    owner: String,
    number: i64,
    event_id: Uuid,
    event_type: String,
    source: String,
    subject: String,
    affair: String,
    occurred_at: jiff_sqlx::Timestamp,
    state: String,
    attempts: i32,
    created_at: jiff_sqlx::Timestamp,
    last_attempt_at: Option<jiff_sqlx::Timestamp>,
    next_at: Option<jiff_sqlx::Timestamp>,
    ended_at: Option<jiff_sqlx::Timestamp>,
    last_status: Option<i32>,
    last_outcome: Option<String>,
    last_duration_ms: Option<i32>,
}

impl TryFrom<Row> for Shown {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let subscription = SubscriptionId::from_uuid(row.subscription_id);
        let state = State::of(&row.state);
        let state = state.ok_or_else(|| StoreError::corrupt("delivery", "state", row.delivery_id))?;
        Ok(Self {
            name: DeliveryName { subscription, delivery: row.delivery_id },
            department: row.owner,
            number: row.number,
            event_id: row.event_id,
            event_type: row.event_type,
            source: row.source,
            subject: row.subject,
            affair: row.affair,
            occurred_at: row.occurred_at.to_jiff(),
            state,
            attempts: row.attempts,
            created_at: row.created_at.to_jiff(),
            last_attempt_at: instant(row.last_attempt_at),
            next_at: instant(row.next_at).filter(|_| state == State::Waiting),
            ended_at: instant(row.ended_at),
            last_status: row.last_status,
            last_outcome: row.last_outcome,
            last_duration: row.last_duration_ms.map(|ms| SignedDuration::from_millis(ms.into())),
        })
    }
}

/// One delivery.
#[tracing::instrument(name = "db.delivery.get", skip_all)]
pub async fn get(connection: &mut PgConnection, name: DeliveryName) -> Result<Option<Shown>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select d.delivery_id, d.subscription_id, s.department as owner, d.number, e.event_id, e.event_type, e.source,
                  e.subject, d.affair, e.occurred_at, d.state, d.attempts, d.created_at, d.last_attempt_at,
                  l.next_at as "next_at?", d.ended_at, d.last_status, d.last_outcome, d.last_duration_ms
           from webhooks.delivery d
           join webhooks.event e on e.number = d.number
           join webhooks.subscription s on s.subscription_id = d.subscription_id
           left join webhooks.lane l on l.subscription_id = d.subscription_id and l.affair = d.affair
           where d.delivery_id = $1 and d.subscription_id = $2"#,
        name.delivery,
        name.subscription.uuid(),
    );
    row.fetch_optional(connection).await?.map(Shown::try_from).transpose()
}

/// Which deliveries of a subscription are asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// In this state.
    pub state: Option<State>,
    /// Of whose last attempt this became.
    pub last_outcome: Option<&'static str>,
    /// Whose last attempt was answered with a status of this class.
    pub last_status_class: Option<i32>,
    /// Before this position.
    pub before: Option<i64>,
}

/// Deliveries of a subscription, the newest event first.
#[tracing::instrument(name = "db.delivery.list", skip_all)]
pub async fn list(pool: &PgPool, of: SubscriptionId, asked: Asked, limit: i64) -> Result<Vec<Shown>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select d.delivery_id, d.subscription_id, s.department as owner, d.number, e.event_id, e.event_type, e.source,
                  e.subject, d.affair, e.occurred_at, d.state, d.attempts, d.created_at, d.last_attempt_at,
                  l.next_at as "next_at?", d.ended_at, d.last_status, d.last_outcome, d.last_duration_ms
           from webhooks.delivery d
           join webhooks.event e on e.number = d.number
           join webhooks.subscription s on s.subscription_id = d.subscription_id
           left join webhooks.lane l on l.subscription_id = d.subscription_id and l.affair = d.affair
           where d.subscription_id = $1 and ($2::text is null or d.state = $2) and ($3::bigint is null or d.number < $3)
             and ($4::text is null or d.last_outcome = $4) and ($5::integer is null or d.last_status / 100 = $5)
           order by d.number desc limit $6"#,
        of.uuid(),
        asked.state.map(State::as_str),
        asked.before,
        asked.last_outcome,
        asked.last_status_class,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Shown::try_from).collect()
}

/// An attempt to make a delivery.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When it ended.
    pub ended_at: Timestamp,
    /// How long it took.
    pub duration: SignedDuration,
    /// Status of the answer.
    pub status: Option<i32>,
    /// What became of it.
    pub outcome: String,
}

/// The last attempts to make a delivery, the newest first.
#[tracing::instrument(name = "db.delivery.attempts", skip_all)]
pub async fn attempts(connection: &mut PgConnection, of: Uuid, limit: i64) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query!(
        "select ended_at, duration_ms, status, outcome from webhooks.attempt where delivery_id = $1 order by number desc limit $2",
        of,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| Attempt {
        ended_at: row.ended_at.to_jiff(),
        duration: SignedDuration::from_millis(row.duration_ms.into()),
        status: row.status,
        outcome: row.outcome,
    });
    Ok(read.collect())
}

/// What was given up, of the subscriptions of a department or of all, the newest event first.
#[tracing::instrument(name = "db.delivery.dead", skip_all)]
pub async fn dead(
    pool: &PgPool,
    department: Option<&Department>,
    before: Option<(i64, Uuid)>,
    limit: i64,
) -> Result<Vec<Shown>, StoreError> {
    let (number, id) = before.unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select d.delivery_id, d.subscription_id, s.department as owner, d.number, e.event_id, e.event_type, e.source,
                  e.subject, d.affair, e.occurred_at, d.state, d.attempts, d.created_at, d.last_attempt_at,
                  null::timestamptz as "next_at?", d.ended_at, d.last_status, d.last_outcome, d.last_duration_ms
           from webhooks.delivery d
           join webhooks.event e on e.number = d.number
           join webhooks.subscription s on s.subscription_id = d.subscription_id
           where d.state = 'dead' and ($1::text is null or s.department = $1)
             and ($2::bigint is null or (d.number, d.subscription_id) < ($2, $3::uuid))
           order by d.number desc, d.subscription_id desc limit $4"#,
        department.map(Department::as_str),
        number,
        id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Shown::try_from).collect()
}

/// How many wait, and how many were given up.
#[tracing::instrument(name = "db.delivery.counts", skip_all)]
pub async fn counts(connection: &mut PgConnection, of: SubscriptionId) -> Result<(i64, i64), StoreError> {
    let row = sqlx::query!(
        r#"select (select count(*) from webhooks.delivery where subscription_id = $1 and state = 'waiting') as "waiting!",
                  (select count(*) from webhooks.delivery where subscription_id = $1 and state = 'dead') as "dead!""#,
        of.uuid(),
    )
    .fetch_one(connection)
    .await?;
    Ok((row.waiting, row.dead))
}

/// What is left to do.
#[derive(Debug, Clone, Copy)]
pub struct Backlog {
    /// Deliveries that wait for a subscription that is told.
    pub waiting: i64,
    /// Deliveries that wait for one that is not.
    pub paused: i64,
    /// Deliveries that were given up.
    pub dead: i64,
    /// Events of which nobody was told.
    pub unspread: i64,
    /// When the oldest of those that wait for a subscription that is told was asked for.
    pub oldest: Option<Timestamp>,
}

/// What is left to do.
#[tracing::instrument(name = "db.delivery.backlog", skip_all)]
pub async fn backlog(pool: &PgPool) -> Result<Backlog, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where s.state = 'active') as "waiting!",
                  count(*) filter (where s.state <> 'active') as "paused!",
                  min(d.asked_at) filter (where s.state = 'active') as oldest,
                  (select count(*) from webhooks.delivery where state = 'dead') as "dead!",
                  (select count(*) from webhooks.unspread)
                      + (select count(*) from webhooks.event where spread_at is null) as "unspread!"
           from webhooks.delivery d join webhooks.subscription s on s.subscription_id = d.subscription_id
           where d.state = 'waiting'"#
    )
    .fetch_one(pool)
    .await?;
    Ok(Backlog {
        waiting: row.waiting,
        paused: row.paused,
        dead: row.dead,
        unspread: row.unspread,
        oldest: instant(row.oldest),
    })
}

/// Nobody else spreads, replays or deletes until this transaction ends: each touches the lanes of many affairs, in an order of its own.
#[tracing::instrument(name = "db.delivery.lock_spreading", skip_all)]
pub async fn lock_spreading(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('webhooks spread', 0)) as locked")
        .fetch_one(tx)
        .await?;
    Ok(())
}

/// Events that wait for subscriptions, column by column.
#[derive(Debug, Default)]
pub struct New {
    /// Ids of the deliveries.
    pub ids: Vec<Uuid>,
    /// Subscriptions.
    pub subscriptions: Vec<Uuid>,
    /// Positions of the events.
    pub numbers: Vec<i64>,
    /// Affairs.
    pub affairs: Vec<String>,
}

/// Lets these wait, and the affairs they belong to be looked at. What waits already goes on as it was; what ended before waits anew.
#[tracing::instrument(name = "db.delivery.put_waiting", skip_all)]
pub async fn put_waiting(tx: &mut PgConnection, new: &New, now: Timestamp) -> Result<(), StoreError> {
    lane::open(tx, &new.subscriptions, &new.affairs, now).await?;
    sqlx::query!(
        "insert into webhooks.delivery as d (delivery_id, subscription_id, number, affair, state, created_at, asked_at)
         select id, subscription_id, number, affair, 'waiting', $5, $5
         from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[]) n (id, subscription_id, number, affair)
         on conflict on constraint delivery_once_key do update
             set state = 'waiting', attempts = 0, asked_at = excluded.asked_at, ended_at = null
             where d.state <> 'waiting'",
        &new.ids,
        &new.subscriptions,
        &new.numbers,
        &new.affairs,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Events from a position on that fit, which were spread before: positions and affairs, in order.
#[tracing::instrument(name = "db.delivery.that_fit", skip_all)]
pub async fn that_fit(
    tx: &mut PgConnection,
    filter: &Filter,
    (from, to): (i64, i64),
    since: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<(i64, String)>, StoreError> {
    let patterns: Vec<String> =
        filter.patterns.iter().map(|p| p.as_str().replace('_', "\\_").replace('*', "%")).collect();
    let departments: Vec<String> = filter.departments.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        "select number, affair from webhooks.event
         where number between $1 and $2 and spread_at is not null and source <> 'webhooks'
           and not exists (select from webhooks.unspread u where u.number = event.number)
           and ($3::timestamptz is null or occurred_at >= $3) and event_type like any($4::text[])
           and (department is null or cardinality($5::text[]) = 0 or department = any($5))
         order by number limit $6",
        from,
        to,
        since.map(|at| at.to_sqlx()) as _,
        &patterns,
        &departments,
        limit,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.number, row.affair)).collect())
}

/// What waits for a subscription waits as if it had been asked for now: what was tried before counts no more.
#[tracing::instrument(name = "db.delivery.wait_anew", skip_all)]
pub async fn wait_anew(tx: &mut PgConnection, of: SubscriptionId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query(
        "update webhooks.delivery set asked_at = $2, attempts = 0 where subscription_id = $1 and state = 'waiting'",
    )
    .bind(of.uuid())
    .bind(now.to_sqlx())
    .execute(tx)
    .await?;
    Ok(())
}

/// Forgets deliveries that were taken before an instant, some at a time; answers how many.
#[tracing::instrument(name = "db.delivery.forget", skip_all)]
pub async fn forget(pool: &PgPool, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "delete from webhooks.delivery where delivery_id = any(array(
             select delivery_id from webhooks.delivery where state = 'delivered' and ended_at < $1 order by ended_at limit $2
             for update skip locked))",
        before.to_sqlx() as _,
        limit,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}
