//! Lanes: affairs of which something waits, and who sends it.

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;
use webhooks_domain::SubscriptionId;
use webhooks_domain::pace::Outcome;

use super::delivery::State;
use super::event;
use crate::envelope::Event;

/// A lane that somebody holds.
#[derive(Debug, Clone)]
pub struct Lane {
    /// Whose.
    pub subscription: SubscriptionId,
    /// Which affair.
    pub affair: String,
    /// The lease.
    pub lease: Uuid,
}

/// Opens these lanes where they are not, and holds them all until the transaction ends: one that is there is written to though nothing
/// changes in it, which waits for whoever is about to take it away because nothing waited when they looked.
#[tracing::instrument(name = "db.lane.open", skip_all)]
pub async fn open(
    tx: &mut PgConnection,
    subscriptions: &[Uuid],
    affairs: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into webhooks.lane as l (subscription_id, affair, next_at)
         select distinct subscription_id, affair, $3::timestamptz from unnest($1::uuid[], $2::text[]) n (subscription_id, affair)
         order by subscription_id, affair
         on conflict on constraint lane_pkey do update set next_at = l.next_at",
        subscriptions,
        affairs,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Holds all lanes of a subscription until the transaction ends.
#[tracing::instrument(name = "db.lane.lock_all", skip_all)]
pub async fn lock_all(tx: &mut PgConnection, of: SubscriptionId) -> Result<(), StoreError> {
    let lanes = sqlx::query_scalar!(
        "select affair from webhooks.lane where subscription_id = $1 order by affair for update",
        of.uuid(),
    );
    lanes.fetch_all(tx).await?;
    Ok(())
}

/// Subscriptions of which a lane is due, and how many failures their endpoints had in a row. They are locked, so that two
/// processes together take no more lanes than one may.
#[tracing::instrument(name = "db.lane.due", level = "debug", skip_all)]
pub async fn due(tx: &mut PgConnection, now: Timestamp) -> Result<Vec<(SubscriptionId, u32)>, StoreError> {
    let rows = sqlx::query!(
        "select s.subscription_id, s.failures from webhooks.subscription s
         where s.state = 'active' and (s.rest_until is null or s.rest_until <= $1)
           and exists (select from webhooks.lane l
                       where l.subscription_id = s.subscription_id and l.next_at <= $1
                         and (l.leased_until is null or l.leased_until <= now()))
         for no key update skip locked",
        now.to_sqlx() as _,
    )
    .fetch_all(tx)
    .await?;
    let read = |id, failures| (SubscriptionId::from_uuid(id), u32::try_from(failures).unwrap_or(0));
    Ok(rows.into_iter().map(|row| read(row.subscription_id, row.failures)).collect())
}

/// Takes lanes of a subscription that are due, as long as no more than `most` are held together. Leases run by the database's time.
#[tracing::instrument(name = "db.lane.take", skip_all)]
pub async fn take(
    tx: &mut PgConnection,
    of: SubscriptionId,
    most: i64,
    now: Timestamp,
    (lease, lease_ms): (Uuid, f64),
) -> Result<Vec<Lane>, StoreError> {
    let rows = sqlx::query!(
        "with taken as (
             select affair from webhooks.lane
             where subscription_id = $1 and next_at <= $2 and (leased_until is null or leased_until <= now())
             order by next_at
             limit greatest(0, $3 - (select count(*) from webhooks.lane where subscription_id = $1 and leased_until > now()))
             for update skip locked)
         update webhooks.lane l set lease = $4, leased_until = now() + make_interval(secs => $5::float8 / 1000)
         from taken where l.subscription_id = $1 and l.affair = taken.affair
         returning l.affair",
        of.uuid(),
        now.to_sqlx() as _,
        most,
        lease,
        lease_ms,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| Lane { subscription: of, affair: row.affair, lease }).collect())
}

/// The first delivery that waits in a lane.
#[derive(Debug, Clone)]
pub struct First {
    /// Its id.
    pub delivery: Uuid,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// What it tells.
    pub event: Event,
}

