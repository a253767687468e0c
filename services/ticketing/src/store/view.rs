//! Filters that are kept under a name.

use jiff_sqlx::ToSqlx;
use kernel::Department;
use postgres::{StoreError, affected_one};
use prost::Message as _;
use sqlx::{PgConnection, PgExecutor, PgPool};
use ticketing_domain::{View, ViewId};
use ventanilla_proto::ticketing::v1::TicketFilter;

use super::{actor, word};

/// A view with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredView {
    /// The view, its filter as the contract spells it.
    pub view: View<TicketFilter>,
    /// The etag.
    pub version: i64,
}

struct ViewRow {
    view_id: String,
    title: String,
    department: Option<String>,
    filter: Vec<u8>,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    created_at: jiff_sqlx::Timestamp,
    version: i64,
}

impl TryFrom<ViewRow> for StoredView {
    type Error = StoreError;

    fn try_from(row: ViewRow) -> Result<Self, StoreError> {
        let key = row.view_id.as_str();
        let view = View {
            id: word("view", "view_id", key, ViewId::of(key).ok())?,
            title: word("view", "title", key, row.title.parse().ok())?,
            department: match row.department {
                Some(slug) => Some(word("view", "department", key, slug.parse().ok())?),
                None => None,
            },
            filter: word("view", "filter", key, TicketFilter::decode(row.filter.as_slice()).ok())?,
            by: actor("view", key, &row.actor_kind, row.actor_id, row.actor_department)?,
            at: row.created_at.to_jiff(),
        };
        Ok(Self { view, version: row.version })
    }
}

macro_rules! select_views {
    ($tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            ViewRow,
            "select view_id, title, department, filter, actor_kind, actor_id, actor_department, created_at, version
             from ticketing.view " + $tail
            $(, $argument)*
        )
    };
}

/// One view.
#[tracing::instrument(name = "db.view.get", skip_all)]
pub(crate) async fn get(executor: impl PgExecutor<'_>, id: &ViewId) -> Result<Option<StoredView>, StoreError> {
    let row = select_views!("where view_id = $1", id.as_str()).fetch_optional(executor).await?;
    row.map(StoredView::try_from).transpose()
}

/// One view, locked until the transaction ends.
#[tracing::instrument(name = "db.view.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: &ViewId) -> Result<Option<StoredView>, StoreError> {
    let row = select_views!("where view_id = $1 for update", id.as_str()).fetch_optional(tx).await?;
    row.map(StoredView::try_from).transpose()
}

/// Views made for this department or for all, or every one, after the one with this id.
#[tracing::instrument(name = "db.view.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    department: Option<&Department>,
    after: &str,
    limit: i64,
) -> Result<Vec<StoredView>, StoreError> {
    let rows = select_views!(
        "where view_id > $1 and ($2::text is null or department is null or department = $2) order by view_id limit $3",
        after,
        department.map(Department::as_str),
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(StoredView::try_from).collect()
}

/// Keeps a new view; `false` when there is one under this id.
#[tracing::instrument(name = "db.view.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, stored: &StoredView) -> Result<bool, StoreError> {
    let view = &stored.view;
    let kept = sqlx::query!(
        "insert into ticketing.view
             (view_id, title, department, filter, actor_kind, actor_id, actor_department, created_at, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict on constraint view_pkey do nothing",
        view.id.as_str(),
        view.title.as_str(),
        view.department.as_ref().map(Department::as_str),
        view.filter.encode_to_vec(),
        view.by.kind.as_str(),
        view.by.id,
        view.by.department.as_ref().map(Department::as_str),
        view.at.to_sqlx() as _,
        stored.version,
    )
    .execute(tx)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Writes a view that is locked.
#[tracing::instrument(name = "db.view.update", skip_all)]
pub(crate) async fn update(tx: &mut PgConnection, stored: &StoredView) -> Result<(), StoreError> {
    let view = &stored.view;
    let written = sqlx::query!(
        "update ticketing.view set title = $2, department = $3, filter = $4, version = $5 where view_id = $1",
        view.id.as_str(),
        view.title.as_str(),
        view.department.as_ref().map(Department::as_str),
        view.filter.encode_to_vec(),
        stored.version,
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}

/// Forgets a view that is locked.
#[tracing::instrument(name = "db.view.delete", skip_all)]
pub(crate) async fn delete(tx: &mut PgConnection, id: &ViewId) -> Result<(), StoreError> {
    let gone = sqlx::query!("delete from ticketing.view where view_id = $1", id.as_str()).execute(tx).await?;
    affected_one(&gone)
}
