//! Match keys: which records are to have theirs made, writing them, and whom they find.

use std::collections::HashSet;

use aws_lc_rs::digest::{SHA256, digest};
use customer_profile_domain::matching::{BlockingKey, LARGEST_BLOCK, WORTH_COMPARING};
use customer_profile_domain::{CustomerId, IdentifierKey, Record, SourceRecordId};
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::record;

/// Records that one description is compared with at most: those with which it shares most.
const MOST_COMPARED: i64 = 128;

/// A key as it is stored.
fn stored(key: &BlockingKey) -> Uuid {
    let text = format!("{}\u{1f}{}", key.scheme.as_str(), key.value.expose());
    let mut half = [0; 16];
    half.copy_from_slice(&digest(&SHA256, text.as_bytes()).as_ref()[..16]);
    Uuid::from_bytes(half)
}

/// Sets a record aside that cannot be read: it is found by nobody and compared with nobody until keys of another version
/// are made.
#[tracing::instrument(name = "db.match_key.set_aside", skip_all)]
pub(crate) async fn set_aside(pool: &PgPool, record: Uuid) -> Result<(), StoreError> {
    sqlx::query!(
        "with gone as (delete from customer_profile.match_key where source_record_id = $1)
         update customer_profile.source_record set keyed_by = 'unreadable', compared_by = 'unreadable' where id = $1",
        record,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Whether any record waits for its keys.
#[tracing::instrument(level = "debug", name = "db.match_key.is_any_waiting", skip_all)]
pub(crate) async fn is_any_waiting(pool: &PgPool) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from customer_profile.source_record where keyed_by is null) as "found!""#,
    )
    .fetch_one(pool)
    .await?;
    Ok(found)
}

/// What sharing a key weighs.
fn weight(key: &BlockingKey) -> i16 {
    i16::try_from(key.scheme.weight()).unwrap_or(i16::MAX)
}

