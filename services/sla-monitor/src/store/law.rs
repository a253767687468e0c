//! What is kept of the law of the house: its policies and calendars in versions; and every version of those that ship.

use std::sync::Arc;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Actor, ActorKind};
use postgres::{Db, StoreError};
use prost::Message as _;
use sla_monitor_domain::{Calendar, Rule};
use sqlx::{PgConnection, PgExecutor, PgPool};
use ventanilla_proto::sla::v1 as proto;

use super::instant;
use super::shipped::{self, Shipped};
use crate::policy;

/// All that rules and calendars are at one revision, beside what this release ships.
#[derive(Debug)]
pub struct Kept {
    /// Which.
    pub revision: i64,
    /// Versions of policies that took effect or will.
    pub policies: Vec<Arc<Rule>>,
    /// Versions of calendars, each calendar's oldest first.
    pub calendars: Vec<Calendar>,
    /// Versions of the law that ships.
    pub shipped: Shipped,
}

/// Where a version of a policy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Holds for nothing yet.
    Draft,
    /// Holds for what is received in this span.
    Active {
        /// From when on.
        from: Timestamp,
        /// Until when, exclusive.
        until: Option<Timestamp>,
    },
}

/// A version of a policy.
#[derive(Debug, Clone)]
pub struct StoredPolicy {
    /// Id.
    pub id: String,
    /// Version, from 1.
    pub number: i32,
    /// Where it stands.
    pub stands: Stands,
    /// What was written, as the contract spells it.
    pub content: proto::Policy,
    /// Who wrote it.
    pub by: Actor,
    /// When it was written last.
    pub written: Timestamp,
    /// The etag.
    pub version: i64,
}

struct PolicyRow {
    policy_id: String,
    policy_version: i32,
    content: Vec<u8>,
    in_force_from: Option<jiff_sqlx::Timestamp>,
    in_force_until: Option<jiff_sqlx::Timestamp>,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    written_at: jiff_sqlx::Timestamp,
    version: i64,
}

impl TryFrom<PolicyRow> for StoredPolicy {
    type Error = StoreError;

    fn try_from(row: PolicyRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("policy", column, &row.policy_id);
        let stands = match (instant(row.in_force_from), instant(row.in_force_until)) {
            (Some(from), until) => Stands::Active { from, until },
            (None, _) => Stands::Draft,
        };
        Ok(Self {
            content: proto::Policy::decode(row.content.as_slice()).map_err(|_| corrupt("content"))?,
            by: Actor {
                kind: row.actor_kind.parse::<ActorKind>().map_err(|_| corrupt("actor_kind"))?,
                id: row.actor_id.clone(),
                department: match &row.actor_department {
                    Some(slug) => Some(slug.parse().map_err(|_| corrupt("actor_department"))?),
                    None => None,
                },
            },
            stands,
            number: row.policy_version,
            written: row.written_at.to_jiff(),
            version: row.version,
            id: row.policy_id,
        })
    }
}

/// Reads all policies that took effect or will, all calendars, and the law that ever shipped.
#[tracing::instrument(name = "db.law.load", skip_all)]
pub async fn load(connection: &mut PgConnection) -> Result<Kept, StoreError> {
    // The revision first: what is written in between is read again by whoever sees the next one.
    let revision =
        sqlx::query_scalar!("select revision from sla_monitor.law_revision").fetch_one(&mut *connection).await?;
    let rows = sqlx::query_as!(
        PolicyRow,
        r#"select policy_id, policy_version, content, in_force_from as "in_force_from: _", in_force_until as "in_force_until: _",
                  actor_kind, actor_id, actor_department, written_at as "written_at: _", version
           from sla_monitor.policy where state = 'active' order by policy_id, policy_version"#
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut policies = Vec::with_capacity(rows.len());
    for row in rows {
        let stored = StoredPolicy::try_from(row)?;
        policies
            .push(Arc::new(policy::rule(&stored).ok_or_else(|| StoreError::corrupt("policy", "content", &stored.id))?));
    }
    let rows = sqlx::query!("select calendar_id, text, changes from sla_monitor.calendar order by calendar_id, number")
        .fetch_all(&mut *connection)
        .await?;
    let mut calendars = Vec::with_capacity(rows.len());
    for row in rows {
        let corrupt = |column| StoreError::corrupt("calendar", column, &row.calendar_id);
        let mut calendar = Calendar::parse(&row.text).map_err(|_| corrupt("text"))?;
        if let Some(changes) = &row.changes {
            let changes = proto::HouseCalendar::decode(changes.as_slice()).map_err(|_| corrupt("changes"))?;
            changes.extends.strip_prefix("calendars/").unwrap_or_default().clone_into(&mut calendar.extends);
        }
        calendars.push(calendar);
    }
    let shipped = shipped::load(connection).await?;
    Ok(Kept { revision, policies, calendars, shipped })
}

/// Which change of policies and calendars is the last.
#[tracing::instrument(level = "debug", name = "db.law.revision", skip_all)]
pub async fn revision(executor: impl PgExecutor<'_>) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!("select revision from sla_monitor.law_revision").fetch_one(executor).await?)
}

/// The same for the rest of a transaction: who changes policies and calendars waits until it is over.
#[tracing::instrument(name = "db.law.revision_held", skip_all)]
pub async fn revision_held(tx: &mut PgConnection) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!("select revision from sla_monitor.law_revision for share").fetch_one(tx).await?)
}

