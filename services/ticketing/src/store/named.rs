//! What people keep under a name: one shelf a kind, each a table of its own with the same columns.

use kernel::Department;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{DepartmentId, MacroId, Named, NoticeTemplateId, RedressItemId, RootCauseId, SlugId, ViewId};
use ventanilla_proto::ticketing::v1 as pb;

/// What is kept under a name, with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredNamed<I, C> {
    /// What is kept, as the contract spells it.
    pub named: Named<I, C>,
    /// The etag.
    pub version: i64,
}

/// A filter that is kept.
pub(crate) type StoredView = StoredNamed<ViewId, pb::TicketFilter>;
/// A macro that is kept: its texts and its change.
pub(crate) type StoredMacro = StoredNamed<MacroId, pb::Macro>;
/// A cause that is kept.
pub(crate) type StoredCause = StoredNamed<RootCauseId, pb::RootCause>;
/// An item of redress that is kept.
pub(crate) type StoredItem = StoredNamed<RedressItemId, pb::RedressItem>;

/// A department as it is named to people.
pub(crate) type StoredDepartment = StoredNamed<DepartmentId, pb::Department>;
/// A template of notices that is kept.
pub(crate) type StoredNoticeTemplate = StoredNamed<NoticeTemplateId, pb::NoticeTemplate>;

/// What is kept on a shelf.
pub(crate) type On<S> = StoredNamed<<S as Shelf>::Id, <S as Shelf>::Content>;

/// Where things of one kind are kept.
pub(crate) trait Shelf: Sized {
    /// What they are named by.
    type Id: SlugId + Send + Sync;
    /// What is kept.
    type Content: prost::Message + Default + Clone;

    /// One of them.
    fn get(pool: &PgPool, id: &Self::Id) -> impl Future<Output = Result<Option<On<Self>>, StoreError>> + Send;

    /// One of them, locked until the transaction ends.
    fn lock(tx: &mut PgConnection, id: &Self::Id) -> impl Future<Output = Result<Option<On<Self>>, StoreError>> + Send;

    /// One of them, kept as it is until the transaction ends, by as many as need it so.
    fn share(tx: &mut PgConnection, id: &Self::Id)
    -> impl Future<Output = Result<Option<On<Self>>, StoreError>> + Send;

