//! Process maps, in their versions, and what is laid under them: what happened to affairs.

mod written;

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Department, ResourceId};
use postgres::StoreError;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{Process, ProcessId, Scope, Slug, SlugId as _, Standing, TicketId, TicketType, Turn};
use uuid::Uuid;

use super::{actor, word};
use written::WrittenStep;

/// A version of a map with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredProcess {
    /// The version.
    pub process: Process,
    /// Number of the newest version: the etag.
    pub newest: i32,
}

struct ProcessRow {
    process_id: String,
    ticket_type: Option<String>,
    topic: Option<String>,
    newest: i32,
    version: i32,
    effective_at: jiff_sqlx::Timestamp,
    steps: Json<Vec<WrittenStep>>,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    created_at: jiff_sqlx::Timestamp,
}

impl TryFrom<ProcessRow> for StoredProcess {
    type Error = StoreError;

    fn try_from(row: ProcessRow) -> Result<Self, StoreError> {
        let key = row.process_id.as_str();
        let process = Process {
            id: word("process", "process_id", key, ProcessId::of(key).ok())?,
            scope: Scope {
                ticket_type: match &row.ticket_type {
                    Some(kind) => Some(word("process", "ticket_type", key, TicketType::from_word(kind))?),
                    None => None,
                },
                topic: match &row.topic {
                    Some(topic) => Some(word("process", "topic", key, topic.parse().ok())?),
                    None => None,
                },
            },
            version: row.version,
            effective: row.effective_at.to_jiff(),
            map: word("process_version", "steps", key, written::read(row.steps.0))?,
            by: actor("process_version", key, &row.actor_kind, row.actor_id, row.actor_department)?,
            at: row.created_at.to_jiff(),
        };
        Ok(Self { process, newest: row.newest })
    }
}

/// Every reading of maps has the same columns; only what follows `from` differs.
macro_rules! select_processes {
    ($tail:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ProcessRow,
            r#"select p.process_id, p.ticket_type, p.topic, p.version as newest, v.version, v.effective_at,
                      v.steps as "steps: _", v.actor_kind, v.actor_id, v.actor_department, v.created_at
               from ticketing.process p "# + $tail
            $(, $argument)*
        )
    };
}

/// A map in one of its versions, or in the newest.
#[tracing::instrument(name = "db.process.get", skip_all)]
pub(crate) async fn get(
    executor: impl PgExecutor<'_>,
    id: &ProcessId,
    version: Option<i32>,
) -> Result<Option<StoredProcess>, StoreError> {
    let row = select_processes!(
        "join ticketing.process_version v on v.process_id = p.process_id and v.version = coalesce($2, p.version)
         where p.process_id = $1",
        id.as_str(),
        version,
    )
    .fetch_optional(executor)
    .await?;
    row.map(StoredProcess::try_from).transpose()
}

/// A map in the version that is in force at an instant, or the first.
#[tracing::instrument(name = "db.process.in_force", skip_all)]
pub(crate) async fn in_force(
    executor: impl PgExecutor<'_>,
    id: &ProcessId,
    at: Timestamp,
) -> Result<Option<StoredProcess>, StoreError> {
    let row = select_processes!(
        "join lateral (
             select v.* from ticketing.process_version v where v.process_id = p.process_id
             order by v.effective_at <= $2 desc, case when v.effective_at <= $2 then -v.version else v.version end
             limit 1
         ) v on true
         where p.process_id = $1",
        id.as_str(),
        at.to_sqlx() as _,
    )
    .fetch_optional(executor)
    .await?;
    row.map(StoredProcess::try_from).transpose()
}

/// Maps in their newest versions, after the one with this id.
#[tracing::instrument(name = "db.process.list", skip_all)]
pub(crate) async fn list(pool: &PgPool, after: &str, limit: i64) -> Result<Vec<StoredProcess>, StoreError> {
    let rows = select_processes!(
        "join ticketing.process_version v on v.process_id = p.process_id and v.version = p.version
         where p.process_id > $1 order by p.process_id limit $2",
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(StoredProcess::try_from).collect()
}

/// The map an affair goes by: of those that are made for it and have come into force, the one that is made for the least else, in the version that was in
/// force when it was written down here, or the first. What is made for all is there from the start, whatever its first version says.
#[tracing::instrument(name = "db.process.of_ticket", skip_all)]
pub(crate) async fn of_ticket(
    executor: impl PgExecutor<'_>,
    ticket: TicketId,
    now: Timestamp,
) -> Result<Option<Process>, StoreError> {
    let row = select_processes!(
        "join ticketing.ticket t on t.ticket_id = $1
           and (p.ticket_type is null or p.ticket_type = t.ticket_type) and (p.topic is null or p.topic = t.topic)
         join ticketing.process_version f on f.process_id = p.process_id and f.version = 1
           and (f.effective_at <= $2 or (p.ticket_type is null and p.topic is null))
         join lateral (
             select v.* from ticketing.process_version v where v.process_id = p.process_id
             order by v.effective_at <= t.created_at desc,
                      case when v.effective_at <= t.created_at then -v.version else v.version end
             limit 1
         ) v on true
         order by p.ticket_type is null, p.topic is null limit 1",
        ticket.uuid(),
        now.to_sqlx() as _,
    )
    .fetch_optional(executor)
    .await?;
    // There is a standard one, which is made for all: without a map there is no such affair.
    row.map(|row| StoredProcess::try_from(row).map(|stored| stored.process)).transpose()
}

/// Locks a map until the transaction ends, and reads its newest version.
#[tracing::instrument(name = "db.process.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: &ProcessId) -> Result<Option<StoredProcess>, StoreError> {
    sqlx::query!("select from ticketing.process where process_id = $1 for no key update", id.as_str())
        .fetch_optional(&mut *tx)
        .await?;
    get(tx, id, None).await
}

