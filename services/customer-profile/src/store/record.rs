//! Source records and their versions.

use std::collections::HashMap;

use customer_profile_domain::{Content, CustomerId, PersonName, Record, Slug, SourceRecordId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, Department, ResourceId};
use postgres::StoreError;
use prost::Message;
use sqlx::PgConnection;
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use crate::content;

/// The record's row, as linking needs it.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub id: SourceRecordId,
    pub own_customer: CustomerId,
    pub customer: CustomerId,
    pub department: Department,
    pub version: i32,
    pub latest_version: i32,
    pub observed_at: Timestamp,
    pub recorded_at: Timestamp,
}

/// A version to be written.
pub(crate) struct NewVersion<'a> {
    pub record: SourceRecordId,
    pub version: i32,
    pub content: &'a [u8],
    pub observed_at: Timestamp,
    pub now: Timestamp,
    pub actor: &'a Actor,
}

/// The record's first row.
pub(crate) struct NewRecord<'a> {
    pub source_system: &'a Slug,
    pub external_id: &'a str,
    pub department: &'a Department,
    pub own_customer: CustomerId,
}

/// The customer ids that these records brought.
#[tracing::instrument(name = "db.record.own_customers", skip_all)]
pub(crate) async fn own_customers(
    tx: &mut PgConnection,
    records: &[Uuid],
) -> Result<HashMap<SourceRecordId, CustomerId>, StoreError> {
    let rows =
        sqlx::query!("select id, own_customer_id from customer_profile.source_record where id = any($1)", records,)
            .fetch_all(tx)
            .await?;
    let own = |id, own| (SourceRecordId::from_uuid(id), CustomerId::from_uuid(own));
    Ok(rows.into_iter().map(|row| own(row.id, row.own_customer_id)).collect())
}

#[tracing::instrument(name = "db.record.find", skip_all)]
pub(crate) async fn find(
    tx: &mut PgConnection,
    source_system: &Slug,
    external_id: &str,
) -> Result<Option<Head>, StoreError> {
    let row = sqlx::query!(
        r#"select id, own_customer_id, customer_id, department, version, latest_version, observed_at, recorded_at
           from customer_profile.source_record where source_system = $1 and external_id = $2"#,
        source_system.as_str(),
        external_id,
    )
    .fetch_optional(tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Head {
        id: SourceRecordId::from_uuid(row.id),
        own_customer: CustomerId::from_uuid(row.own_customer_id),
        customer: CustomerId::from_uuid(row.customer_id),
        department: row.department.parse().map_err(|_| StoreError::corrupt("source_record", "department", row.id))?,
        version: row.version,
        latest_version: row.latest_version,
        observed_at: row.observed_at.to_jiff(),
        recorded_at: row.recorded_at.to_jiff(),
    }))
}

