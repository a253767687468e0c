//! Identifiers as evidence, links, and the groups they make.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::matching::Score;
use customer_profile_domain::{
    Basis, Carrier, CustomerId, IdentifierKey, IdentifierKind, Link, LinkId, LinkType, NameKey, Node, Pair, ProposalId,
    SourceRecordId, Validity,
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Personal, ResourceId};
use postgres::StoreError;
use prost::Message as _;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;
use ventanilla_proto::customer::v1 as proto;

use crate::judgement;

/// Waits until nobody else is linking by any of these. `locks` must be in ascending order, so that
/// two transactions never wait for each other.
#[tracing::instrument(name = "db.identity.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, locks: &[i64]) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(l) from unnest($1::bigint[]) as l", locks).fetch_all(tx).await?;
    Ok(())
}

/// Those of these locks that nobody else has, without waiting for the others.
#[tracing::instrument(name = "db.identity.try_lock", skip_all)]
pub(crate) async fn try_lock(tx: &mut PgConnection, locks: &[i64]) -> Result<BTreeSet<i64>, StoreError> {
    let taken = sqlx::query_scalar!(
        r#"select l as "l!" from unnest($1::bigint[]) as l where pg_try_advisory_xact_lock(l)"#,
        locks
    )
    .fetch_all(tx)
    .await?;
    Ok(taken.into_iter().collect())
}

/// The identifiers of a record's current version.
#[tracing::instrument(name = "db.identity.identifiers_of", skip_all)]
pub(crate) async fn identifiers_of(
    tx: &mut PgConnection,
    record: SourceRecordId,
) -> Result<BTreeSet<IdentifierKey>, StoreError> {
    let rows =
        sqlx::query!("select kind, key from customer_profile.identifier where source_record_id = $1", record.uuid(),)
            .fetch_all(tx)
            .await?;
    rows.into_iter().map(|row| key(&row.kind, row.key)).collect()
}

/// The identifiers of the current versions of these records.
#[tracing::instrument(level = "debug", name = "db.identity.identifiers_of_all", skip_all)]
pub(crate) async fn identifiers_of_all(
    tx: &mut PgConnection,
    records: &[Uuid],
) -> Result<BTreeSet<IdentifierKey>, StoreError> {
    let rows = sqlx::query!(
        "select distinct kind, key from customer_profile.identifier where source_record_id = any($1)",
        records
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|row| key(&row.kind, row.key)).collect()
}

/// The customers of those of these records that a link says are one person with another.
#[tracing::instrument(level = "debug", name = "db.identity.linked_among", skip_all)]
pub(crate) async fn linked_among(tx: &mut PgConnection, records: &[Uuid]) -> Result<BTreeSet<CustomerId>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"select r.customer_id from customer_profile.source_record r
           where r.id = any($1) and r.compared_by is distinct from 'erased'
             and (exists (select from customer_profile.identity_link l
                          where l.record_a = r.id and l.revoked_at is null and l.link_type = 'same_as')
                  or exists (select from customer_profile.identity_link l
                             where l.record_b = r.id and l.revoked_at is null and l.link_type = 'same_as'))"#,
        records,
    )
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(CustomerId::from_uuid).collect())
}

/// The identifiers that the records of these customers brought, by the ids they were given with.
#[tracing::instrument(name = "db.identity.identifiers_brought", skip_all)]
pub(crate) async fn identifiers_brought(
    tx: &mut PgConnection,
    customers: &[Uuid],
) -> Result<BTreeSet<IdentifierKey>, StoreError> {
    let rows = sqlx::query!(
        "select i.kind, i.key from customer_profile.source_record r
         join customer_profile.identifier i on i.source_record_id = r.id where r.own_customer_id = any($1)",
        customers,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|row| key(&row.kind, row.key)).collect()
}

fn key(kind: &str, value: String) -> Result<IdentifierKey, StoreError> {
    let kind = IdentifierKind::stored(kind).ok_or_else(|| StoreError::corrupt("identifier", "kind", kind))?;
    Ok(IdentifierKey { kind, value: Personal::new(value) })
}

/// Who carries an identifier, and which customer each belongs to.
pub(crate) struct Carriers {
    pub carriers: Vec<Carrier>,
    pub customers: BTreeMap<SourceRecordId, CustomerId>,
}