/// Writes a version: the next one of a map that is locked, or the first of a new one. `false` when there is one under this id, or one for
/// the same affairs.
#[tracing::instrument(name = "db.process.put", skip_all)]
pub(crate) async fn put(tx: &mut PgConnection, process: &Process) -> Result<bool, StoreError> {
    let id = process.id.as_str();
    let kept = if process.version == 1 {
        sqlx::query!(
            "insert into ticketing.process (process_id, ticket_type, topic, version) values ($1, $2, $3, $4)
             on conflict do nothing",
            id,
            process.scope.ticket_type.map(TicketType::as_str),
            process.scope.topic.as_ref().map(Slug::as_str),
            process.version,
        )
        .execute(&mut *tx)
        .await?
    } else {
        sqlx::query!("update ticketing.process set version = $2 where process_id = $1", id, process.version)
            .execute(&mut *tx)
            .await?
    };
    if kept.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query!(
        "insert into ticketing.process_version
             (process_id, version, effective_at, steps, actor_kind, actor_id, actor_department, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id,
        process.version,
        process.effective.to_sqlx() as _,
        Json(written::write(&process.map)) as _,
        process.by.kind.as_str(),
        process.by.id,
        process.by.department.as_ref().map(Department::as_str),
        process.at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(true)
}

/// The map that is made for these affairs.
#[tracing::instrument(name = "db.process.made_for", skip_all)]
pub(crate) async fn made_for(tx: &mut PgConnection, scope: &Scope) -> Result<Option<ProcessId>, StoreError> {
    let id = sqlx::query_scalar!(
        "select process_id from ticketing.process
         where ticket_type is not distinct from $1 and topic is not distinct from $2",
        scope.ticket_type.map(TicketType::as_str),
        scope.topic.as_ref().map(Slug::as_str),
    )
    .fetch_optional(tx)
    .await?;
    id.map(|id| word("process", "process_id", id.as_str(), ProcessId::of(&id).ok())).transpose()
}

/// One change of an affair, as far as maps look at it.
struct TurnRow {
    ticket_id: Uuid,
    to_state: Option<String>,
    reason: Option<String>,
    department: String,
    occurred_at: jiff_sqlx::Timestamp,
    step: Option<String>,
    refiled: bool,
}

/// Where an affair stood after each thing that happened to it.
#[tracing::instrument(name = "db.process.turns", skip_all)]
pub(crate) async fn turns(executor: impl PgExecutor<'_>, ticket: TicketId) -> Result<Vec<Turn>, StoreError> {
    let mut of = turns_of(executor, &[ticket.uuid()]).await?;
    Ok(of.remove(&ticket.uuid()).unwrap_or_default())
}

/// The same of several affairs.
async fn turns_of(executor: impl PgExecutor<'_>, tickets: &[Uuid]) -> Result<HashMap<Uuid, Vec<Turn>>, StoreError> {
    let rows = sqlx::query_as!(
        TurnRow,
        r#"select ticket_id, to_state, reason, department, occurred_at as "occurred_at: _",
                  case when kind = 'step_entered' then related end as step, kind = 'reclassified' as "refiled!"
           from ticketing.ticket_change
           where ticket_id = any($1) and kind in ('opened', 'transitioned', 'assigned', 'step_entered', 'reclassified')
           order by ticket_id, sequence"#,
        tickets,
    )
    .fetch_all(executor)
    .await?;
    let mut of: HashMap<Uuid, Vec<Turn>> = HashMap::with_capacity(tickets.len());
    for row in rows {
        let turns = of.entry(row.ticket_id).or_default();
        let turn = row.after(turns.last())?;
        turns.push(turn);
    }
    Ok(of)
}

impl TurnRow {
    /// Where the affair stood then: a change that says no state leaves the one before.
    fn after(self, before: Option<&Turn>) -> Result<Turn, StoreError> {
        let corrupt = |column| StoreError::corrupt("ticket_change", column, self.ticket_id);
        let (standing, reason) = match (self.to_state, before) {
            (Some(state), _) => (Standing::from_word(&state).ok_or_else(|| corrupt("to_state"))?, self.reason),
            (None, Some(before)) => (before.standing, before.reason.clone()),
            (None, None) => return Err(corrupt("to_state")),
        };
        let stated = match self.step {
            Some(step) => Some(step.parse().map_err(|_| corrupt("related"))?),
            None => None,
        };
        let department = self.department.parse().map_err(|_| corrupt("department"))?;
        Ok(Turn { at: self.occurred_at.to_jiff(), standing, reason, department, stated, refiled: self.refiled })
    }
}

/// Affairs that a map is made for, first received in some time.
pub(crate) struct Among<'a> {
    /// The map's scope.
    pub scope: &'a Scope,
    /// First received from then on.
    pub from: Timestamp,
    /// And before then.
    pub to: Timestamp,
    /// Other maps take affairs from it that have come into force by then.
    pub now: Timestamp,
}

/// The one an affair is answered with; itself where it is merged with nothing.
#[tracing::instrument(name = "db.process.head_of", skip_all)]
pub(crate) async fn head_of(pool: &PgPool, ticket: TicketId) -> Result<Option<TicketId>, StoreError> {
    let head = sqlx::query_scalar!(
        r#"select coalesce(merged_head, ticket_id) as "head!" from ticketing.ticket where ticket_id = $1"#,
        ticket.uuid(),
    )
    .fetch_optional(pool)
    .await?;
    Ok(head.map(TicketId::from_uuid))
}

/// Place of an affair in the order of first receipts.
pub(crate) type Received = (Timestamp, Uuid);

/// Affairs of whatever kind that one look goes through.
const MOST_LOOKED_THROUGH: i64 = 1_000_000;

/// How many affairs the map is made for; none when there are more in that time, of whatever kind, than can be looked through. What is made for less
/// goes before what is made for more, and affairs that are answered with another go its way.
#[tracing::instrument(name = "db.process.count", skip_all)]
pub(crate) async fn count(pool: &PgPool, among: &Among<'_>) -> Result<Option<i64>, StoreError> {
    let row = sqlx::query!(
        r#"select count(*) as "all!", count(*) filter (where t.made_for) as "made_for!" from (
               select t.merged_head is null and ($3::text is null or t.ticket_type = $3) and ($4::text is null or t.topic = $4)
                      and not exists (
                          select from ticketing.process q
                          join ticketing.process_version f on f.process_id = q.process_id and f.version = 1 and f.effective_at <= $6
                          where (q.ticket_type is null or q.ticket_type = t.ticket_type) and (q.topic is null or q.topic = t.topic)
                            and (q.ticket_type is not null, q.topic is not null) > ($3::text is not null, $4::text is not null)
                      ) as made_for
               from ticketing.ticket t
               where t.first_received_at >= $1 and t.first_received_at < $2 order by t.first_received_at limit $5
           ) as t"#,
        among.from.to_sqlx() as _,
        among.to.to_sqlx() as _,
        among.scope.ticket_type.map(TicketType::as_str),
        among.scope.topic.as_ref().map(Slug::as_str),
        MOST_LOOKED_THROUGH + 1,
        among.now.to_sqlx() as _,
    )
    .fetch_one(pool)
    .await?;
    Ok((row.all <= MOST_LOOKED_THROUGH).then_some(row.made_for))
}

