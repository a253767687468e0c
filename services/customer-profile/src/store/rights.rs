//! Erasures, restrictions, and destroying what is held of a customer.

use ::rights::ErasureId;
use customer_profile_domain::{CustomerId, ErasureGround, RestrictionGround, RestrictionId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, ResourceId};
use postgres::StoreError;
use prost::Message;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

/// An erasure that was granted.
#[derive(Debug, Clone)]
pub(crate) struct Erasure {
    pub id: ErasureId,
    pub customer: CustomerId,
    pub ids: Vec<Uuid>,
    pub ground: ErasureGround,
    pub asked_at: Timestamp,
}

/// Writes the erasure down; answers `false` when it was written before.
#[tracing::instrument(name = "db.erasure.put", skip_all)]
pub(crate) async fn put(tx: &mut PgConnection, erasure: &Erasure, actor: &Actor) -> Result<bool, StoreError> {
    let put = sqlx::query!(
        "insert into customer_profile.erasure_request (id, customer_id, ids, ground, asked_at, actor_kind, actor_id)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict on constraint erasure_request_pkey do nothing",
        erasure.id.uuid(),
        erasure.customer.uuid(),
        &erasure.ids,
        erasure.ground.as_str(),
        erasure.asked_at.to_sqlx() as _,
        actor.kind.as_str(),
        actor.id,
    )
    .execute(tx)
    .await?;
    Ok(put.rows_affected() == 1)
}

/// All erasures that were granted, the oldest first.
#[tracing::instrument(name = "db.erasure.all", skip_all)]
pub(crate) async fn all(pool: &PgPool) -> Result<Vec<Erasure>, StoreError> {
    let rows = sqlx::query_as!(
        ErasureRow,
        "select id, customer_id, ids, ground, asked_at from customer_profile.erasure_request order by asked_at, id"
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Erasure::try_from).collect()
}

/// One erasure that was granted.
#[tracing::instrument(name = "db.erasure.find", skip_all)]
pub(crate) async fn find(connection: &mut PgConnection, id: ErasureId) -> Result<Option<Erasure>, StoreError> {
    let row = sqlx::query_as!(
        ErasureRow,
        "select id, customer_id, ids, ground, asked_at from customer_profile.erasure_request where id = $1",
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Erasure::try_from).transpose()
}

struct ErasureRow {
    id: Uuid,
    customer_id: Uuid,
    ids: Vec<Uuid>,
    ground: String,
    asked_at: jiff_sqlx::Timestamp,
}

impl TryFrom<ErasureRow> for Erasure {
    type Error = StoreError;

    fn try_from(row: ErasureRow) -> Result<Self, StoreError> {
        let ground = ErasureGround::stored(&row.ground);
        Ok(Self {
            id: ErasureId::from_uuid(row.id),
            customer: CustomerId::from_uuid(row.customer_id),
            ids: row.ids,
            ground: ground.ok_or_else(|| StoreError::corrupt("erasure_request", "ground", row.id))?,
            asked_at: row.asked_at.to_jiff(),
        })
    }
}

