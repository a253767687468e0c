//! Subscriptions.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Actor, Department, ResourceId as _};
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use webhooks_domain::SubscriptionId;
use webhooks_domain::pattern::{Filter, Pattern};
use webhooks_domain::standing::{Health, Reason, State};

use super::instant;

/// A subscription as it is kept.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Id.
    pub id: SubscriptionId,
    /// Whose it is.
    pub department: Department,
    /// Where events go.
    pub url: String,
    /// Which.
    pub filter: Filter,
    /// What it is for.
    pub description: String,
    /// Whether it is told.
    pub state: State,
    /// How its endpoint does.
    pub health: Health,
    /// Number of the secret in use.
    pub secret_number: i32,
    /// Who made it.
    pub creator: Actor,
    /// When.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// Version.
    pub version: i64,
}

struct Row {
    subscription_id: Uuid,
    department: String,
    url: String,
    event_types: Vec<String>,
    departments: Vec<String>,
    description: String,
    state: String,
    stop_reason: Option<String>,
    failures: i32,
    failing_since: Option<jiff_sqlx::Timestamp>,
    rest_until: Option<jiff_sqlx::Timestamp>,
    secret_number: i32,
    creator_kind: String,
    creator_id: String,
    creator_department: Option<String>,
    created_at: jiff_sqlx::Timestamp,
    updated_at: jiff_sqlx::Timestamp,
    version: i64,
}

impl TryFrom<Row> for Stored {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = SubscriptionId::from_uuid(row.subscription_id);
        let corrupt = |column| StoreError::corrupt("subscription", column, id);
        let slug = |text: &String, column| text.parse::<Department>().map_err(|_| corrupt(column));
        let patterns = row.event_types.iter().map(|text| text.parse::<Pattern>().map_err(|_| corrupt("event_types")));
        let departments = row.departments.iter().map(|text| slug(text, "departments"));
        Ok(Self {
            id,
            department: slug(&row.department, "department")?,
            filter: Filter {
                patterns: patterns.collect::<Result<_, _>>()?,
                departments: departments.collect::<Result<_, _>>()?,
            },
            state: State::of(&row.state, row.stop_reason.as_deref()).ok_or_else(|| corrupt("state"))?,
            health: Health {
                failures: u32::try_from(row.failures).map_err(|_| corrupt("failures"))?,
                failing_since: instant(row.failing_since),
                rest_until: instant(row.rest_until),
            },
            creator: Actor {
                kind: row.creator_kind.parse().map_err(|_| corrupt("creator_kind"))?,
                id: row.creator_id,
                department: row.creator_department.map(|text| slug(&text, "creator_department")).transpose()?,
            },
            url: row.url,
            description: row.description,
            secret_number: row.secret_number,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        })
    }
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

/// Keeps a new one.
#[tracing::instrument(name = "db.subscription.insert", skip_all)]
pub async fn insert(tx: &mut PgConnection, new: &Stored) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into webhooks.subscription (subscription_id, department, url, event_types, departments, description, state,
             secret_number, creator_kind, creator_id, creator_department, created_at, updated_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)",
        new.id.uuid(),
        new.department.as_str(),
        new.url,
        &texts(&new.filter.patterns),
        &texts(&new.filter.departments),
        new.description,
        new.state.as_str(),
        new.secret_number,
        new.creator.kind.as_str(),
        new.creator.id,
        new.creator.department.as_ref().map(Department::as_str),
        new.created_at.to_sqlx() as _,
        new.version,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// How many a department has; nobody makes another one meanwhile.
#[tracing::instrument(name = "db.subscription.count_locked", skip_all)]
pub async fn count_locked(tx: &mut PgConnection, department: &Department) -> Result<i64, StoreError> {
    sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended('webhooks of ' || $1, 0)) as locked",
        department.as_str()
    )
    .fetch_one(&mut *tx)
    .await?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from webhooks.subscription where department = $1"#,
        department.as_str(),
    );
    Ok(count.fetch_one(tx).await?)
}

/// One of them.
#[tracing::instrument(name = "db.subscription.get", skip_all)]
pub async fn get(pool: &PgPool, id: SubscriptionId) -> Result<Option<Stored>, StoreError> {
    let mut connection = pool.acquire().await?;
    get_in(&mut connection, id).await
}