/// Keeps the calendars that ship, each version once; answers the id of one whose version is kept with other content.
#[tracing::instrument(name = "db.law.remember", skip_all)]
pub async fn remember(db: &Db, calendars: &[&Calendar], now: Timestamp) -> Result<Option<String>, StoreError> {
    let ids: Vec<String> = calendars.iter().map(|c| c.id.clone()).collect();
    let versions: Vec<String> = calendars.iter().map(|c| c.version.clone()).collect();
    let texts: Vec<String> = calendars.iter().map(|c| c.text()).collect();
    let mut tx = db.tx().await?;
    let other = sqlx::query_scalar!(
        r#"with ships as (
               select * from unnest($1::text[], $2::text[], $3::text[]) as s(id, version, text)
           ), kept as (
               insert into sla_monitor.calendar (calendar_id, calendar_version, number, text, written_at)
               select id, version,
                      coalesce((select max(number) from sla_monitor.calendar c where c.calendar_id = s.id), 0) + 1, text, $4
               from ships s
               where not exists (select from sla_monitor.calendar c where c.calendar_id = s.id and c.calendar_version = s.version)
               on conflict do nothing
           )
           select s.id as "id!" from ships s
           join sla_monitor.calendar c on c.calendar_id = s.id and c.calendar_version = s.version
           where c.text <> s.text order by s.id limit 1"#,
        &ids,
        &versions,
        &texts,
        now.to_sqlx() as _,
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(other)
}