/// The carriers of each identifier. Of one that more records carry than may be evidence, two more
/// than that: enough to tell whether it has just come to be so; the rest does not matter.
#[tracing::instrument(name = "db.identity.carriers", skip_all)]
pub(crate) async fn carriers(
    tx: &mut PgConnection,
    keys: &BTreeSet<IdentifierKey>,
) -> Result<BTreeMap<IdentifierKey, Carriers>, StoreError> {
    let (kinds, values) = columns(keys);
    let rows = sqlx::query!(
        r#"select c.kind, c.key, c.source_record_id, c.customer_id, c.recorded_at, c.name_key, c.evidence, c.valid_from,
                  c.valid_until
           from unnest($1::text[], $2::text[]) as w (kind, key)
           cross join lateral (
               select i.* from customer_profile.identifier i where i.kind = w.kind and i.key = w.key and not i.unproven limit 66
           ) c"#,
        &kinds,
        &values,
    )
    .fetch_all(tx)
    .await?;
    let mut found: BTreeMap<IdentifierKey, Carriers> = BTreeMap::new();
    for row in rows {
        let record = SourceRecordId::from_uuid(row.source_record_id);
        let held = found
            .entry(key(&row.kind, row.key)?)
            .or_insert_with(|| Carriers { carriers: Vec::new(), customers: BTreeMap::new() });
        held.customers.insert(record, CustomerId::from_uuid(row.customer_id));
        held.carriers.push(Carrier {
            record,
            recorded_at: row.recorded_at.to_jiff(),
            name: row.name_key.map(NameKey::stored),
            evidence: row.evidence,
            validity: Validity {
                from: row.valid_from.map(|at| at.to_jiff()),
                until: row.valid_until.map(|at| at.to_jiff()),
            },
        });
    }
    Ok(found)
}

fn columns(keys: &BTreeSet<IdentifierKey>) -> (Vec<String>, Vec<String>) {
    keys.iter().map(|k| (k.kind.as_str().to_owned(), k.value.expose().clone())).unzip()
}

/// The active links that rest on each identifier: one less than its carriers at most. The limit is never met; it keeps the
/// planner from reading all links to join them.
#[tracing::instrument(name = "db.identity.active_links", skip_all)]
pub(crate) async fn active_links(
    tx: &mut PgConnection,
    keys: &BTreeSet<IdentifierKey>,
) -> Result<BTreeMap<IdentifierKey, BTreeMap<Pair, LinkId>>, StoreError> {
    let (kinds, values) = columns(keys);
    let rows = sqlx::query!(
        r#"select l.id, l.record_a, l.record_b, l.evidence_kind, l.evidence_key
           from unnest($1::text[], $2::text[]) as w (kind, key)
           cross join lateral (
               select * from customer_profile.identity_link i
               where i.evidence_kind = w.kind and i.evidence_key = w.key and i.revoked_at is null limit 128
           ) l"#,
        &kinds,
        &values,
    )
    .fetch_all(tx)
    .await?;
    let mut found: BTreeMap<IdentifierKey, BTreeMap<Pair, LinkId>> = BTreeMap::new();
    for row in rows {
        let pair = Pair::of(SourceRecordId::from_uuid(row.record_a), SourceRecordId::from_uuid(row.record_b));
        found.entry(key(&row.evidence_kind, row.evidence_key)?).or_default().insert(pair, LinkId::from_uuid(row.id));
    }
    Ok(found)
}

/// What comparing two records came to.
#[derive(Debug, Clone)]
pub(crate) struct Compared {
    /// Bits.
    pub score: f64,
    /// Findings and doubt.
    pub judgement: proto::CustomerMatch,
}

impl From<&Score> for Compared {
    fn from(score: &Score) -> Self {
        Self { score: score.total, judgement: judgement::kept(score) }
    }
}

/// A link to be asserted.
pub(crate) struct NewLink {
    pub id: LinkId,
    pub kind: LinkType,
    pub pair: Pair,
    pub basis: Basis,
    /// Where the two were compared.
    pub compared: Option<Compared>,
    /// Empty for a steward's word.
    pub rules_version: String,
    /// Empty when a rule asserts it.
    pub reason: Personal<String>,
    pub proposal: Option<ProposalId>,
}

