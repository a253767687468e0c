//! Customers and the ids that resolve to them.

use std::collections::{BTreeMap, HashSet};

use customer_profile_domain::{CustomerId, Group};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use prost::Message;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

/// What became of customers that were named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Locked {
    /// All are as they were named; the last of them was written at this instant.
    All(Timestamp),
    /// One was absorbed meanwhile: who is who has to be read again.
    Absorbed,
    /// One was erased.
    Erased(CustomerId),
}

/// Locks the customers in the order of their ids.
#[tracing::instrument(name = "db.customer.lock_active", skip_all)]
pub(crate) async fn lock_active(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Locked, StoreError> {
    let rows = sqlx::query_as!(
        StateRow,
        "select id, state, updated_at from customer_profile.customer where id = any($1) order by id for update",
        ids,
    )
    .fetch_all(tx)
    .await?;
    Ok(became(&rows, ids.len()))
}

/// The same without locking them.
#[tracing::instrument(name = "db.customer.look_active", skip_all)]
pub(crate) async fn look_active(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Locked, StoreError> {
    let rows = sqlx::query_as!(
        StateRow,
        "select id, state, updated_at from customer_profile.customer where id = any($1) order by id",
        ids,
    )
    .fetch_all(tx)
    .await?;
    Ok(became(&rows, ids.len()))
}

/// Whether nobody stands under any of these ids: they are of nobody, or of somebody who was erased. A row that is marked stays so.
#[tracing::instrument(name = "db.customer.look_erased", skip_all)]
pub(crate) async fn look_erased(tx: &mut PgConnection, ids: &[Uuid]) -> Result<bool, StoreError> {
    let stands = sqlx::query_scalar!(
        r#"select exists (
               select from customer_profile.customer_alias a join customer_profile.customer c on c.id = a.customer_id
               where a.id = any($1) and c.state = 'active'
           ) as "stands!""#,
        ids,
    )
    .fetch_one(tx)
    .await?;
    Ok(!stands)
}

struct StateRow {
    id: Uuid,
    state: String,
    updated_at: jiff_sqlx::Timestamp,
}

fn became(rows: &[StateRow], named: usize) -> Locked {
    if let Some(erased) = rows.iter().find(|row| row.state == "erased") {
        return Locked::Erased(CustomerId::from_uuid(erased.id));
    }
    let all = rows.len() == named && rows.iter().all(|row| row.state == "active");
    let last = rows.iter().map(|row| row.updated_at.to_jiff()).max();
    if all { Locked::All(last.unwrap_or(Timestamp::MIN)) } else { Locked::Absorbed }
}

/// Who an id resolves to, and how things stand with them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    pub customer: CustomerId,
    /// Every id that resolves to it.
    pub ids: Vec<Uuid>,
    pub erased: bool,
    pub restricted: bool,
}