/// Writes the first version of a record, with its identifiers.
#[tracing::instrument(name = "db.record.insert", skip_all)]
pub(crate) async fn insert(
    tx: &mut PgConnection,
    record: &NewRecord<'_>,
    version: &NewVersion<'_>,
    content: &Content,
) -> Result<(), StoreError> {
    let identifiers = Identifiers::of(content);
    sqlx::query!(
        r#"with record as (
               insert into customer_profile.source_record
                   (id, source_system, external_id, department, own_customer_id, customer_id, version, latest_version,
                    observed_at, name_key, recorded_at, updated_at)
               values ($1, $2, $3, $4, $5, $5, 1, 1, $6, $7, $8, $8)
           ), version as (
               insert into customer_profile.source_record_version
                   (source_record_id, version, content, content_hash, observed_at, recorded_at, actor_kind, actor_id)
               values ($1, 1, $9, sha256($9), $6, $8, $10, $11)
           )
           insert into customer_profile.identifier
               (kind, key, source_record_id, customer_id, recorded_at, observed_at, verified_at, shared, evidence, name_key,
                valid_from, valid_until, unproven)
           select i.kind, i.key, $1, $5, $8, $6, i.verified_at, i.shared, i.evidence, $7, i.valid_from, i.valid_until, $19
           from unnest($12::text[], $13::text[], $14::timestamptz[], $15::bool[], $16::bool[], $17::timestamptz[],
                       $18::timestamptz[])
               as i (kind, key, verified_at, shared, evidence, valid_from, valid_until)"#,
        version.record.uuid(),
        record.source_system.as_str(),
        record.external_id,
        record.department.as_str(),
        record.own_customer.uuid(),
        version.observed_at.to_sqlx() as _,
        name_key(content),
        version.now.to_sqlx() as _,
        version.content,
        version.actor.kind.as_str(),
        version.actor.id,
        &identifiers.kinds,
        &identifiers.keys,
        identifiers.verified as _,
        &identifiers.shared,
        &identifiers.evidence,
        identifiers.valid_from as _,
        identifiers.valid_until as _,
        content.unproven,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The identifiers of a version as columns.
struct Identifiers {
    kinds: Vec<String>,
    keys: Vec<String>,
    verified: Vec<Option<jiff_sqlx::Timestamp>>,
    shared: Vec<bool>,
    evidence: Vec<bool>,
    valid_from: Vec<Option<jiff_sqlx::Timestamp>>,
    valid_until: Vec<Option<jiff_sqlx::Timestamp>>,
}

impl Identifiers {
    fn of(content: &Content) -> Self {
        let all = &content.identifiers;
        Self {
            kinds: all.iter().map(|i| i.kind().as_str().to_owned()).collect(),
            keys: all.iter().map(|i| i.key().value.expose().clone()).collect(),
            verified: all.iter().map(|i| i.verified_at.map(|t| t.to_sqlx())).collect(),
            shared: all.iter().map(|i| i.shared).collect(),
            evidence: all.iter().map(|i| i.is_evidence() && !content.unproven).collect(),
            valid_from: all.iter().map(|i| i.validity.from.map(|t| t.to_sqlx())).collect(),
            valid_until: all.iter().map(|i| i.validity.until.map(|t| t.to_sqlx())).collect(),
        }
    }
}

/// Appends a version; `false` when the record has said exactly this before.
#[tracing::instrument(name = "db.record.append", skip_all)]
pub(crate) async fn append(tx: &mut PgConnection, version: &NewVersion<'_>) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        r#"with appended as (
               insert into customer_profile.source_record_version
                   (source_record_id, version, content, content_hash, observed_at, recorded_at, actor_kind, actor_id)
               values ($1, $2, $3, sha256($3), $4, $5, $6, $7)
               on conflict on constraint source_record_version_content_key do nothing
               returning version
           )
           update customer_profile.source_record set latest_version = appended.version
           from appended where id = $1"#,
        version.record.uuid(),
        version.version,
        version.content,
        version.observed_at.to_sqlx() as _,
        version.now.to_sqlx() as _,
        version.actor.kind.as_str(),
        version.actor.id,
    )
    .execute(tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Makes the version the current one and forgets the identifiers of the one before.
#[tracing::instrument(name = "db.record.supersede", skip_all)]
pub(crate) async fn supersede(
    tx: &mut PgConnection,
    version: &NewVersion<'_>,
    name_key: Option<String>,
) -> Result<(), StoreError> {
    sqlx::query!(
        r#"with gone as (delete from customer_profile.identifier where source_record_id = $1)
           update customer_profile.source_record set version = $2, observed_at = $3, name_key = $4, updated_at = $5,
               keyed_by = null, compared_by = null
           where id = $1"#,
        version.record.uuid(),
        version.version,
        version.observed_at.to_sqlx() as _,
        name_key,
        version.now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes the identifiers of a version that took over.
#[tracing::instrument(name = "db.record.put_identifiers", skip_all)]
pub(crate) async fn put_identifiers(tx: &mut PgConnection, head: &Head, content: &Content) -> Result<(), StoreError> {
    if content.identifiers.is_empty() {
        return Ok(());
    }
    let identifiers = Identifiers::of(content);
    sqlx::query!(
        r#"insert into customer_profile.identifier
               (kind, key, source_record_id, customer_id, recorded_at, observed_at, verified_at, shared, evidence, name_key,
                valid_from, valid_until, unproven)
           select i.kind, i.key, $1, $2, $3, $4, i.verified_at, i.shared, i.evidence, $5, i.valid_from, i.valid_until, $13
           from unnest($6::text[], $7::text[], $8::timestamptz[], $9::bool[], $10::bool[], $11::timestamptz[],
                       $12::timestamptz[])
               as i (kind, key, verified_at, shared, evidence, valid_from, valid_until)"#,
        head.id.uuid(),
        head.customer.uuid(),
        head.recorded_at.to_sqlx() as _,
        content.observed_at.to_sqlx() as _,
        name_key(content),
        &identifiers.kinds,
        &identifiers.keys,
        identifiers.verified as _,
        &identifiers.shared,
        &identifiers.evidence,
        identifiers.valid_from as _,
        identifiers.valid_until as _,
        content.unproven,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The name as evidence.
pub(crate) fn name_key(content: &Content) -> Option<String> {
    content.name.as_ref().and_then(PersonName::key).map(|key| key.as_str().to_owned())
}

/// A record in its current version, with what the contract shows beside it.
pub(crate) struct Stored {
    pub record: Record,
    pub external_id: String,
    pub customer: CustomerId,
    pub latest_version: i32,
    pub updated_at: Timestamp,
}

struct Row {
    id: Uuid,
    source_system: String,
    external_id: String,
    department: String,
    own_customer_id: Uuid,
    customer_id: Uuid,
    version: i32,
    latest_version: i32,
    recorded_at: jiff_sqlx::Timestamp,
    updated_at: jiff_sqlx::Timestamp,
    content: Vec<u8>,
}

impl TryFrom<Row> for Stored {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::corrupt("source_record", column, row.id);
        let said = proto::SourceRecord::decode(row.content.as_slice()).map_err(|_| corrupt("content"))?;
        let content = content::stored(&said).ok_or_else(|| corrupt("content"))?;
        Ok(Self {
            record: Record {
                id: SourceRecordId::from_uuid(row.id),
                own_customer: CustomerId::from_uuid(row.own_customer_id),
                source_system: row.source_system.parse().map_err(|_| corrupt("source_system"))?,
                department: row.department.parse().map_err(|_| corrupt("department"))?,
                recorded_at: row.recorded_at.to_jiff(),
                version: row.version,
                content,
            },
            external_id: row.external_id,
            customer: CustomerId::from_uuid(row.customer_id),
            latest_version: row.latest_version,
            updated_at: row.updated_at.to_jiff(),
        })
    }
}

/// These records in their current versions, oldest first.
#[tracing::instrument(name = "db.record.load", skip_all)]
pub(crate) async fn load(tx: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Stored>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id, r.source_system, r.external_id, r.department, r.own_customer_id, r.customer_id, r.version,
                  r.latest_version, r.recorded_at, r.updated_at, v.content
           from customer_profile.source_record r
           join customer_profile.source_record_version v on v.source_record_id = r.id and v.version = r.version
           where r.id = any($1) order by r.recorded_at, r.id"#,
        ids,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// What these records said: of each the version observed last, by `as_of`, of those written down by `known`. Records that
/// had said nothing yet are left out.
#[tracing::instrument(name = "db.record.load_at", skip_all)]
pub(crate) async fn load_at(
    tx: &mut PgConnection,
    ids: &[Uuid],
    as_of: Timestamp,
    known: Timestamp,
) -> Result<Vec<Stored>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select r.id, r.source_system, r.external_id, r.department, r.own_customer_id, r.customer_id, v.version,
                  r.latest_version, r.recorded_at, r.updated_at, v.content
           from customer_profile.source_record r
           cross join lateral (
               select * from customer_profile.source_record_version v
               where v.source_record_id = r.id and v.observed_at <= $2 and v.recorded_at <= $3
               order by v.observed_at desc, v.version desc limit 1
           ) v
           where r.id = any($1) order by r.recorded_at, r.id"#,
        ids,
        as_of.to_sqlx() as _,
        known.to_sqlx() as _,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// A page of a customer's records, oldest first, and `None` when nobody ever had the id. An empty
/// page of a known customer is `Some`.
#[tracing::instrument(name = "db.record.page", skip_all)]
pub(crate) async fn page(
    pool: &sqlx::PgPool,
    customer: CustomerId,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Option<Vec<Stored>>, StoreError> {
    let (after_at, after_id) = after.map_or((None, None), |(at, id)| (Some(at.to_sqlx()), Some(id)));
    let rows = sqlx::query!(
        r#"select p.id as "id?", p.source_system as "source_system?", p.external_id as "external_id?",
                  p.department as "department?", p.own_customer_id as "own_customer_id?", p.customer_id as "customer_id?",
                  p.version as "version?", p.latest_version as "latest_version?", p.recorded_at as "recorded_at?",
                  p.updated_at as "updated_at?", p.content as "content?"
           from customer_profile.customer_alias a
           left join lateral (
               select r.*, v.content from customer_profile.source_record r
               join customer_profile.source_record_version v on v.source_record_id = r.id and v.version = r.version
               where r.customer_id = a.customer_id and ($2::timestamptz is null or (r.recorded_at, r.id) > ($2, $3::uuid))
               order by r.recorded_at, r.id limit $4
           ) p on true
           where a.id = $1 order by p.recorded_at, p.id"#,
        customer.uuid(),
        after_at as _,
        after_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let found = rows.into_iter().filter_map(|row| {
        Some(Row {
            id: row.id?,
            source_system: row.source_system?,
            external_id: row.external_id?,
            department: row.department?,
            own_customer_id: row.own_customer_id?,
            customer_id: row.customer_id?,
            version: row.version?,
            latest_version: row.latest_version?,
            recorded_at: row.recorded_at?,
            updated_at: row.updated_at?,
            content: row.content?,
        })
    });
    found.map(Stored::try_from).collect::<Result<_, _>>().map(Some)
}

/// A record on the wire.
pub(crate) fn to_proto(stored: &Stored) -> proto::SourceRecord {
    let record = &stored.record;
    let mut answer = proto::SourceRecord {
        name: record.id.name(),
        source_system: record.source_system.to_string(),
        department: record.department.to_string(),
        external_id: stored.external_id.clone(),
        version: record.version,
        customer: stored.customer.name(),
        own_customer: record.own_customer.name(),
        create_time: Some(server::parse::time_to_proto(record.recorded_at)),
        update_time: Some(server::parse::time_to_proto(stored.updated_at)),
        etag: postgres::etag(i64::from(stored.latest_version)),
        ..Default::default()
    };
    content::write(&record.content, &mut answer);
    answer
}