/// The same by this connection.
#[tracing::instrument(name = "db.subscription.get_in", skip_all)]
pub async fn get_in(connection: &mut PgConnection, id: SubscriptionId) -> Result<Option<Stored>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select subscription_id, department, url, event_types, departments, description, state, stop_reason, failures,
                failing_since, rest_until, secret_number, creator_kind, creator_id, creator_department, created_at,
                updated_at, version
         from webhooks.subscription where subscription_id = $1",
        id.uuid(),
    );
    row.fetch_optional(connection).await?.map(Stored::try_from).transpose()
}

/// One of them, under lock.
#[tracing::instrument(name = "db.subscription.lock", skip_all)]
pub async fn lock(tx: &mut PgConnection, id: SubscriptionId) -> Result<Option<Stored>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "select subscription_id, department, url, event_types, departments, description, state, stop_reason, failures,
                failing_since, rest_until, secret_number, creator_kind, creator_id, creator_department, created_at,
                updated_at, version
         from webhooks.subscription where subscription_id = $1 for no key update",
        id.uuid(),
    );
    row.fetch_optional(tx).await?.map(Stored::try_from).transpose()
}

/// Those of a department, or of all, the newest first.
#[tracing::instrument(name = "db.subscription.list", skip_all)]
pub async fn list(
    pool: &PgPool,
    department: Option<&Department>,
    state: Option<&str>,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let (at, id) = after.map_or((None, None), |(at, id)| (Some(at.to_sqlx()), Some(id)));
    let rows = sqlx::query_as!(
        Row,
        "select subscription_id, department, url, event_types, departments, description, state, stop_reason, failures,
                failing_since, rest_until, secret_number, creator_kind, creator_id, creator_department, created_at,
                updated_at, version
         from webhooks.subscription
         where ($1::text is null or department = $1) and ($2::text is null or state = $2)
           and ($3::timestamptz is null or (created_at, subscription_id) < ($3, $4::uuid))
         order by created_at desc, subscription_id desc limit $5",
        department.map(Department::as_str),
        state,
        at as _,
        id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// Those for whom what happens waits.
#[tracing::instrument(name = "db.subscription.that_gather", skip_all)]
pub async fn that_gather(tx: &mut PgConnection) -> Result<Vec<(Uuid, Filter)>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "select subscription_id, department, url, event_types, departments, description, state, stop_reason, failures,
                failing_since, rest_until, secret_number, creator_kind, creator_id, creator_department, created_at,
                updated_at, version
         from webhooks.subscription where state <> 'disabled'"
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|row| Stored::try_from(row).map(|stored| (stored.id.uuid(), stored.filter))).collect()
}

/// Writes what may change, but for how the endpoint does.
#[tracing::instrument(name = "db.subscription.update", skip_all)]
pub async fn update(tx: &mut PgConnection, stored: &Stored) -> Result<(), StoreError> {
    let done = sqlx::query!(
        "update webhooks.subscription
         set url = $2, event_types = $3, departments = $4, description = $5, state = $6, stop_reason = $7,
             secret_number = $8, updated_at = $9, version = $10
         where subscription_id = $1",
        stored.id.uuid(),
        stored.url,
        &texts(&stored.filter.patterns),
        &texts(&stored.filter.departments),
        stored.description,
        stored.state.as_str(),
        stored.state.reason().map(Reason::as_str),
        stored.secret_number,
        stored.updated_at.to_sqlx() as _,
        stored.version,
    )
    .execute(tx)
    .await?;
    affected_one(&done)
}

/// Writes how the endpoint does.
#[tracing::instrument(name = "db.subscription.put_health", skip_all)]
pub async fn put_health(tx: &mut PgConnection, id: SubscriptionId, health: Health) -> Result<(), StoreError> {
    sqlx::query!(
        "update webhooks.subscription set failures = $2, failing_since = $3, rest_until = $4 where subscription_id = $1",
        id.uuid(),
        i32::try_from(health.failures).unwrap_or(i32::MAX),
        health.failing_since.map(|at| at.to_sqlx()) as _,
        health.rest_until.map(|at| at.to_sqlx()) as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Deletes one, with all that hangs on it.
#[tracing::instrument(name = "db.subscription.delete", skip_all)]
pub async fn delete(tx: &mut PgConnection, id: SubscriptionId) -> Result<(), StoreError> {
    sqlx::query!("delete from webhooks.subscription where subscription_id = $1", id.uuid()).execute(tx).await?;
    Ok(())
}