/// What is to be sent next in a lane.
#[tracing::instrument(name = "db.lane.first", skip_all)]
pub async fn first(connection: &mut PgConnection, lane: &Lane) -> Result<Option<First>, StoreError> {
    let found = sqlx::query!(
        "select delivery_id, attempts, asked_at, number from webhooks.delivery
         where subscription_id = $1 and affair = $2 and state = 'waiting' order by number limit 1",
        lane.subscription.uuid(),
        lane.affair,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let row = sqlx::query_as!(
        event::Row,
        "select number, event_id, source, position, event_type, message, subject, affair, department, occurred_at,
                traceparent, payload
         from webhooks.event where number = $1",
        found.number,
    );
    let event = Event::from(row.fetch_one(connection).await?);
    let attempts = u32::try_from(found.attempts).unwrap_or(0);
    Ok(Some(First { delivery: found.delivery_id, attempts, asked_at: found.asked_at.to_jiff(), event }))
}

/// Whether the lane is held by this lease still; nobody else touches it until the transaction ends.
#[tracing::instrument(name = "db.lane.held", skip_all)]
pub async fn held(tx: &mut PgConnection, lane: &Lane) -> Result<bool, StoreError> {
    let found = sqlx::query!(
        "select 1 as held from webhooks.lane where subscription_id = $1 and affair = $2 and lease = $3 for update",
        lane.subscription.uuid(),
        lane.affair,
        lane.lease,
    );
    Ok(found.fetch_optional(tx).await?.is_some())
}

/// An attempt that was made.
#[derive(Debug, Clone, Copy)]
pub struct Made {
    /// What became of it.
    pub outcome: Outcome,
    /// How long it took.
    pub duration: SignedDuration,
    /// When it ended.
    pub ended_at: Timestamp,
}

/// Writes down an attempt.
#[tracing::instrument(name = "db.lane.attempted", skip_all)]
pub async fn attempted(tx: &mut PgConnection, delivery: Uuid, state: State, made: Made) -> Result<(), StoreError> {
    let ended = (state != State::Waiting).then(|| made.ended_at.to_sqlx());
    sqlx::query!(
        "with tried as (
             update webhooks.delivery
             set state = $2, attempts = attempts + 1, last_attempt_at = $3, last_status = $4, last_outcome = $5, ended_at = $6,
                 last_duration_ms = $7
             where delivery_id = $1 returning delivery_id)
         insert into webhooks.attempt (delivery_id, ended_at, duration_ms, status, outcome)
         select delivery_id, $3::timestamptz, $7::integer, $4::integer, $5::text from tried",
        delivery,
        state.as_str(),
        made.ended_at.to_sqlx() as _,
        made.outcome.status().map(i32::from),
        made.outcome.as_str(),
        ended as _,
        i32::try_from(made.duration.as_millis()).unwrap_or(i32::MAX),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Holds the lane for another attempt.
#[tracing::instrument(name = "db.lane.keep", skip_all)]
pub async fn keep(tx: &mut PgConnection, lane: &Lane, lease_ms: f64) -> Result<(), StoreError> {
    sqlx::query!(
        "update webhooks.lane set leased_until = now() + make_interval(secs => $3::float8 / 1000)
         where subscription_id = $1 and affair = $2",
        lane.subscription.uuid(),
        lane.affair,
        lease_ms,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Gives the lane back, to be looked at again at an instant.
#[tracing::instrument(name = "db.lane.give_back", skip_all)]
pub async fn give_back(tx: &mut PgConnection, lane: &Lane, next: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update webhooks.lane set next_at = $4, lease = null, leased_until = null
         where subscription_id = $1 and affair = $2 and lease = $3",
        lane.subscription.uuid(),
        lane.affair,
        lane.lease,
        next.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Nothing waits in it any more.
#[tracing::instrument(name = "db.lane.end", skip_all)]
pub async fn end(tx: &mut PgConnection, lane: &Lane) -> Result<(), StoreError> {
    sqlx::query!(
        "delete from webhooks.lane where subscription_id = $1 and affair = $2",
        lane.subscription.uuid(),
        lane.affair,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The lane is looked at now, whatever pause it had.
#[tracing::instrument(name = "db.lane.hurry", skip_all)]
pub async fn hurry(tx: &mut PgConnection, of: SubscriptionId, affair: &str, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update webhooks.lane set next_at = least(next_at, $3) where subscription_id = $1 and affair = $2",
        of.uuid(),
        affair,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// All lanes of a subscription are looked at now: its endpoint is said to be there again.
#[tracing::instrument(name = "db.lane.hurry_all", skip_all)]
pub async fn hurry_all(tx: &mut PgConnection, of: SubscriptionId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update webhooks.lane set next_at = $2 where subscription_id = $1 and next_at > $2 and lease is null",
        of.uuid(),
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}