/// How far an erasure is; `services` are those that have a part in it.
#[tracing::instrument(name = "db.erasure.get", skip_all)]
pub(crate) async fn get(
    connection: &mut PgConnection,
    id: ErasureId,
    services: &[&str],
) -> Result<Option<proto::Erasure>, StoreError> {
    let row = sqlx::query!(
        r#"select customer_id, ground, asked_at, completed_at,
                  array(select service from customer_profile.erasure_part p
                        where p.erasure_id = r.id order by service) as "services!: Vec<String>",
                  array(select erased_at from customer_profile.erasure_part p
                        where p.erasure_id = r.id order by service) as "times!: Vec<jiff_sqlx::Timestamp>"
           from customer_profile.erasure_request r where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let ground = ErasureGround::stored(&row.ground);
    let ground = ground.ok_or_else(|| StoreError::corrupt("erasure_request", "ground", id.uuid()))?;
    let time = |at: jiff_sqlx::Timestamp| server::parse::time_to_proto(at.to_jiff());
    let done = |service: &str| row.services.iter().position(|done| done == service).map(|place| time(row.times[place]));
    Ok(Some(proto::Erasure {
        name: id.name(),
        customer: CustomerId::from_uuid(row.customer_id).name(),
        ground: crate::grounds::erasure_to_proto(ground).into(),
        create_time: Some(time(row.asked_at)),
        parts: services
            .iter()
            .map(|service| proto::ErasurePart { service: (*service).to_owned(), erase_time: done(service) })
            .collect(),
        complete_time: row.completed_at.map(time),
    }))
}

/// Notes that a service is done, at the first time it says so.
#[tracing::instrument(name = "db.erasure.part", skip_all)]
pub(crate) async fn part(tx: &mut PgConnection, id: ErasureId, service: &str, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into customer_profile.erasure_part (erasure_id, service, erased_at) values ($1, $2, $3)
         on conflict on constraint erasure_part_pkey do nothing",
        id.uuid(),
        service,
        at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Ends the erasure when all these services are done; answers the customer when it was this that ended it.
#[tracing::instrument(name = "db.erasure.complete", skip_all)]
pub(crate) async fn complete(
    tx: &mut PgConnection,
    id: ErasureId,
    services: &[String],
    now: Timestamp,
) -> Result<Option<CustomerId>, StoreError> {
    let ended = sqlx::query_scalar!(
        "update customer_profile.erasure_request r set completed_at = $3
         where id = $1 and completed_at is null
           and (select count(*) from customer_profile.erasure_part p where p.erasure_id = $1 and p.service = any($2))
               = cardinality($2)
         returning customer_id",
        id.uuid(),
        services,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx)
    .await?;
    Ok(ended.map(CustomerId::from_uuid))
}

/// Destroys what is held of the person with these ids: records, links, contacts, what was told of affairs, consents, wishes,
/// declarations, relations, dealings and what was to be done for them. Who somebody else is said to be stays, without the words. Doing it again does no harm.
#[tracing::instrument(name = "db.rights.wipe", skip_all)]
pub(crate) async fn wipe(tx: &mut PgConnection, ids: &[Uuid], now: Timestamp) -> Result<(), StoreError> {
    let records = sqlx::query_scalar!(
        "update customer_profile.source_record
         set external_id = 'erased:' || id, name_key = null, keyed_by = 'erased', compared_by = 'erased'
         where own_customer_id = any($1) returning id",
        ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    sqlx::query!(
        "with version as (
             delete from customer_profile.source_record_version where source_record_id = any($1)
         ), identifier as (
             delete from customer_profile.identifier where source_record_id = any($1)
         ), match_key as (
             delete from customer_profile.match_key where source_record_id = any($1)
         ), proposal as (
             delete from customer_profile.match_proposal where record_a = any($1) or record_b = any($1)
         ), change as (
             delete from customer_profile.rules_change where record_a = any($1) or record_b = any($1)
         )
         update customer_profile.identity_link
         set evidence_key = id::text, reason = '', judgement = null, revoked_by = coalesce(revoked_by, 'erasure'),
             revoked_at = coalesce(revoked_at, $2)
         where record_a = any($1) or record_b = any($1)",
        &records,
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "with contact as (
             delete from customer_profile.interaction where customer_id = any($1)
         ), event as (
             delete from customer_profile.timeline_event where customer_id = any($1)
         ), ticket as (
             update customer_profile.view_ticket set subject = '' where customer_id = any($1) and subject <> ''
         ), promise as (
             update customer_profile.view_promise set text = '' where customer_id = any($1) and text <> ''
         ), survey as (
             delete from customer_profile.view_survey where customer_id = any($1)
         ), consent as (
             delete from customer_profile.consent_statement where customer_id = any($1)
         ), preference as (
             delete from customer_profile.contact_preference_statement where customer_id = any($1)
         ), declaration as (
             delete from customer_profile.vulnerability where customer_id = any($1)
         ), dealing as (
             delete from customer_profile.dealing where customer_id = any($1)
         ), action as (
             delete from customer_profile.next_action where customer_id = any($1)
         ), relation as (
             delete from customer_profile.relation where customer_id = any($1) or other_id = any($1)
         )
         delete from customer_profile.restriction where ids <@ $1",
        ids,
    )
    .execute(&mut *tx)
    .await?;
    // Of somebody else who was held to be the same person it goes on.
    sqlx::query!(
        "update customer_profile.restriction
         set ids = array(select id from unnest(ids) as id where id <> all($1)) where ids && $1",
        ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Leaves nothing of a customer but its ids and times: all of them resolve to `goes_on`.
#[tracing::instrument(name = "db.rights.entomb", skip_all)]
pub(crate) async fn entomb(
    tx: &mut PgConnection,
    tombstone: &proto::Customer,
    goes_on: CustomerId,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with alias as (
             update customer_profile.customer_alias set customer_id = $1 where id = any($2) and customer_id <> $1
         ), record as (
             update customer_profile.source_record set customer_id = $1
             where own_customer_id = any($2) and customer_id <> $1
         ), absorbed as (
             update customer_profile.customer
             set state = 'absorbed', ids = '{}', profile = null, language = 0, row_version = row_version + 1, updated_at = $4
             where id = any($2) and id <> $1 and state <> 'absorbed'
         )
         update customer_profile.customer
         set state = 'erased', ids = $2, profile = $3, language = 0, restricted = false, row_version = row_version + 1,
             updated_at = $4
         where id = $1",
        goes_on.uuid(),
        ids,
        tombstone.encode_to_vec(),
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Affairs of the customer with these ids, as far as others told of them.
#[tracing::instrument(name = "db.rights.affairs", skip_all)]
pub(crate) async fn affairs(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
    let tickets =
        sqlx::query_scalar!("select ticket_id from customer_profile.view_ticket where customer_id = any($1)", ids);
    Ok(tickets.fetch_all(tx).await?)
}

/// Positions of entries about other customers whose personal part is a steward's reason for a link with one of these ids'
/// records. The customer that an entry is about was whoever went on then: any of those that ever hung together with the
/// records, directly or by way of others, whoever they are one with now.
#[tracing::instrument(name = "db.rights.reasons", skip_all)]
pub(crate) async fn reasons_elsewhere(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<i64>, StoreError> {
    let positions = sqlx::query_scalar!(
        r#"with recursive own as materialized (
               select id from customer_profile.source_record where own_customer_id = any($1)
           ), reached (id) as (
               select id from own
               union
               select n.id from reached r cross join lateral (
                   select l.record_b as id from customer_profile.identity_link l where l.record_a = r.id
                   union all
                   select l.record_a from customer_profile.identity_link l where l.record_b = r.id
                   offset 0
               ) n
           ), other as materialized (
               select distinct 'customers/' || s.own_customer_id as aggregate
               from reached join customer_profile.source_record s on s.id = reached.id
               where s.own_customer_id <> all($1)
           )
           select l.position as "position!" from other join customer_profile.ledger_known l on l.aggregate = other.aggregate
           where l.committed and l.type = 'ventanilla.customer.v1.IdentityLinkAsserted'
             and exists (select from own where position(convert_to('sourceRecords/' || own.id, 'UTF8') in l.payload) > 0)"#,
        ids,
    )
    .fetch_all(tx)
    .await?;
    Ok(positions)
}

/// A restriction as it is kept.
pub(crate) struct Restriction {
    pub id: RestrictionId,
    pub customer: CustomerId,
    /// Every id of the customer at the time.
    pub ids: Vec<Uuid>,
    pub ground: RestrictionGround,
    pub restricted_at: Timestamp,
    pub lifted_at: Option<Timestamp>,
}

/// Writes a restriction, and marks the customer.
#[tracing::instrument(name = "db.restriction.put", skip_all)]
pub(crate) async fn restrict(
    tx: &mut PgConnection,
    restriction: &Restriction,
    goes_on: CustomerId,
    actor: &Actor,
) -> Result<(), StoreError> {
    sqlx::query!(
        "with stated as (
             insert into customer_profile.restriction (id, customer_id, ground, restricted_at, actor_kind, actor_id, ids)
             values ($1, $2, $3, $4, $5, $6, $8)
         )
         update customer_profile.customer set restricted = true, row_version = row_version + 1, updated_at = $4 where id = $7",
        restriction.id.uuid(),
        restriction.customer.uuid(),
        restriction.ground.as_str(),
        restriction.restricted_at.to_sqlx() as _,
        actor.kind.as_str(),
        actor.id,
        goes_on.uuid(),
        &restriction.ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A restriction, locked.
#[tracing::instrument(name = "db.restriction.lock", skip_all)]
pub(crate) async fn restriction(tx: &mut PgConnection, id: RestrictionId) -> Result<Option<Restriction>, StoreError> {
    let row = sqlx::query!(
        "select customer_id, ids, ground, restricted_at, lifted_at from customer_profile.restriction where id = $1 for update",
        id.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let ground = RestrictionGround::stored(&row.ground);
    Ok(Some(Restriction {
        id,
        customer: CustomerId::from_uuid(row.customer_id),
        ids: row.ids,
        ground: ground.ok_or_else(|| StoreError::corrupt("restriction", "ground", id.uuid()))?,
        restricted_at: row.restricted_at.to_jiff(),
        lifted_at: row.lifted_at.map(|at| at.to_jiff()),
    }))
}

/// Restrictions of the customers with these ids, the oldest first; those that are lifted too.
#[tracing::instrument(name = "db.restriction.of", skip_all)]
pub(crate) async fn restrictions(executor: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<Restriction>, StoreError> {
    let rows = sqlx::query!(
        "select id, customer_id, ids, ground, restricted_at, lifted_at from customer_profile.restriction
         where ids && $1 order by restricted_at, id",
        ids,
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter()
        .map(|row| {
            let ground = RestrictionGround::stored(&row.ground);
            Ok(Restriction {
                id: RestrictionId::from_uuid(row.id),
                customer: CustomerId::from_uuid(row.customer_id),
                ids: row.ids,
                ground: ground.ok_or_else(|| StoreError::corrupt("restriction", "ground", row.id))?,
                restricted_at: row.restricted_at.to_jiff(),
                lifted_at: row.lifted_at.map(|at| at.to_jiff()),
            })
        })
        .collect()
}

/// Lifts a restriction; the mark of each of these customers goes when it was the last one.
#[tracing::instrument(name = "db.restriction.lift", skip_all)]
pub(crate) async fn lift(
    tx: &mut PgConnection,
    id: RestrictionId,
    covered: &[Uuid],
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update customer_profile.restriction set lifted_at = $2 where id = $1 and lifted_at is null",
        id.uuid(),
        now.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update customer_profile.customer c
         set restricted = exists (select from customer_profile.restriction r
                                  where r.ids && c.ids and r.lifted_at is null),
             row_version = row_version + 1, updated_at = $2
         where id = any($1)",
        covered,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}