/// Records whose keys are to be made, locked; those that another worker holds are left to it. The transaction commits
/// without waiting for the disk: keys that are lost are made again.
#[tracing::instrument(level = "debug", name = "db.match_key.waiting", skip_all)]
pub(crate) async fn waiting(tx: &mut PgConnection, limit: i64) -> Result<Vec<Record>, StoreError> {
    let rows = sqlx::query!(
        "select id, set_config('synchronous_commit', 'off', true) from customer_profile.source_record
         where keyed_by is null order by id limit $1 for update skip locked",
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.into_iter().map(|row| row.id).collect();
    Ok(record::load(tx, &ids).await?.into_iter().map(|stored| stored.record).collect())
}

/// Writes the keys of these records in place of those they had.
#[tracing::instrument(level = "debug", name = "db.match_key.put", skip_all)]
pub(crate) async fn put(
    tx: &mut PgConnection,
    keys: &[(SourceRecordId, Vec<BlockingKey>)],
    version: &str,
) -> Result<(), StoreError> {
    let records: Vec<Uuid> = keys.iter().map(|(record, _)| record.uuid()).collect();
    sqlx::query!("delete from customer_profile.match_key where source_record_id = any($1)", &records)
        .execute(&mut *tx)
        .await?;
    let (mut values, mut weights, mut owners) = (Vec::new(), Vec::new(), Vec::new());
    let mut rows: Vec<(Uuid, Uuid, i16)> = keys
        .iter()
        .flat_map(|(record, keys)| keys.iter().map(|key| (stored(key), record.uuid(), weight(key))))
        .collect();
    // In the order of the index, so that neighbours go to one page.
    rows.sort_unstable();
    for (key, record, weight) in rows {
        values.push(key);
        weights.push(weight);
        owners.push(record);
    }
    sqlx::query!(
        "with keyed as (update customer_profile.source_record set keyed_by = $4 where id = any($3))
         insert into customer_profile.match_key (key, source_record_id, weight)
         select k.key, k.record, k.weight from unnest($1::uuid[], $2::uuid[], $5::smallint[]) as k (key, record, weight)
         on conflict on constraint match_key_pkey do nothing",
        &values,
        &owners,
        &records,
        version,
        &weights,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Marks records that could not be read as waiting: who could not be read before may be now.
#[tracing::instrument(level = "debug", name = "db.match_key.try_again", skip_all)]
pub(crate) async fn try_again(pool: &PgPool) -> Result<(), StoreError> {
    sqlx::query!(
        "update customer_profile.source_record set keyed_by = null, compared_by = null where id in
             (select id from customer_profile.source_record where keyed_by = 'unreadable' for update skip locked)",
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Marks records whose keys were made by other rules as waiting, at most so many; answers how many.
#[tracing::instrument(level = "debug", name = "db.match_key.outdate", skip_all)]
pub(crate) async fn outdate(pool: &PgPool, version: &str, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "update customer_profile.source_record set keyed_by = null, compared_by = null where id in
             (select id from customer_profile.source_record
              where keyed_by <> $1 and keyed_by not in ('erased', 'unreadable') limit $2 for update skip locked)",
        version,
        limit,
    )
    .execute(pool)
    .await?;
    Ok(done.rows_affected())
}

/// A record that shares a key with a description.
pub(crate) struct Candidate {
    pub record: Record,
    pub customer: CustomerId,
}

/// Has a transaction that just began read one snapshot, and write nothing.
#[tracing::instrument(level = "debug", name = "db.match_key.look_only", skip_all)]
pub(crate) async fn look_only(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(tx).await?;
    Ok(())
}

/// The records that share enough of these keys to be compared. A key that too many records would share finds nobody.
#[tracing::instrument(name = "db.match_key.candidates", skip_all)]
pub(crate) async fn candidates(tx: &mut PgConnection, keys: &[BlockingKey]) -> Result<Vec<Candidate>, StoreError> {
    let weights: Vec<i16> = keys.iter().map(weight).collect();
    let keys: Vec<Uuid> = keys.iter().map(stored).collect();
    // A record that said the same would be one more of them.
    let largest = i32::try_from(LARGEST_BLOCK - 1).unwrap_or(i32::MAX);
    let ids = sqlx::query_scalar!(
        r#"with block as materialized (
               select w.weight, array(select k.source_record_id from customer_profile.match_key k
                                      where k.key = w.key limit $2 + 1) as records
               from unnest($1::uuid[], $4::smallint[]) as w (key, weight)
           )
           select r.id as "id!" from block, unnest(block.records) as r (id)
           where cardinality(block.records) <= $2
           group by r.id having sum(block.weight) >= $5 order by sum(block.weight) desc, r.id limit $3"#,
        &keys,
        largest,
        MOST_COMPARED,
        &weights,
        i64::from(WORTH_COMPARING),
    )
    .fetch_all(&mut *tx)
    .await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = record::load(tx, &ids).await?;
    Ok(found.into_iter().map(|stored| Candidate { record: stored.record, customer: stored.customer }).collect())
}

/// The identifiers among these that more records carry than one person's ever would, once a record came that carries `coming` of them, too.
#[tracing::instrument(name = "db.match_key.crowded", skip_all)]
pub(crate) async fn crowded(
    executor: impl PgExecutor<'_>,
    identifiers: &[&IdentifierKey],
    coming: &HashSet<&IdentifierKey>,
) -> Result<HashSet<IdentifierKey>, StoreError> {
    if identifiers.is_empty() {
        return Ok(HashSet::new());
    }
    let most =
        |key: &IdentifierKey| i64::try_from(key.kind.fan_out().saturating_sub(usize::from(coming.contains(key))));
    let kinds: Vec<String> = identifiers.iter().map(|key| key.kind.as_str().to_owned()).collect();
    let values: Vec<String> = identifiers.iter().map(|key| key.value.expose().clone()).collect();
    let most: Vec<i64> = identifiers.iter().map(|key| most(key).unwrap_or(i64::MAX)).collect();
    let places = sqlx::query_scalar!(
        r#"select w.place as "place!"
           from unnest($1::text[], $2::text[], $3::bigint[]) with ordinality as w (kind, key, most, place)
           where w.most < (select count(*) from (select from customer_profile.identifier i
                                                 where i.kind = w.kind and i.key = w.key and not i.unproven limit w.most + 1) c)"#,
        &kinds,
        &values,
        &most,
    )
    .fetch_all(executor)
    .await?;
    let at = |place: i64| usize::try_from(place - 1).ok().and_then(|place| identifiers.get(place));
    Ok(places.into_iter().filter_map(at).map(|key| (*key).clone()).collect())
}