#[tracing::instrument(name = "db.identity.assert_links", skip_all)]
pub(crate) async fn assert_links(
    tx: &mut PgConnection,
    links: &[NewLink],
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids = |f: fn(&NewLink) -> Uuid| links.iter().map(f).collect::<Vec<_>>();
    let texts = |f: fn(&NewLink) -> &str| links.iter().map(|l| f(l).to_owned()).collect::<Vec<_>>();
    let scores: Vec<Option<f64>> = links.iter().map(|l| l.compared.as_ref().map(|c| c.score)).collect();
    let judgements: Vec<Option<Vec<u8>>> =
        links.iter().map(|l| l.compared.as_ref().map(|c| c.judgement.encode_to_vec())).collect();
    let proposals: Vec<Option<Uuid>> = links.iter().map(|l| l.proposal.map(ResourceId::uuid)).collect();
    sqlx::query!(
        r#"insert into customer_profile.identity_link
               (id, record_a, record_b, link_type, grade, evidence_kind, evidence_key, score, rule_version, reason,
                proposal_id, asserted_by, asserted_at, judgement)
           select l.id, l.a, l.b, l.link_type, l.grade, l.kind, l.key, l.score, l.rule_version, l.reason, l.proposal, $11, $12,
                  l.judgement
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::text[],
                       $9::text[], $10::uuid[], $13::bytea[], $14::text[])
               as l (id, a, b, link_type, kind, key, score, rule_version, reason, proposal, judgement, grade)"#,
        &ids(|l| l.id.uuid()),
        &ids(|l| l.pair.a().uuid()),
        &ids(|l| l.pair.b().uuid()),
        &texts(|l| l.kind.as_str()),
        &texts(|l| l.basis.as_str()),
        &texts(|l| evidence_key(&l.basis)),
        scores as _,
        &texts(|l| &l.rules_version),
        &texts(|l| l.reason.expose()),
        proposals as _,
        by,
        now.to_sqlx() as _,
        judgements as _,
        &texts(|l| l.kind.grade().as_str()),
    )
    .execute(tx)
    .await?;
    Ok(())
}

fn evidence_key(basis: &Basis) -> &str {
    match basis {
        Basis::Identifier(key) => key.value.expose(),
        Basis::Steward | Basis::Score => "",
    }
}

/// What a stored link rests on.
pub(super) fn basis(kind: &str, value: String) -> Result<Basis, StoreError> {
    match kind {
        "steward" => Ok(Basis::Steward),
        "score" => Ok(Basis::Score),
        _ => key(kind, value).map(Basis::Identifier),
    }
}

#[tracing::instrument(name = "db.identity.revoke_links", skip_all)]
pub(crate) async fn revoke_links(
    tx: &mut PgConnection,
    links: &[LinkId],
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = links.iter().map(|l| l.uuid()).collect();
    sqlx::query!(
        "update customer_profile.identity_link set revoked_by = $2, revoked_at = $3 where id = any($1) and revoked_at is null",
        &ids,
        by,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A record and the customer it belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member {
    pub node: Node,
    pub customer: CustomerId,
}

/// The records of these customers.
#[tracing::instrument(name = "db.identity.members", skip_all)]
pub(crate) async fn members(tx: &mut PgConnection, customers: &[Uuid]) -> Result<Vec<Member>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, own_customer_id, customer_id, recorded_at from customer_profile.source_record
           where customer_id = any($1)"#,
        customers,
    )
    .fetch_all(tx)
    .await?;
    let member = |id, own, customer, recorded_at| Member {
        node: Node { record: SourceRecordId::from_uuid(id), own_customer: CustomerId::from_uuid(own), recorded_at },
        customer: CustomerId::from_uuid(customer),
    };
    Ok(rows.into_iter().map(|r| member(r.id, r.own_customer_id, r.customer_id, r.recorded_at.to_jiff())).collect())
}

/// The customer that each of these records belongs to.
#[tracing::instrument(name = "db.identity.customers_of", skip_all)]
pub(crate) async fn customers_of(
    tx: &mut PgConnection,
    records: &[Uuid],
) -> Result<BTreeMap<SourceRecordId, CustomerId>, StoreError> {
    let rows = sqlx::query!("select id, customer_id from customer_profile.source_record where id = any($1)", records)
        .fetch_all(tx)
        .await?;
    Ok(rows.into_iter().map(|r| (SourceRecordId::from_uuid(r.id), CustomerId::from_uuid(r.customer_id))).collect())
}

/// An active link of a record, and the customers its two ends belong to.
pub(crate) struct Touching {
    pub id: LinkId,
    pub kind: LinkType,
    pub link: Link,
    pub customers: [CustomerId; 2],
}