/// Counts a change that others must read, and gives the database's time once nobody judges an affair by what was before: whoever writes one from now
/// on waits for this transaction.
#[tracing::instrument(name = "db.law.bump", skip_all)]
pub async fn bump(tx: &mut PgConnection) -> Result<Timestamp, StoreError> {
    sqlx::query!("update sla_monitor.law_revision set revision = revision + 1").execute(&mut *tx).await?;
    let now = sqlx::query_scalar!(r#"select clock_timestamp() as "now!: jiff_sqlx::Timestamp""#).fetch_one(tx).await?;
    Ok(now.to_jiff())
}

/// Every version of a policy, the newest first, locked until the transaction ends; and the database's time.
#[tracing::instrument(name = "db.law.lock_policy", skip_all)]
pub async fn lock_policy(tx: &mut PgConnection, id: &str) -> Result<(Timestamp, Vec<StoredPolicy>), StoreError> {
    let now = sqlx::query_scalar!(r#"select now() as "now!: jiff_sqlx::Timestamp""#).fetch_one(&mut *tx).await?;
    let rows = sqlx::query_as!(
        PolicyRow,
        r#"select policy_id, policy_version, content, in_force_from as "in_force_from: _", in_force_until as "in_force_until: _",
                  actor_kind, actor_id, actor_department, written_at as "written_at: _", version
           from sla_monitor.policy where policy_id = $1 order by policy_version desc for update"#,
        id
    )
    .fetch_all(tx)
    .await?;
    Ok((now.to_jiff(), rows.into_iter().map(StoredPolicy::try_from).collect::<Result<_, _>>()?))
}

/// Every version of a policy, the newest first; and the database's time.
#[tracing::instrument(name = "db.law.versions", skip_all)]
pub async fn versions(pool: &PgPool, id: &str) -> Result<(Timestamp, Vec<StoredPolicy>), StoreError> {
    let now = sqlx::query_scalar!(r#"select now() as "now!: jiff_sqlx::Timestamp""#).fetch_one(pool).await?;
    let rows = sqlx::query_as!(
        PolicyRow,
        r#"select policy_id, policy_version, content, in_force_from as "in_force_from: _", in_force_until as "in_force_until: _",
                  actor_kind, actor_id, actor_department, written_at as "written_at: _", version
           from sla_monitor.policy where policy_id = $1 order by policy_version desc"#,
        id,
    )
    .fetch_all(pool)
    .await?;
    Ok((now.to_jiff(), rows.into_iter().map(StoredPolicy::try_from).collect::<Result<_, _>>()?))
}

/// Every version of every policy of the house, in order of id and the newest first; and the database's time.
#[tracing::instrument(name = "db.law.list_policies", skip_all)]
pub async fn list_policies(pool: &PgPool) -> Result<(Timestamp, Vec<StoredPolicy>), StoreError> {
    let now = sqlx::query_scalar!(r#"select now() as "now!: jiff_sqlx::Timestamp""#).fetch_one(pool).await?;
    let rows = sqlx::query_as!(
        PolicyRow,
        r#"select policy_id, policy_version, content, in_force_from as "in_force_from: _", in_force_until as "in_force_until: _",
                  actor_kind, actor_id, actor_department, written_at as "written_at: _", version
           from sla_monitor.policy order by policy_id, policy_version desc"#
    )
    .fetch_all(pool)
    .await?;
    Ok((now.to_jiff(), rows.into_iter().map(StoredPolicy::try_from).collect::<Result<_, _>>()?))
}

/// Writes a version that is not there yet; `false` when it is.
#[tracing::instrument(name = "db.law.insert_policy", skip_all)]
pub async fn insert_policy(tx: &mut PgConnection, stored: &StoredPolicy) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into sla_monitor.policy (policy_id, policy_version, state, content, actor_kind, actor_id, actor_department, written_at, version)
         values ($1, $2, 'draft', $3, $4, $5, $6, $7, $8) on conflict do nothing",
        stored.id,
        stored.number,
        stored.content.encode_to_vec(),
        stored.by.kind.as_str(),
        stored.by.id,
        stored.by.department.as_ref().map(|d| d.as_str()),
        stored.written.to_sqlx() as _,
        stored.version,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a version that is locked.
#[tracing::instrument(name = "db.law.update_policy", skip_all)]
pub async fn update_policy(tx: &mut PgConnection, stored: &StoredPolicy) -> Result<(), StoreError> {
    let (state, from, until) = match stored.stands {
        Stands::Draft => ("draft", None, None),
        Stands::Active { from, until } => ("active", Some(from), until),
    };
    let done = sqlx::query!(
        "update sla_monitor.policy set state = $3, content = $4, in_force_from = $5, in_force_until = $6, actor_kind = $7,
                actor_id = $8, actor_department = $9, written_at = $10, version = $11
         where policy_id = $1 and policy_version = $2",
        stored.id,
        stored.number,
        state,
        stored.content.encode_to_vec(),
        from.map(|t| t.to_sqlx()) as _,
        until.map(|t| t.to_sqlx()) as _,
        stored.by.kind.as_str(),
        stored.by.id,
        stored.by.department.as_ref().map(|d| d.as_str()),
        stored.written.to_sqlx() as _,
        stored.version,
    )
    .execute(tx)
    .await?;
    postgres::affected_one(&done)
}

/// What the house wrote of a calendar's newest version, and which that is; nothing of one that ships.
#[tracing::instrument(name = "db.law.newest_calendar", skip_all)]
pub async fn newest_calendar(tx: &mut PgConnection, id: &str) -> Result<Option<(String, i32)>, StoreError> {
    let row = sqlx::query!(
        "select calendar_version, number from sla_monitor.calendar where calendar_id = $1 order by number desc limit 1",
        id
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.calendar_version, row.number)))
}

/// What the house changed about a version of a calendar of its own.
#[tracing::instrument(name = "db.law.calendar_changes", skip_all)]
pub async fn calendar_changes(
    pool: &PgPool,
    id: &str,
    version: &str,
) -> Result<Option<proto::HouseCalendar>, StoreError> {
    let changes = sqlx::query_scalar!(
        "select changes from sla_monitor.calendar where calendar_id = $1 and calendar_version = $2",
        id,
        version
    )
    .fetch_optional(pool)
    .await?;
    let decoded = changes.flatten().map(|changes| proto::HouseCalendar::decode(changes.as_slice()));
    decoded.transpose().map_err(|_| StoreError::corrupt("calendar", "changes", id))
}

/// Writes a version of a calendar of the house; `false` when somebody else was first.
#[tracing::instrument(name = "db.law.insert_calendar", skip_all)]
pub async fn insert_calendar(
    tx: &mut PgConnection,
    calendar: &Calendar,
    changes: &proto::HouseCalendar,
    number: i32,
    (by, now): (&Actor, Timestamp),
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "insert into sla_monitor.calendar (calendar_id, calendar_version, number, text, changes, actor_kind, actor_id, actor_department, written_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
        calendar.id,
        calendar.version,
        number,
        calendar.text(),
        changes.encode_to_vec(),
        by.kind.as_str(),
        by.id,
        by.department.as_ref().map(|d| d.as_str()),
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