    /// Those made for this department or for all, or every one, after the one with this id.
    fn list(
        pool: &PgPool,
        department: Option<&Department>,
        after: &str,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<On<Self>>, StoreError>> + Send;

    /// Keeps a new one; `false` when there is one under this id.
    fn insert(tx: &mut PgConnection, stored: &On<Self>) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Writes one that is locked.
    fn update(tx: &mut PgConnection, stored: &On<Self>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Forgets one that is locked.
    fn delete(tx: &mut PgConnection, id: &Self::Id) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A shelf over a table whose id, key constraint and content are called so.
macro_rules! shelf {
    ($(#[$doc:meta])* $shelf:ident: $table:literal, $key:literal, $pkey:literal, $content:literal, $id:ty, $kept:ty) => {
        $(#[$doc])*
        pub(crate) struct $shelf;

        const _: () = {
            use jiff_sqlx::ToSqlx as _;
            use postgres::affected_one;
            use prost::Message as _;
            use ticketing_domain::Named;

            use crate::store::{actor, word};

            struct Row {
                id: String,
                title: String,
                department: Option<String>,
                content: Vec<u8>,
                actor_kind: String,
                actor_id: String,
                actor_department: Option<String>,
                created_at: jiff_sqlx::Timestamp,
                version: i64,
            }

            impl TryFrom<Row> for StoredNamed<$id, $kept> {
                type Error = StoreError;

                fn try_from(row: Row) -> Result<Self, StoreError> {
                    let key = row.id.as_str();
                    let named = Named {
                        id: word($table, $key, key, <$id>::of(key).ok())?,
                        title: word($table, "title", key, row.title.parse().ok())?,
                        department: match row.department {
                            Some(slug) => Some(word($table, "department", key, slug.parse().ok())?),
                            None => None,
                        },
                        content: word($table, $content, key, <$kept>::decode(row.content.as_slice()).ok())?,
                        by: actor($table, key, &row.actor_kind, row.actor_id, row.actor_department)?,
                        at: row.created_at.to_jiff(),
                    };
                    Ok(Self { named, version: row.version })
                }
            }

            impl Shelf for $shelf {
                type Id = $id;
                type Content = $kept;

                #[tracing::instrument(name = "db.named.get", skip_all, fields(shelf = $table))]
                async fn get(pool: &PgPool, id: &$id) -> Result<Option<StoredNamed<$id, $kept>>, StoreError> {
                    let row = sqlx::query_as!(Row, "select " + $key + r#" as "id!", title, department, "# + $content
                        + r#" as "content!", actor_kind, actor_id, actor_department, created_at as "created_at: _", version
                             from ticketing."# + $table + " where " + $key + " = $1", id.as_str());
                    row.fetch_optional(pool).await?.map(StoredNamed::try_from).transpose()
                }

                #[tracing::instrument(name = "db.named.lock", skip_all, fields(shelf = $table))]
                async fn lock(
                    tx: &mut PgConnection,
                    id: &$id,
                ) -> Result<Option<StoredNamed<$id, $kept>>, StoreError> {
                    let row = sqlx::query_as!(Row, "select " + $key + r#" as "id!", title, department, "# + $content
                        + r#" as "content!", actor_kind, actor_id, actor_department, created_at as "created_at: _", version
                             from ticketing."# + $table + " where " + $key + " = $1 for update", id.as_str());
                    row.fetch_optional(tx).await?.map(StoredNamed::try_from).transpose()
                }

                #[tracing::instrument(name = "db.named.share", skip_all, fields(shelf = $table))]
                async fn share(
                    tx: &mut PgConnection,
                    id: &$id,
                ) -> Result<Option<StoredNamed<$id, $kept>>, StoreError> {
                    let row = sqlx::query_as!(Row, "select " + $key + r#" as "id!", title, department, "# + $content
                        + r#" as "content!", actor_kind, actor_id, actor_department, created_at as "created_at: _", version
                             from ticketing."# + $table + " where " + $key + " = $1 for share", id.as_str());
                    row.fetch_optional(tx).await?.map(StoredNamed::try_from).transpose()
                }

                #[tracing::instrument(name = "db.named.list", skip_all, fields(shelf = $table))]
                async fn list(
                    pool: &PgPool,
                    department: Option<&Department>,
                    after: &str,
                    limit: i64,
                ) -> Result<Vec<StoredNamed<$id, $kept>>, StoreError> {
                    let rows = sqlx::query_as!(
                        Row,
                        "select " + $key + r#" as "id!", title, department, "# + $content
                        + r#" as "content!", actor_kind, actor_id, actor_department, created_at as "created_at: _", version
                             from ticketing."# + $table + " where " + $key + " > $1 and ($2::text is null or department is null or department = $2) order by "
                            + $key + " limit $3",
                        after,
                        department.map(Department::as_str),
                        limit,
                    );
                    rows.fetch_all(pool).await?.into_iter().map(StoredNamed::try_from).collect()
                }

                #[tracing::instrument(name = "db.named.insert", skip_all, fields(shelf = $table))]
                async fn insert(tx: &mut PgConnection, stored: &StoredNamed<$id, $kept>) -> Result<bool, StoreError> {
                    let named = &stored.named;
                    let kept = sqlx::query!(
                        "insert into ticketing." + $table + " (" + $key + ", title, department, " + $content
                            + ", actor_kind, actor_id, actor_department, created_at, version)
                               values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict on constraint "
                            + $pkey + " do nothing",
                        named.id.as_str(),
                        named.title.as_str(),
                        named.department.as_ref().map(Department::as_str),
                        named.content.encode_to_vec(),
                        named.by.kind.as_str(),
                        named.by.id,
                        named.by.department.as_ref().map(Department::as_str),
                        named.at.to_sqlx() as _,
                        stored.version,
                    );
                    Ok(kept.execute(tx).await?.rows_affected() == 1)
                }

                #[tracing::instrument(name = "db.named.update", skip_all, fields(shelf = $table))]
                async fn update(tx: &mut PgConnection, stored: &StoredNamed<$id, $kept>) -> Result<(), StoreError> {
                    let named = &stored.named;
                    let written = sqlx::query!(
                        "update ticketing." + $table + " set title = $2, department = $3, " + $content
                            + " = $4, version = $5 where " + $key + " = $1",
                        named.id.as_str(),
                        named.title.as_str(),
                        named.department.as_ref().map(Department::as_str),
                        named.content.encode_to_vec(),
                        stored.version,
                    );
                    affected_one(&written.execute(tx).await?)
                }

                #[tracing::instrument(name = "db.named.delete", skip_all, fields(shelf = $table))]
                async fn delete(tx: &mut PgConnection, id: &$id) -> Result<(), StoreError> {
                    let gone = sqlx::query!("delete from ticketing." + $table + " where " + $key + " = $1", id.as_str());
                    affected_one(&gone.execute(tx).await?)
                }
            }
        };
    };
}

shelf!(
    /// Filters.
    Views: "view", "view_id", "view_pkey", "filter", ViewId, pb::TicketFilter
);
shelf!(
    /// Macros.
    Macros: "macro", "macro_id", "macro_pkey", "said", MacroId, pb::Macro
);
shelf!(
    /// Causes.
    Causes: "cause", "cause_id", "cause_pkey", "content", RootCauseId, pb::RootCause
);
shelf!(
    /// Items of redress.
    Items: "redress_item", "item_id", "redress_item_pkey", "content", RedressItemId, pb::RedressItem
);
shelf!(
    /// What departments are called.
    Departments: "department", "department_id", "department_pkey", "content", DepartmentId, pb::Department
);
shelf!(
    /// Templates of notices.
    NoticeTemplates: "notice_template", "template_id", "notice_template_pkey", "content", NoticeTemplateId, pb::NoticeTemplate
);