/// The active links of these records, to each other and to others. Each record is looked up by itself: of an array the
/// planner believes that reading all active links is as good, as long as it thinks them few.
#[tracing::instrument(name = "db.identity.touching", skip_all)]
pub(crate) async fn touching(tx: &mut PgConnection, records: &[Uuid]) -> Result<Vec<Touching>, StoreError> {
    let rows = sqlx::query!(
        r#"select l.id as "id!", l.record_a as "record_a!", l.record_b as "record_b!", l.link_type as "link_type!",
                  l.evidence_kind as "evidence_kind!", l.evidence_key as "evidence_key!", a.customer_id as customer_a, b.customer_id as customer_b
           from unnest($1::uuid[]) as r (id)
           cross join lateral (
               select * from customer_profile.identity_link i where i.record_a = r.id and i.revoked_at is null
               union all
               select * from customer_profile.identity_link i
               where i.record_b = r.id and i.revoked_at is null and i.record_a <> all($1)
               offset 0
           ) l
           join customer_profile.source_record a on a.id = l.record_a
           join customer_profile.source_record b on b.id = l.record_b"#,
        records,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let pair = Pair::of(SourceRecordId::from_uuid(row.record_a), SourceRecordId::from_uuid(row.record_b));
            let corrupt = || StoreError::corrupt("identity_link", "link_type", row.id);
            Ok(Touching {
                id: LinkId::from_uuid(row.id),
                kind: LinkType::stored(&row.link_type).ok_or_else(corrupt)?,
                link: Link { basis: basis(&row.evidence_kind, row.evidence_key)?, pair },
                customers: [row.customer_a, row.customer_b].map(CustomerId::from_uuid),
            })
        })
        .collect()
}

/// A link as the contract shows it, active or not.
pub(crate) struct Listed {
    pub id: LinkId,
    pub kind: LinkType,
    pub link: Link,
    pub compared: Option<Compared>,
    pub rules_version: String,
    pub reason: Personal<String>,
    pub asserted_by: String,
    pub asserted_at: Timestamp,
    pub revoked: Option<(String, Timestamp)>,
    /// Its two records belong to one customer.
    pub together: bool,
    /// The data of who one of them belongs to is kept and not used.
    pub restricted: bool,
}

/// A page of what is and was asserted of a customer's records, newest first.
#[tracing::instrument(name = "db.identity.page", skip_all)]
pub(crate) async fn page(
    pool: &PgPool,
    customer: CustomerId,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let (before_at, before_id) = before.map_or((None, None), |(at, id)| (Some(at.to_sqlx()), Some(id)));
    let rows = sqlx::query!(
        r#"with member as (
               select r.id from customer_profile.customer_alias a
               join customer_profile.source_record r on r.customer_id = a.customer_id where a.id = $1
           ), found as (
               select n.id from member m cross join lateral (
                   select l.id, l.asserted_at from customer_profile.identity_link l
                   where l.record_a = m.id and ($2::timestamptz is null or (l.asserted_at, l.id) < ($2, $3::uuid))
                   order by l.asserted_at desc, l.id desc limit $4
               ) n
               union
               select n.id from member m cross join lateral (
                   select l.id, l.asserted_at from customer_profile.identity_link l
                   where l.record_b = m.id and ($2::timestamptz is null or (l.asserted_at, l.id) < ($2, $3::uuid))
                   order by l.asserted_at desc, l.id desc limit $4
               ) n
           )
           select l.id, l.record_a, l.record_b, l.link_type, l.evidence_kind, l.evidence_key, l.score, l.judgement,
                  l.rule_version, l.reason, l.asserted_by, l.asserted_at, l.revoked_by, l.revoked_at,
                  a.customer_id = b.customer_id as "together!", one.restricted or other.restricted as "restricted!"
           from found join customer_profile.identity_link l using (id)
           join customer_profile.source_record a on a.id = l.record_a
           join customer_profile.source_record b on b.id = l.record_b
           join customer_profile.customer one on one.id = a.customer_id
           join customer_profile.customer other on other.id = b.customer_id
           order by l.asserted_at desc, l.id desc limit $4"#,
        customer.uuid(),
        before_at as _,
        before_id,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let pair = Pair::of(SourceRecordId::from_uuid(row.record_a), SourceRecordId::from_uuid(row.record_b));
            let corrupt = |column| StoreError::corrupt("identity_link", column, row.id);
            // Links from before findings were kept have a score alone.
            let judgement = proto::CustomerMatch::decode(row.judgement.unwrap_or_default().as_slice());
            let judgement = judgement.map_err(|_| corrupt("judgement"))?;
            Ok(Listed {
                id: LinkId::from_uuid(row.id),
                kind: LinkType::stored(&row.link_type).ok_or_else(|| corrupt("link_type"))?,
                link: Link { basis: basis(&row.evidence_kind, row.evidence_key)?, pair },
                compared: row.score.map(|score| Compared { score, judgement }),
                rules_version: row.rule_version,
                reason: row.reason.into(),
                asserted_by: row.asserted_by,
                asserted_at: row.asserted_at.to_jiff(),
                revoked: row.revoked_by.zip(row.revoked_at).map(|(by, at)| (by, at.to_jiff())),
                together: row.together,
                restricted: row.restricted,
            })
        })
        .collect()
}