/// What happened to the next so many affairs, each with its place; none when there are no more.
#[tracing::instrument(name = "db.process.turns_of_many", skip_all)]
pub(crate) async fn turns_of_many(
    pool: &PgPool,
    among: &Among<'_>,
    after: Option<Received>,
    limit: i64,
) -> Result<(Vec<Vec<Turn>>, Option<Received>), StoreError> {
    let (after_at, after_id) = after.unwrap_or((among.from, Uuid::nil()));
    let tickets = sqlx::query!(
        r#"select ticket_id, first_received_at as "first_received_at: jiff_sqlx::Timestamp" from ticketing.ticket t
           where first_received_at < $1 and (first_received_at, ticket_id) > ($5, $6) and merged_head is null
             and ($2::text is null or ticket_type = $2) and ($3::text is null or topic = $3)
             and not exists (
                 select from ticketing.process q
                 join ticketing.process_version f on f.process_id = q.process_id and f.version = 1 and f.effective_at <= $7
                 where (q.ticket_type is null or q.ticket_type = t.ticket_type) and (q.topic is null or q.topic = t.topic)
                   and (q.ticket_type is not null, q.topic is not null) > ($2::text is not null, $3::text is not null)
             )
           order by first_received_at, ticket_id limit $4"#,
        among.to.to_sqlx() as _,
        among.scope.ticket_type.map(TicketType::as_str),
        among.scope.topic.as_ref().map(Slug::as_str),
        limit,
        after_at.to_sqlx() as _,
        after_id,
        among.now.to_sqlx() as _,
    )
    .fetch_all(pool)
    .await?;
    let Some(last) = tickets.last() else { return Ok((Vec::new(), None)) };
    let place = (last.first_received_at.to_jiff(), last.ticket_id);
    let ids: Vec<Uuid> = tickets.iter().map(|ticket| ticket.ticket_id).collect();
    let of = turns_of(pool, &ids).await?;
    Ok((of.into_values().collect(), Some(place)))
}
