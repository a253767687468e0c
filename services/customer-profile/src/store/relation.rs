//! Relations of customers.

use std::fmt;

use customer_profile_domain::{CustomerId, RelationId, RelationKind};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, Personal, ResourceId};
use postgres::StoreError;
use serde::Deserialize;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// A relation as it is kept: what is said of the first of the two.
#[derive(Debug, Clone)]
pub(crate) struct Relation {
    pub id: RelationId,
    pub kind: RelationKind,
    pub customer: CustomerId,
    pub other: CustomerId,
    pub evidence: Personal<String>,
    pub stated_at: Timestamp,
    pub stated_by: String,
    pub expires_at: Option<Timestamp>,
    pub ended: Option<(String, Timestamp)>,
}

/// The relation that says the same of the customers with these ids, under whatever id, and stands. Who lives together does so from both
/// sides.
#[tracing::instrument(name = "db.relation.standing", skip_all)]
pub(crate) async fn standing(
    tx: &mut PgConnection,
    kind: RelationKind,
    [first, second]: [&Vec<Uuid>; 2],
    now: Timestamp,
) -> Result<Option<RelationId>, StoreError> {
    let id = sqlx::query_scalar!(
        r#"select id as "id!" from (
               select id from customer_profile.relation
               where kind = $1 and customer_id = any($2) and other_id = any($3) and ended_at is null
                 and (expires_at is null or expires_at > $4)
               union all
               select id from customer_profile.relation
               where $5 and kind = $1 and customer_id = any($3) and other_id = any($2) and ended_at is null
                 and (expires_at is null or expires_at > $4)
           ) said limit 1"#,
        kind.as_str(),
        first,
        second,
        now.to_sqlx() as _,
        kind == RelationKind::Household,
    )
    .fetch_optional(tx)
    .await?;
    Ok(id.map(RelationId::from_uuid))
}

