//! Records nobody knows yet: of many at once, which are new and share nothing with anybody, and those
//! written with all that follows from them in one statement.

use std::collections::HashSet;

use customer_profile_domain::{IdentifierKey, Record};
use jiff_sqlx::ToSqlx;
use kernel::{Actor, ResourceId};
use ledger::{Columns, Draft};
use postgres::{RequestKey, StoreError};
use sqlx::PgConnection;
use uuid::Uuid;

use super::record::name_key;

/// What a record is known by.
pub(crate) struct Marks<'a> {
    pub source_system: &'a str,
    pub external_id: &'a str,
    /// The identifiers that may link it.
    pub identifiers: Vec<&'a IdentifierKey>,
}

/// The places of those that somebody knows already: the record itself, or one of its identifiers.
#[tracing::instrument(name = "db.newcomer.known", skip_all)]
pub(crate) async fn known(tx: &mut PgConnection, marks: &[Marks<'_>]) -> Result<HashSet<usize>, StoreError> {
    let systems: Vec<String> = marks.iter().map(|m| m.source_system.to_owned()).collect();
    let external_ids: Vec<String> = marks.iter().map(|m| m.external_id.to_owned()).collect();
    let (mut places, mut kinds, mut keys) = (Vec::new(), Vec::new(), Vec::new());
    for (place, marks) in (1_i64..).zip(marks) {
        for key in &marks.identifiers {
            places.push(place);
            kinds.push(key.kind.as_str().to_owned());
            keys.push(key.value.expose().clone());
        }
    }
    let found = sqlx::query_scalar!(
        r#"select r.place as "place!"
           from unnest($1::text[], $2::text[]) with ordinality as r (source_system, external_id, place)
           where exists (select from customer_profile.source_record s
                         where s.source_system = r.source_system and s.external_id = r.external_id)
           union
           select i.place from unnest($3::bigint[], $4::text[], $5::text[]) as i (place, kind, key)
           where exists (select from customer_profile.identifier c where c.kind = i.kind and c.key = i.key)"#,
        &systems,
        &external_ids,
        &places,
        &kinds,
        &keys,
    )
    .fetch_all(tx)
    .await?;
    Ok(found.into_iter().filter_map(|place| usize::try_from(place - 1).ok()).collect())
}

/// A record with all that follows from its being the only one of its customer.
pub(crate) struct Newcomer<'a> {
    /// The call, and its encoded answer.
    pub key: &'a RequestKey,
    pub answer: Vec<u8>,
    pub record: Record,
    pub external_id: &'a str,
    /// The record as it was sent.
    pub content: &'a [u8],
    pub actor: &'a Actor,
    /// Its customer, encoded, and the number of its language.
    pub profile: Vec<u8>,
    pub language: i16,
    pub entry: Draft,
}

