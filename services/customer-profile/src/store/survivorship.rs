//! Which values to believe, in versions, and the customers that are to be written by the last of them.

use customer_profile_domain::CustomerId;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use prost::Message;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use crate::survivorship::Written;

/// Writes down by what the customers were written that are there before anything was kept; nothing when there are none.
#[tracing::instrument(name = "db.survivorship.put_before", skip_all)]
pub(crate) async fn put_before(pool: &PgPool, written: &Written, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into customer_profile.survivorship (number, written, adopted_at, done_at) select 1, $1::jsonb, $2::timestamptz, $2::timestamptz
         where exists (select from customer_profile.customer) and not exists (select from customer_profile.survivorship)
         on conflict on constraint survivorship_pkey do nothing",
        Json(written) as _,
        now.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Brings another into force; `None` when it is in force, or another process was faster. The first is that of everybody: nobody is to be
/// written anew.
#[tracing::instrument(name = "db.survivorship.adopt", skip_all)]
pub(crate) async fn adopt(pool: &PgPool, written: &Written, now: Timestamp) -> Result<Option<i32>, StoreError> {
    let number = sqlx::query_scalar!(
        r#"insert into customer_profile.survivorship (number, written, adopted_at, done_at)
           select coalesce(max(number), 0) + 1, $1::jsonb, $2::timestamptz, case when max(number) is null then $2::timestamptz end from customer_profile.survivorship
           having $1::jsonb is distinct from (select written from customer_profile.survivorship order by number desc limit 1)
           on conflict on constraint survivorship_pkey do nothing
           returning number"#,
        Json(written) as _,
        now.to_sqlx() as _,
    )
    .fetch_optional(pool)
    .await?;
    Ok(number)
}

/// Number of that in force.
#[tracing::instrument(level = "debug", name = "db.survivorship.number", skip_all)]
pub(crate) async fn number(pool: &PgPool) -> Result<i32, StoreError> {
    let number = sqlx::query_scalar!(r#"select max(number) as "number!" from customer_profile.survivorship"#);
    Ok(number.fetch_one(pool).await?)
}

/// That in force.
#[tracing::instrument(name = "db.survivorship.in_force", skip_all)]
pub(crate) async fn in_force(pool: &PgPool) -> Result<(i32, Written), StoreError> {
    let row = sqlx::query!(
        r#"select number, written as "written: Json<Written>" from customer_profile.survivorship order by number desc limit 1"#,
    )
    .fetch_one(pool)
    .await?;
    Ok((row.number, row.written.0))
}

/// That by which a customer's row had been written at an instant.
#[tracing::instrument(name = "db.survivorship.of_customer_at", skip_all)]
pub(crate) async fn of_customer_at(
    executor: impl PgExecutor<'_>,
    customer: CustomerId,
    known: Timestamp,
) -> Result<(i32, Written), StoreError> {
    let row = sqlx::query!(
        r#"select number, written as "written: Json<Written>" from customer_profile.survivorship
           where number = coalesce(
               (select m.number from customer_profile.customer c, unnest(c.survivorships, c.survivorships_since) as m (number, since)
                where c.id = $1 and m.since <= $2 order by m.number desc limit 1), 1)"#,
        customer.uuid(),
        known.to_sqlx() as _,
    )
    .fetch_one(executor)
    .await?;
    Ok((row.number, row.written.0))
}

/// Whether customers are to be written anew.
#[tracing::instrument(level = "debug", name = "db.survivorship.is_any_at_work", skip_all)]
pub(crate) async fn is_any_at_work(pool: &PgPool) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select done_at is null as "open!" from customer_profile.survivorship order by number desc limit 1"#,
    )
    .fetch_one(pool)
    .await?;
    Ok(found)
}