/// Writes it down; answers the id of one that says the same and stands, when there is one.
#[tracing::instrument(name = "db.relation.state", skip_all)]
pub(crate) async fn state(
    tx: &mut PgConnection,
    new: &Relation,
    actor: &Actor,
    now: Timestamp,
) -> Result<Option<RelationId>, StoreError> {
    // One that ended by itself makes room.
    sqlx::query!(
        "update customer_profile.relation set ended_at = expires_at
         where kind = $1 and customer_id = $2 and other_id = $3 and ended_at is null and expires_at <= $4",
        new.kind.as_str(),
        new.customer.uuid(),
        new.other.uuid(),
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    let stated = sqlx::query!(
        "insert into customer_profile.relation
             (id, kind, customer_id, other_id, evidence, stated_at, expires_at, actor_kind, actor_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (kind, customer_id, other_id) where ended_at is null do nothing",
        new.id.uuid(),
        new.kind.as_str(),
        new.customer.uuid(),
        new.other.uuid(),
        new.evidence.expose(),
        new.stated_at.to_sqlx() as _,
        new.expires_at.map(|at| at.to_sqlx()) as _,
        actor.kind.as_str(),
        actor.id,
    )
    .execute(&mut *tx)
    .await?;
    if stated.rows_affected() == 1 {
        return Ok(None);
    }
    let standing = sqlx::query_scalar!(
        "select id from customer_profile.relation
         where kind = $1 and customer_id = $2 and other_id = $3 and ended_at is null",
        new.kind.as_str(),
        new.customer.uuid(),
        new.other.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    // Ended in this very moment: the caller does it again.
    standing.map(|id| Some(RelationId::from_uuid(id))).ok_or(StoreError::Contended)
}

/// Ends it, unless it had ended; answers it as it stands, and whether this ended it.
#[tracing::instrument(name = "db.relation.end", skip_all)]
pub(crate) async fn end(
    tx: &mut PgConnection,
    id: RelationId,
    by: &str,
    now: Timestamp,
) -> Result<Option<(Relation, bool)>, StoreError> {
    let ended = sqlx::query!(
        "update customer_profile.relation set ended_at = $2, ended_by = $3
         where id = $1 and ended_at is null and (expires_at is null or expires_at > $2)",
        id.uuid(),
        now.to_sqlx() as _,
        by,
    )
    .execute(&mut *tx)
    .await?;
    let row = sqlx::query_as!(
        Row,
        "select r.id, r.kind, a.customer_id, b.customer_id as other_id, r.evidence, r.stated_at, r.expires_at, r.ended_at,
                r.ended_by, r.actor_id
         from customer_profile.relation r
         join customer_profile.customer_alias a on a.id = r.customer_id
         join customer_profile.customer_alias b on b.id = r.other_id
         where r.id = $1",
        id.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(|row| Ok((Relation::try_from(row)?, ended.rows_affected() == 1))).transpose()
}

struct Row {
    id: Uuid,
    kind: String,
    customer_id: Uuid,
    other_id: Uuid,
    evidence: String,
    stated_at: jiff_sqlx::Timestamp,
    expires_at: Option<jiff_sqlx::Timestamp>,
    ended_at: Option<jiff_sqlx::Timestamp>,
    ended_by: String,
    actor_id: String,
}

impl TryFrom<Row> for Relation {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let kind = RelationKind::stored(&row.kind);
        Ok(Self {
            id: RelationId::from_uuid(row.id),
            kind: kind.ok_or_else(|| StoreError::corrupt("relation", "kind", row.id))?,
            customer: CustomerId::from_uuid(row.customer_id),
            other: CustomerId::from_uuid(row.other_id),
            evidence: row.evidence.into(),
            stated_at: row.stated_at.to_jiff(),
            stated_by: row.actor_id,
            expires_at: row.expires_at.map(|at| at.to_jiff()),
            ended: row.ended_at.map(|at| (row.ended_by, at.to_jiff())),
        })
    }
}

/// A relation that stands, as the statement of the view gives it.
#[derive(Deserialize)]
pub(crate) struct Standing {
    id: Uuid,
    kind: String,
    /// It is kept from the other's side.
    inverse: bool,
    other: Uuid,
    evidence: String,
    stated_at: Timestamp,
    expires_at: Option<Timestamp>,
    actor_id: String,
}

/// Without what is personal.
impl fmt::Debug for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Standing").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Standing {
    /// As it is said of this customer.
    pub(crate) fn of(self, customer: CustomerId) -> Result<Relation, StoreError> {
        let kind = RelationKind::stored(&self.kind).ok_or_else(|| StoreError::corrupt("relation", "kind", self.id))?;
        Ok(Relation {
            id: RelationId::from_uuid(self.id),
            kind: if self.inverse { kind.inverse() } else { kind },
            customer,
            other: CustomerId::from_uuid(self.other),
            evidence: self.evidence.into(),
            stated_at: self.stated_at,
            stated_by: self.actor_id,
            expires_at: self.expires_at,
            ended: None,
        })
    }
}

/// All relations that were ever stated of the customer that this id resolves to, under every id of both, the newest first; each as it is kept, with
/// the ids as they resolve now.
#[tracing::instrument(name = "db.relation.page", skip_all)]
pub(crate) async fn page(
    pool: &PgPool,
    customer: CustomerId,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Relation>, StoreError> {
    let (at, id) = before.unwrap_or((Timestamp::UNIX_EPOCH, Uuid::nil()));
    let rows = sqlx::query_as!(
        Row,
        r#"with own as materialized (
               select c.id, c.ids from customer_profile.customer_alias a
               join customer_profile.customer c on c.id = a.customer_id where a.id = $1
           ), said as (
               select r.* from own join customer_profile.relation r on r.customer_id = any(own.ids)
               union
               select r.* from own join customer_profile.relation r on r.other_id = any(own.ids)
           )
           select r.id as "id!", r.kind as "kind!", a.customer_id as "customer_id!", b.customer_id as "other_id!",
                  r.evidence as "evidence!", r.stated_at as "stated_at!", r.expires_at, r.ended_at, r.ended_by as "ended_by!",
                  r.actor_id as "actor_id!"
           from said r
           join customer_profile.customer_alias a on a.id = r.customer_id
           join customer_profile.customer_alias b on b.id = r.other_id
           where $2 or (r.stated_at, r.id) < ($3, $4)
           order by r.stated_at desc, r.id desc limit $5"#,
        customer.uuid(),
        before.is_none(),
        at.to_sqlx() as _,
        id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Relation::try_from).collect()
}