/// Writes those whose call is new, unless another survivorship than `number` is in force; answers which calls are.
#[tracing::instrument(name = "db.newcomer.insert", skip_all)]
pub(crate) async fn insert(
    tx: &mut PgConnection,
    newcomers: &[Newcomer<'_>],
    number: i32,
) -> Result<HashSet<Uuid>, StoreError> {
    let (mut row, mut identifier, mut entry) = (Rows::default(), Identifiers::default(), Columns::default());
    for newcomer in newcomers {
        row.push(newcomer);
        identifier.push(&newcomer.record);
        entry.push(std::slice::from_ref(&newcomer.entry));
    }
    let claimed = sqlx::query_scalar!(
        r#"with item as (
               select * from unnest($1::uuid[], $2::text[], $3::bytea[], $4::bytea[], $5::uuid[], $6::text[], $7::text[],
                   $8::text[], $9::uuid[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::bytea[], $14::text[],
                   $15::text[], $16::bytea[], $17::smallint[])
                   as i (request_id, method, body_hash, answer, id, source_system, external_id, department, customer_id,
                       observed_at, recorded_at, name_key, content, actor_kind, actor_id, profile, language)
           ), claim as (
               insert into customer_profile.request (request_id, method, body_hash, answer, claimed_at, about)
               select request_id, method, body_hash, answer, recorded_at, customer_id from item
               where $39::integer = (select max(number) from customer_profile.survivorship)
               on conflict on constraint request_pkey do nothing
               returning request_id
           ), fresh as (
               select item.* from item join claim using (request_id)
           ), record as (
               insert into customer_profile.source_record (id, source_system, external_id, department, own_customer_id,
                   customer_id, version, latest_version, observed_at, name_key, recorded_at, updated_at)
               select id, source_system, external_id, department, customer_id, customer_id, 1, 1, observed_at, name_key,
                   recorded_at, recorded_at from fresh
           ), version as (
               insert into customer_profile.source_record_version (source_record_id, version, content, content_hash,
                   observed_at, recorded_at, actor_kind, actor_id)
               select id, 1, content, sha256(content), observed_at, recorded_at, actor_kind, actor_id from fresh
           ), alias as (
               insert into customer_profile.customer_alias (id, customer_id) select customer_id, customer_id from fresh
           ), customer as (
               insert into customer_profile.customer (id, state, ids, profile, language, row_version, created_at, updated_at,
                   survivorships, survivorships_since)
               select customer_id, 'active', array[customer_id], profile, language, 1, recorded_at, recorded_at,
                   array_remove(array[$39::integer], 1), case when $39::integer = 1 then '{}' else array[recorded_at] end from fresh
           ), identifier as (
               insert into customer_profile.identifier (kind, key, source_record_id, customer_id, recorded_at, observed_at,
                   verified_at, shared, evidence, name_key, valid_from, valid_until)
               select k.kind, k.key, f.id, f.customer_id, f.recorded_at, f.observed_at, k.verified_at, k.shared,
                   k.evidence, f.name_key, k.valid_from, k.valid_until
               from unnest($18::uuid[], $19::text[], $20::text[], $21::timestamptz[], $22::bool[], $23::bool[],
                   $37::timestamptz[], $38::timestamptz[])
                   as k (id, kind, key, verified_at, shared, evidence, valid_from, valid_until)
               join fresh f using (id)
           ), entry as (
               insert into customer_profile.ledger_inbox (entry_id, aggregate, type, occurred_at, recorded_at, actor_kind,
                   actor_id, actor_department, traceparent, payload, commitment, salt, personal)
               select e.entry_id, e.aggregate, e.type, e.occurred_at, e.recorded_at, e.actor_kind, e.actor_id,
                   e.actor_department, e.traceparent, e.payload, e.commitment, e.salt, e.personal
               from unnest($5::uuid[], $24::uuid[], $25::text[], $26::text[], $27::timestamptz[], $28::timestamptz[],
                   $29::text[], $30::text[], $31::text[], $32::text[], $33::bytea[], $34::bytea[], $35::bytea[],
                   $36::bytea[])
                   as e (id, entry_id, aggregate, type, occurred_at, recorded_at, actor_kind, actor_id,
                       actor_department, traceparent, payload, commitment, salt, personal)
               where e.id in (select id from fresh)
           )
           select request_id from claim"#,
        &row.request_id,
        &row.method,
        &row.body_hash,
        &row.answer,
        &row.id,
        &row.source_system,
        &row.external_id,
        &row.department,
        &row.customer_id,
        &row.observed_at as _,
        &row.recorded_at as _,
        &row.name_key as _,
        &row.content,
        &row.actor_kind,
        &row.actor_id,
        &row.profile,
        &row.language,
        &identifier.record,
        &identifier.kind,
        &identifier.key,
        &identifier.verified_at as _,
        &identifier.shared,
        &identifier.evidence,
        &entry.entry_id,
        &entry.aggregate,
        &entry.kind,
        &entry.occurred_at as _,
        &entry.recorded_at as _,
        &entry.actor_kind,
        &entry.actor_id,
        &entry.actor_department as _,
        &entry.traceparent,
        &entry.payload,
        &entry.commitment as _,
        &entry.salt as _,
        &entry.personal as _,
        &identifier.valid_from as _,
        &identifier.valid_until as _,
        number,
    )
    .fetch_all(tx)
    .await?;
    Ok(claimed.into_iter().collect())
}

#[derive(Default)]
struct Rows {
    request_id: Vec<Uuid>,
    method: Vec<String>,
    body_hash: Vec<Vec<u8>>,
    answer: Vec<Vec<u8>>,
    id: Vec<Uuid>,
    source_system: Vec<String>,
    external_id: Vec<String>,
    department: Vec<String>,
    customer_id: Vec<Uuid>,
    observed_at: Vec<jiff_sqlx::Timestamp>,
    recorded_at: Vec<jiff_sqlx::Timestamp>,
    name_key: Vec<Option<String>>,
    content: Vec<Vec<u8>>,
    actor_kind: Vec<String>,
    actor_id: Vec<String>,
    profile: Vec<Vec<u8>>,
    language: Vec<i16>,
}

impl Rows {
    fn push(&mut self, newcomer: &Newcomer<'_>) {
        let record = &newcomer.record;
        self.request_id.push(newcomer.key.id);
        self.method.push(newcomer.key.method.to_owned());
        self.body_hash.push(newcomer.key.body_hash.to_vec());
        self.answer.push(newcomer.answer.clone());
        self.id.push(record.id.uuid());
        self.source_system.push(record.source_system.to_string());
        self.external_id.push(newcomer.external_id.to_owned());
        self.department.push(record.department.to_string());
        self.customer_id.push(record.own_customer.uuid());
        self.observed_at.push(record.content.observed_at.to_sqlx());
        self.recorded_at.push(record.recorded_at.to_sqlx());
        self.name_key.push(name_key(&record.content));
        self.content.push(newcomer.content.to_vec());
        self.actor_kind.push(newcomer.actor.kind.to_string());
        self.actor_id.push(newcomer.actor.id.clone());
        self.profile.push(newcomer.profile.clone());
        self.language.push(newcomer.language);
    }
}

#[derive(Default)]
struct Identifiers {
    record: Vec<Uuid>,
    kind: Vec<String>,
    key: Vec<String>,
    verified_at: Vec<Option<jiff_sqlx::Timestamp>>,
    shared: Vec<bool>,
    evidence: Vec<bool>,
    valid_from: Vec<Option<jiff_sqlx::Timestamp>>,
    valid_until: Vec<Option<jiff_sqlx::Timestamp>>,
}

impl Identifiers {
    fn push(&mut self, record: &Record) {
        for identifier in &record.content.identifiers {
            self.record.push(record.id.uuid());
            self.kind.push(identifier.kind().as_str().to_owned());
            self.key.push(identifier.key().value.expose().clone());
            self.verified_at.push(identifier.verified_at.map(|t| t.to_sqlx()));
            self.shared.push(identifier.shared);
            self.evidence.push(identifier.is_evidence());
            self.valid_from.push(identifier.validity.from.map(|at| at.to_sqlx()));
            self.valid_until.push(identifier.validity.until.map(|at| at.to_sqlx()));
        }
    }
}
