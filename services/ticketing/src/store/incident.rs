//! Mass incidents and what those affected by them are told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Department, Language, ResourceId};
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{Incident, IncidentId, IncidentState, IncidentUpdate, Texts, Told};
use uuid::Uuid;

use super::{actor, word};

/// An incident with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredIncident {
    /// The incident.
    pub incident: Incident,
    /// How many affairs belong to it.
    pub affected: i32,
    /// When it was written down.
    pub created_at: Timestamp,
    /// The etag.
    pub version: i64,
}

/// An update with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredUpdate {
    /// The update.
    pub update: IncidentUpdate,
    /// The trace it was told in.
    pub traceparent: String,
    /// In how many affairs it stands.
    pub told: i32,
    /// In how many it is still to be written.
    pub waiting: i32,
}

struct IncidentRow {
    incident_id: Uuid,
    title: String,
    department: String,
    topic: Option<String>,
    started_at: jiff_sqlx::Timestamp,
    over_at: Option<jiff_sqlx::Timestamp>,
    expected_end_at: Option<jiff_sqlx::Timestamp>,
    update_count: i32,
    affected_count: i32,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    created_at: jiff_sqlx::Timestamp,
    version: i64,
}

impl TryFrom<IncidentRow> for StoredIncident {
    type Error = StoreError;

    fn try_from(row: IncidentRow) -> Result<Self, StoreError> {
        let key = row.incident_id;
        let incident = Incident {
            id: IncidentId::from_uuid(key),
            title: word("incident", "title", key, row.title.parse().ok())?,
            department: word("incident", "department", key, row.department.parse().ok())?,
            topic: match row.topic {
                Some(topic) => Some(word("incident", "topic", key, topic.parse().ok())?),
                None => None,
            },
            started: row.started_at.to_jiff(),
            by: actor("incident", key, &row.actor_kind, row.actor_id, row.actor_department)?,
            state: row.over_at.map_or(IncidentState::Open, |at| IncidentState::Over { at: at.to_jiff() }),
            expected_end: row.expected_end_at.map(|at| at.to_jiff()),
            updates: row.update_count,
        };
        let (affected, created_at) = (row.affected_count, row.created_at.to_jiff());
        Ok(Self { incident, affected, created_at, version: row.version })
    }
}

/// Every reading of incidents has the same columns; only what follows `from` differs.
macro_rules! select_incidents {
    ($tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            IncidentRow,
            "select incident_id, title, department, topic, started_at, over_at, expected_end_at, update_count, affected_count,
                    actor_kind, actor_id, actor_department, created_at, version
             from ticketing.incident " + $tail
            $(, $argument)*
        )
    };
}

/// One incident.
#[tracing::instrument(name = "db.incident.get", skip_all)]
pub(crate) async fn get(executor: impl PgExecutor<'_>, id: IncidentId) -> Result<Option<StoredIncident>, StoreError> {
    let row = select_incidents!("where incident_id = $1", id.uuid()).fetch_optional(executor).await?;
    row.map(StoredIncident::try_from).transpose()
}

/// One incident, locked until the transaction ends: nobody joins, leaves or is told anything meanwhile.
#[tracing::instrument(name = "db.incident.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: IncidentId) -> Result<Option<StoredIncident>, StoreError> {
    let row = select_incidents!("where incident_id = $1 for update", id.uuid()).fetch_optional(tx).await?;
    row.map(StoredIncident::try_from).transpose()
}

/// What a list of incidents is narrowed to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    /// Worked on by this department.
    pub department: Option<Department>,
    /// Only those that last.
    pub open_only: bool,
}

/// Incidents, newest first, after the one with this key.
#[tracing::instrument(name = "db.incident.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    filter: &Filter,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<StoredIncident>, StoreError> {
    let department = filter.department.as_ref().map(Department::as_str);
    let (at, id) = after.unwrap_or((Timestamp::MAX, Uuid::max()));
    let at = after.map(|_| at.to_sqlx());
    let rows = if filter.open_only {
        select_incidents!(
            "where over_at is null and ($1::text is null or department = $1)
               and (created_at, incident_id) < (coalesce($2, 'infinity'::timestamptz), $3)
             order by created_at desc, incident_id desc limit $4",
            department,
            at as _,
            id,
            limit,
        )
        .fetch_all(pool)
        .await?
    } else {
        select_incidents!(
            "where ($1::text is null or department = $1)
               and (created_at, incident_id) < (coalesce($2, 'infinity'::timestamptz), $3)
             order by created_at desc, incident_id desc limit $4",
            department,
            at as _,
            id,
            limit,
        )
        .fetch_all(pool)
        .await?
    };
    rows.into_iter().map(StoredIncident::try_from).collect()
}

/// Adds an incident that was just opened.
#[tracing::instrument(name = "db.incident.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, stored: &StoredIncident) -> Result<(), StoreError> {
    let incident = &stored.incident;
    sqlx::query!(
        "insert into ticketing.incident (incident_id, title, department, topic, started_at, update_count, affected_count,
             telling, actor_kind, actor_id, actor_department, created_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, false, $8, $9, $10, $11, $12)",
        incident.id.uuid(),
        incident.title.expose(),
        incident.department.as_str(),
        incident.topic.as_ref().map(|topic| topic.as_str()),
        incident.started.to_sqlx() as _,
        incident.updates,
        stored.affected,
        incident.by.kind.as_str(),
        incident.by.id,
        incident.by.department.as_ref().map(|d| d.as_str()),
        stored.created_at.to_sqlx() as _,
        stored.version,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes how many affairs joined, or left when it is less than none, an incident that is locked.