/// Who this id resolves to, kept from being erased or absorbed until the transaction ends.
#[tracing::instrument(name = "db.customer.hold", skip_all)]
pub(crate) async fn hold(tx: &mut PgConnection, id: CustomerId) -> Result<Option<Standing>, StoreError> {
    let row = sqlx::query!(
        r#"select c.id, c.ids, c.state = 'erased' as "erased!", c.restricted from customer_profile.customer_alias a
           join customer_profile.customer c on c.id = a.customer_id where a.id = $1 for share of c"#,
        id.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    Ok(row.map(|row| Standing {
        customer: CustomerId::from_uuid(row.id),
        ids: row.ids,
        erased: row.erased,
        restricted: row.restricted,
    }))
}

/// Every id of whoever these ids resolve to, of each whether their data is kept and not used.
#[tracing::instrument(name = "db.customer.known_as", skip_all)]
pub(crate) async fn known_as(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<(Vec<Uuid>, bool)>, StoreError> {
    let rows = sqlx::query!(
        "select c.ids, c.restricted from customer_profile.customer_alias a
         join customer_profile.customer c on c.id = a.customer_id where a.id = any($1)",
        ids
    );
    Ok(rows.fetch_all(pool).await?.into_iter().map(|row| (row.ids, row.restricted)).collect())
}

/// Writes the group as one customer, as it was put together by the survivorship with this number: its row, the ids that resolve to
/// it, and its members. Answers `false` when another is in force, and has written no customer then.
#[tracing::instrument(name = "db.customer.put", skip_all)]
pub(crate) async fn put(
    tx: &mut PgConnection,
    group: &Group,
    profile: &proto::Customer,
    language: i16,
    number: i32,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let ids: Vec<Uuid> = group.records.iter().map(|n| n.own_customer.uuid()).collect();
    let records: Vec<Uuid> = group.records.iter().map(|n| n.record.uuid()).collect();
    let created_at = group.records.first().map_or(now, |oldest| oldest.recorded_at);
    let done = sqlx::query!(
        r#"with alias as (
               insert into customer_profile.customer_alias (id, customer_id) select unnest($2::uuid[]), $1
               on conflict on constraint customer_alias_pkey do update set customer_id = excluded.customer_id
               where customer_alias.customer_id <> excluded.customer_id
           ), moved as (
               update customer_profile.source_record set customer_id = $1 where id = any($3) and customer_id <> $1
           ), moved_identifiers as (
               update customer_profile.identifier set customer_id = $1
               where source_record_id = any($3) and customer_id <> $1
           )
           insert into customer_profile.customer
               (id, state, ids, profile, language, restricted, row_version, created_at, updated_at, survivorships, survivorships_since)
           select $1, 'active', $2, $4, $5, exists (select from customer_profile.restriction
                       where ids && $2 and lifted_at is null), 1, $6, $7,
               array_remove(array[$8::integer], 1), case when $8::integer = 1 then '{}' else array[$7::timestamptz] end
           where $8::integer = (select max(number) from customer_profile.survivorship)
           on conflict on constraint customer_pkey do update
           set state = 'active', ids = excluded.ids, profile = excluded.profile, language = excluded.language,
               restricted = excluded.restricted, row_version = customer.row_version + 1,
               updated_at = excluded.updated_at,
               survivorships = case when coalesce(customer.survivorships[cardinality(customer.survivorships)], 1) = $8::integer
                   then customer.survivorships else customer.survivorships || $8::integer end,
               survivorships_since = case when coalesce(customer.survivorships[cardinality(customer.survivorships)], 1) = $8::integer
                   then customer.survivorships_since else customer.survivorships_since || $7::timestamptz end"#,
        group.customer.uuid(),
        &ids,
        &records,
        profile.encode_to_vec(),
        language,
        created_at.to_sqlx() as _,
        now.to_sqlx() as _,
        number,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Marks customers whose records all went to another.
#[tracing::instrument(name = "db.customer.absorb", skip_all)]
pub(crate) async fn absorb(tx: &mut PgConnection, ids: &[CustomerId], now: Timestamp) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        r#"update customer_profile.customer
           set state = 'absorbed', ids = '{}', profile = null, restricted = false, row_version = row_version + 1, updated_at = $2
           where id = any($1)"#,
        &ids,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The customer that this id resolves to.
#[tracing::instrument(name = "db.customer.get", skip_all)]
pub(crate) async fn get(db: impl PgExecutor<'_>, id: CustomerId) -> Result<Option<proto::Customer>, StoreError> {
    let row = sqlx::query!(
        r#"select c.id, c.profile, c.restricted, c.row_version from customer_profile.customer_alias a
           join customer_profile.customer c on c.id = a.customer_id where a.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(db)
    .await?;
    row.map(|row| decode(row.id, row.profile.as_deref(), row.restricted, row.row_version)).transpose()
}

/// The customers that these ids resolve to now; ids that nobody ever had are left out.
#[tracing::instrument(name = "db.customer.resolve", skip_all)]
pub(crate) async fn resolve(
    tx: &mut PgConnection,
    ids: &[CustomerId],
) -> Result<BTreeMap<CustomerId, CustomerId>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!("select id, customer_id from customer_profile.customer_alias where id = any($1)", &ids)
        .fetch_all(tx)
        .await?;
    Ok(rows.into_iter().map(|r| (CustomerId::from_uuid(r.id), CustomerId::from_uuid(r.customer_id))).collect())
}

/// These active customers, the oldest first.
#[tracing::instrument(name = "db.customer.load", skip_all)]
pub(crate) async fn load(
    tx: &mut PgConnection,
    ids: impl IntoIterator<Item = CustomerId>,
) -> Result<Vec<proto::Customer>, StoreError> {
    let ids: Vec<Uuid> = ids.into_iter().map(ResourceId::uuid).collect();
    let rows = sqlx::query!(
        r#"select id, profile, restricted, row_version from customer_profile.customer
           where id = any($1) and state = 'active' order by created_at, id"#,
        &ids,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|row| decode(row.id, row.profile.as_deref(), row.restricted, row.row_version)).collect()
}

/// A stored profile with its state and etag.
pub(crate) fn decode(
    id: Uuid,
    profile: Option<&[u8]>,
    restricted: bool,
    row_version: i64,
) -> Result<proto::Customer, StoreError> {
    let corrupt = || StoreError::corrupt("customer", "profile", id);
    let mut customer = proto::Customer::decode(profile.ok_or_else(corrupt)?).map_err(|_| corrupt())?;
    if restricted {
        customer.state = proto::CustomerState::Restricted.into();
    }
    customer.etag = postgres::etag(row_version);
    Ok(customer)
}

/// Those of these customer ids whose data is kept and not used.
#[tracing::instrument(name = "db.customer.restricted_among", skip_all)]
pub(crate) async fn restricted_among(tx: &mut PgConnection, ids: &[Uuid]) -> Result<HashSet<CustomerId>, StoreError> {
    let restricted = sqlx::query_scalar!(
        r#"select a.id from customer_profile.customer_alias a
           join customer_profile.customer c on c.id = a.customer_id where a.id = any($1) and c.restricted"#,
        ids,
    )
    .fetch_all(tx)
    .await?;
    Ok(restricted.into_iter().map(CustomerId::from_uuid).collect())
}

/// Whether the data of the customer that this id resolves to is kept and not used.
#[tracing::instrument(name = "db.customer.is_restricted", skip_all)]
pub(crate) async fn is_restricted(executor: impl PgExecutor<'_>, id: CustomerId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select c.restricted from customer_profile.customer_alias a
           join customer_profile.customer c on c.id = a.customer_id where a.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    Ok(found.unwrap_or_default())
}

/// Whether anybody ever had this id.
#[tracing::instrument(name = "db.customer.exists", skip_all)]
pub(crate) async fn exists(tx: &mut PgConnection, id: CustomerId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from customer_profile.customer_alias where id = $1) as "found!""#,
        id.uuid(),
    )
    .fetch_one(tx)
    .await?;
    Ok(found)
}
