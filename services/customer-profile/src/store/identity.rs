//! Identifiers as evidence, links, and the groups they make.

use std::collections::{BTreeMap, BTreeSet};

use customer_profile_domain::{
    Carrier, CustomerId, IdentifierKey, IdentifierKind, LinkId, NameKey, Node, Pair, RULE_VERSION, SourceRecordId,
};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Personal, ResourceId};
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

/// Waits until nobody else is linking by any of these. `locks` must be in ascending order, so that
/// two transactions never wait for each other.
#[tracing::instrument(name = "db.identity.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, locks: &[i64]) -> Result<(), StoreError> {
    sqlx::query!("select pg_advisory_xact_lock(l) from unnest($1::bigint[]) as l", locks).fetch_all(tx).await?;
    Ok(())
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

fn key(kind: &str, value: String) -> Result<IdentifierKey, StoreError> {
    let kind = IdentifierKind::stored(kind).ok_or_else(|| StoreError::corrupt("identifier", "kind", kind))?;
    Ok(IdentifierKey { kind, value: Personal::new(value) })
}

/// Who carries an identifier, and which customer each belongs to.
pub(crate) struct Carriers {
    pub carriers: Vec<Carrier>,
    pub customers: BTreeMap<SourceRecordId, CustomerId>,
}

/// The carriers of each identifier. Of one that more records carry than may be evidence, some more
/// than that; the rest does not matter.
#[tracing::instrument(name = "db.identity.carriers", skip_all)]
pub(crate) async fn carriers(
    tx: &mut PgConnection,
    keys: &BTreeSet<IdentifierKey>,
) -> Result<BTreeMap<IdentifierKey, Carriers>, StoreError> {
    let (kinds, values) = columns(keys);
    let rows = sqlx::query!(
        r#"select c.kind, c.key, c.source_record_id, c.customer_id, c.recorded_at, c.name_key, c.evidence
           from unnest($1::text[], $2::text[]) as w (kind, key)
           cross join lateral (
               select i.* from customer_profile.identifier i where i.kind = w.kind and i.key = w.key limit 65
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
        });
    }
    Ok(found)
}

fn columns(keys: &BTreeSet<IdentifierKey>) -> (Vec<String>, Vec<String>) {
    keys.iter().map(|k| (k.kind.as_str().to_owned(), k.value.expose().clone())).unzip()
}

/// The active links that rest on each identifier.
#[tracing::instrument(name = "db.identity.active_links", skip_all)]
pub(crate) async fn active_links(
    tx: &mut PgConnection,
    keys: &BTreeSet<IdentifierKey>,
) -> Result<BTreeMap<IdentifierKey, BTreeMap<Pair, LinkId>>, StoreError> {
    let (kinds, values) = columns(keys);
    let rows = sqlx::query!(
        r#"select l.id, l.record_a, l.record_b, l.evidence_kind, l.evidence_key
           from unnest($1::text[], $2::text[]) as w (kind, key)
           join customer_profile.identity_link l
             on l.evidence_kind = w.kind and l.evidence_key = w.key and l.revoked_at is null"#,
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

/// A link to be asserted.
pub(crate) struct NewLink {
    pub id: LinkId,
    pub pair: Pair,
    pub evidence: IdentifierKey,
}

#[tracing::instrument(name = "db.identity.assert_links", skip_all)]
pub(crate) async fn assert_links(
    tx: &mut PgConnection,
    links: &[NewLink],
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let of = |f: fn(&NewLink) -> Uuid| links.iter().map(f).collect::<Vec<_>>();
    let kinds: Vec<String> = links.iter().map(|l| l.evidence.kind.as_str().to_owned()).collect();
    let keys: Vec<String> = links.iter().map(|l| l.evidence.value.expose().clone()).collect();
    sqlx::query!(
        r#"insert into customer_profile.identity_link
               (id, record_a, record_b, link_type, grade, evidence_kind, evidence_key, rule_version, asserted_by, asserted_at)
           select l.id, l.a, l.b, 'same_as', 'certain', l.kind, l.key, $6, $7, $8
           from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[]) as l (id, a, b, kind, key)"#,
        &of(|l| l.id.uuid()),
        &of(|l| l.pair.a().uuid()),
        &of(|l| l.pair.b().uuid()),
        &kinds,
        &keys,
        RULE_VERSION,
        by,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
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

/// The records of these customers.
#[tracing::instrument(name = "db.identity.members", skip_all)]
pub(crate) async fn members(
    tx: &mut PgConnection,
    customers: &[Uuid],
) -> Result<BTreeMap<SourceRecordId, Node>, StoreError> {
    let rows = sqlx::query!(
        r#"select id, own_customer_id, recorded_at from customer_profile.source_record
           where customer_id = any($1)"#,
        customers,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let node = Node {
                record: SourceRecordId::from_uuid(row.id),
                own_customer: CustomerId::from_uuid(row.own_customer_id),
                recorded_at: row.recorded_at.to_jiff(),
            };
            (node.record, node)
        })
        .collect())
}

/// The active links among these records.
#[tracing::instrument(name = "db.identity.links_among", skip_all)]
pub(crate) async fn links_among(tx: &mut PgConnection, records: &[Uuid]) -> Result<Vec<Pair>, StoreError> {
    let rows = sqlx::query!(
        r#"select distinct record_a, record_b from customer_profile.identity_link
           where revoked_at is null and record_a = any($1) and record_b = any($1)"#,
        records,
    )
    .fetch_all(tx)
    .await?;
    let pair = |a, b| Pair::of(SourceRecordId::from_uuid(a), SourceRecordId::from_uuid(b));
    Ok(rows.into_iter().map(|row| pair(row.record_a, row.record_b)).collect())
}