#[tracing::instrument(name = "db.incident.count", skip_all)]
pub(crate) async fn count(tx: &mut PgConnection, id: IncidentId, joined: i32) -> Result<(), StoreError> {
    let written = sqlx::query!(
        "update ticketing.incident set affected_count = affected_count + $2 where incident_id = $1",
        id.uuid(),
        joined,
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}

/// Adds an update of an incident that is locked; `stored` is the incident as it becomes.
#[tracing::instrument(name = "db.incident.tell", skip_all)]
pub(crate) async fn tell(
    tx: &mut PgConnection,
    stored: &StoredIncident,
    update: &IncidentUpdate,
    traceparent: &str,
) -> Result<(), StoreError> {
    let (languages, texts): (Vec<String>, Vec<String>) =
        update.texts.iter().map(|(language, text)| (language.to_string(), text.expose().to_owned())).unzip();
    let over = match stored.incident.state {
        IncidentState::Open => None,
        IncidentState::Over { at } => Some(at.to_sqlx()),
    };
    let written = sqlx::query!(
        "with told as (
             insert into ticketing.incident_update (incident_id, number, languages, texts, expected_end_at, over, told_count,
                 actor_kind, actor_id, actor_department, traceparent, told_at)
             values ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, $10, $11)
         )
         update ticketing.incident
         set update_count = $2, expected_end_at = $5, over_at = $12, version = $13, telling = affected_count > 0
         where incident_id = $1",
        update.incident.uuid(),
        update.number,
        &languages,
        &texts,
        update.expected_end.map(|at| at.to_sqlx()) as _,
        update.over,
        update.by.kind.as_str(),
        update.by.id,
        update.by.department.as_ref().map(|d| d.as_str()),
        traceparent,
        update.at.to_sqlx() as _,
        over as _,
        stored.version,
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}

/// Updates of an incident after the one with this number, in order; with how many have not been told each, where that is asked for: it takes
/// looking at all of them.
#[tracing::instrument(name = "db.incident.updates", skip_all)]
pub(crate) async fn updates(
    executor: impl PgExecutor<'_>,
    id: IncidentId,
    after: i32,
    limit: i64,
    count_waiting: bool,
) -> Result<Vec<StoredUpdate>, StoreError> {
    let rows = sqlx::query!(
        r#"select u.number, u.languages, u.texts, u.expected_end_at, u.over, u.told_count, u.actor_kind, u.actor_id,
                  u.actor_department, u.traceparent, u.told_at,
                  case when $4 then (select count(*) from ticketing.ticket t
                   where t.incident_id = u.incident_id and t.incident_told < u.number)::int else 0 end as "waiting!"
           from ticketing.incident_update u where u.incident_id = $1 and u.number > $2 order by u.number limit $3"#,
        id.uuid(),
        after,
        limit,
        count_waiting,
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = format!("{} {}", id, row.number);
            let update = IncidentUpdate {
                incident: id,
                number: row.number,
                texts: texts(&key, &row.languages, &row.texts)?,
                expected_end: row.expected_end_at.map(|at| at.to_jiff()),
                over: row.over,
                by: actor("incident_update", row.number, &row.actor_kind, row.actor_id, row.actor_department)?,
                at: row.told_at.to_jiff(),
            };
            Ok(StoredUpdate { update, traceparent: row.traceparent, told: row.told_count, waiting: row.waiting })
        })
        .collect()
}

fn texts(key: &str, languages: &[String], texts: &[String]) -> Result<Texts, StoreError> {
    let pairs = languages.iter().zip(texts).map(|(language, text)| {
        let language: Language = word("incident_update", "languages", key, language.parse().ok())?;
        let text: Told = word("incident_update", "texts", key, text.parse().ok())?;
        Ok((language, text))
    });
    let pairs = pairs.collect::<Result<Vec<_>, StoreError>>()?;
    word("incident_update", "texts", key, Texts::new(pairs).ok())
}

/// Incidents some of whose affairs may not have been told the last update, with its number.
#[tracing::instrument(name = "db.incident.being_told", skip_all)]
pub(crate) async fn being_told(pool: &PgPool) -> Result<Vec<(IncidentId, i32)>, StoreError> {
    let rows = sqlx::query!(
        "select incident_id, update_count from ticketing.incident where telling order by incident_id limit 1000"
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(|row| (IncidentId::from_uuid(row.incident_id), row.update_count)).collect())
}

/// Notes that everybody was told; `false` when somebody was not, or another update came meanwhile.
#[tracing::instrument(name = "db.incident.all_told", skip_all)]
pub(crate) async fn all_told(tx: &mut PgConnection, id: IncidentId, number: i32) -> Result<bool, StoreError> {
    let noted = sqlx::query!(
        "update ticketing.incident i set telling = false
         where i.incident_id = $1 and i.update_count = $2
           and not exists (select from ticketing.ticket t where t.incident_id = $1 and t.incident_told < $2)",
        id.uuid(),
        number,
    )
    .execute(tx)
    .await?;
    Ok(noted.rows_affected() == 1)
}

/// Counts in how many more affairs each of these updates stands.
#[tracing::instrument(name = "db.incident.stands", skip_all)]
pub(crate) async fn stands(tx: &mut PgConnection, id: IncidentId, said: &BTreeMap<i32, i32>) -> Result<(), StoreError> {
    let (numbers, more): (Vec<i32>, Vec<i32>) = said.iter().map(|(number, more)| (*number, *more)).unzip();
    sqlx::query!(
        "update ticketing.incident_update u set told_count = u.told_count + s.more
         from unnest($2::int[], $3::int[]) as s (number, more) where u.incident_id = $1 and u.number = s.number",
        id.uuid(),
        &numbers,
        &more,
    )
    .execute(tx)
    .await?;
    Ok(())
}