/// How far the customers are written anew by that in force, unless another worker is at it or somebody may still write by the one
/// before. A transaction of the future is one of another cluster, before a restore.
#[tracing::instrument(level = "debug", name = "db.survivorship.at_work", skip_all)]
pub(crate) async fn at_work(tx: &mut PgConnection) -> Result<Option<(i32, Uuid)>, StoreError> {
    let row = sqlx::query!(
        "select number, after_customer from customer_profile.survivorship
         where done_at is null and number = (select max(number) from customer_profile.survivorship)
           and (adopted_xid < pg_snapshot_xmin(pg_current_snapshot()) or adopted_xid >= pg_snapshot_xmax(pg_current_snapshot()))
         for update skip locked",
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| (row.number, row.after_customer)))
}

/// The customers that come after this one, with whether they are to be written by this survivorship.
#[tracing::instrument(level = "debug", name = "db.survivorship.customers_after", skip_all)]
pub(crate) async fn customers_after(
    tx: &mut PgConnection,
    after: Uuid,
    number: i32,
    limit: i64,
) -> Result<Vec<(Uuid, bool)>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, state = 'active' and coalesce(survivorships[cardinality(survivorships)], 1) <> $2 as "other!"
           from customer_profile.customer where id > $1 order by id limit $3"#,
        after,
        number,
        limit,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.other)).collect())
}

/// A customer's row that nobody else writes meanwhile.
pub(crate) struct Held {
    pub id: Uuid,
    pub shown: proto::Customer,
    pub written_at: Timestamp,
}

/// Those of these customers that stand, held; those that others hold are left out.
#[tracing::instrument(level = "debug", name = "db.survivorship.hold", skip_all)]
pub(crate) async fn hold(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Held>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, profile as "profile!", updated_at from customer_profile.customer
           where id = any($1) and state = 'active' order by id for update skip locked"#,
        ids,
    )
    .fetch_all(tx)
    .await?;
    let read = |id, profile: Vec<u8>, written_at| {
        let shown = proto::Customer::decode(profile.as_slice());
        let shown = shown.map_err(|_| StoreError::corrupt("customer", "profile", id))?;
        Ok(Held { id, shown, written_at })
    };
    rows.into_iter().map(|row| read(row.id, row.profile, row.updated_at.to_jiff())).collect()
}

/// A customer as it is to be shown.
pub(crate) struct Anew {
    pub id: Uuid,
    pub profile: Vec<u8>,
    pub language: i16,
    /// Whether anything of it changes.
    pub differs: bool,
}

/// Writes customers by this survivorship.
#[tracing::instrument(level = "debug", name = "db.survivorship.put", skip_all)]
pub(crate) async fn put(
    tx: &mut PgConnection,
    customers: &[Anew],
    number: i32,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = customers.iter().map(|customer| customer.id).collect();
    let profiles: Vec<Vec<u8>> = customers.iter().map(|customer| customer.profile.clone()).collect();
    let languages: Vec<i16> = customers.iter().map(|customer| customer.language).collect();
    let differ: Vec<bool> = customers.iter().map(|customer| customer.differs).collect();
    sqlx::query!(
        "update customer_profile.customer c
         set survivorships = c.survivorships || $5::integer, survivorships_since = c.survivorships_since || $6::timestamptz,
             profile = case when n.differs then n.profile else c.profile end, language = n.language,
             row_version = c.row_version + n.differs::integer,
             updated_at = case when n.differs then $6::timestamptz else c.updated_at end
         from unnest($1::uuid[], $2::bytea[], $3::smallint[], $4::bool[]) as n (id, profile, language, differs)
         where c.id = n.id",
        &ids,
        &profiles,
        &languages,
        &differ,
        number,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Customers up to this one are written by this survivorship.
#[tracing::instrument(level = "debug", name = "db.survivorship.went_on", skip_all)]
pub(crate) async fn went_on(tx: &mut PgConnection, number: i32, after: Uuid) -> Result<(), StoreError> {
    sqlx::query!("update customer_profile.survivorship set after_customer = $2 where number = $1", number, after)
        .execute(tx)
        .await?;
    Ok(())
}

/// All customers are.
#[tracing::instrument(name = "db.survivorship.done", skip_all)]
pub(crate) async fn done(tx: &mut PgConnection, number: i32, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update customer_profile.survivorship set done_at = $2 where number = $1",
        number,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}
