//! Records that are to be compared with those that share a key, and what scores have said of them until now.
//!
//! The transactions that begin here commit without waiting for the disk: what they write and that they wrote it is lost
//! together or not at all, and then done again.

use std::collections::{HashMap, HashSet};

use customer_profile_domain::matching::{LARGEST_BLOCK, WORTH_COMPARING};
use customer_profile_domain::{LinkId, Pair, ProposalId, SourceRecordId};
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Whether any record of this half waits.
#[tracing::instrument(level = "debug", name = "db.comparison.is_any_waiting", skip_all)]
pub(crate) async fn is_any_waiting(pool: &PgPool, half: i32) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from customer_profile.source_record
                          where compared_by is null and keyed_by is not null and (uuid_hash(id) & 1) = $1) as "found!""#,
        half,
    )
    .fetch_one(pool)
    .await?;
    Ok(found)
}

/// Whether any record waits of those up to this one, for its keys or to be compared.
#[tracing::instrument(level = "debug", name = "db.comparison.is_any_waiting_up_to", skip_all)]
pub(crate) async fn is_any_waiting_up_to(pool: &PgPool, last: Uuid) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from customer_profile.source_record where keyed_by is null and id <= $1)
               or exists (select from customer_profile.source_record
                          where compared_by is null and keyed_by is not null and id <= $1) as "found!""#,
        last,
    )
    .fetch_one(pool)
    .await?;
    Ok(found)
}

/// Whether any of these records has keys that another version of the rules made.
#[tracing::instrument(level = "debug", name = "db.comparison.is_any_outdated", skip_all)]
pub(crate) async fn is_any_outdated(
    tx: &mut PgConnection,
    records: &[SourceRecordId],
    version: &str,
) -> Result<bool, StoreError> {
    let ids: Vec<Uuid> = records.iter().map(|id| id.uuid()).collect();
    let found = sqlx::query_scalar!(
        r#"select exists (select from customer_profile.source_record
                          where id = any($1) and keyed_by <> $2 and keyed_by not in ('erased', 'unreadable')) as "found!""#,
        &ids,
        version,
    )
    .fetch_one(tx)
    .await?;
    Ok(found)
}

/// Records of one of two halves that wait, locked; those that another worker holds are left to it.
#[tracing::instrument(level = "debug", name = "db.comparison.waiting", skip_all)]
pub(crate) async fn waiting(tx: &mut PgConnection, half: i32, limit: i64) -> Result<Vec<SourceRecordId>, StoreError> {
    let rows = sqlx::query!(
        "select id, set_config('synchronous_commit', 'off', true) from customer_profile.source_record
         where compared_by is null and keyed_by is not null and (uuid_hash(id) & 1) = $1
         order by id limit $2 for update skip locked",
        half,
        limit,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| SourceRecordId::from_uuid(row.id)).collect())
}

/// One of them, locked; `false` when it waits no longer.
#[tracing::instrument(level = "debug", name = "db.comparison.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, record: SourceRecordId) -> Result<bool, StoreError> {
    let found = sqlx::query!(
        "select id, set_config('synchronous_commit', 'off', true) from customer_profile.source_record
         where id = $1 and compared_by is null and keyed_by is not null for update",
        record.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    Ok(found.is_some())
}

/// Says that these were compared. Once other rules are in force it says nothing: they wait still, for those.
#[tracing::instrument(level = "debug", name = "db.comparison.done", skip_all)]
pub(crate) async fn done(tx: &mut PgConnection, records: &[SourceRecordId], version: &str) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = records.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "update customer_profile.source_record set compared_by = $2
         where id = any($1) and exists (select from customer_profile.matching_rules where one and version = $2)",
        &ids,
        version,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Says that these are to be compared again. It waits for whoever is comparing one of them, who has not seen what is said
/// here; a condition that the row be marked would pass it over.
#[tracing::instrument(name = "db.comparison.again", skip_all)]
pub(crate) async fn again(tx: &mut PgConnection, records: &[SourceRecordId]) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = records.iter().map(|id| id.uuid()).collect();
    sqlx::query!("update customer_profile.source_record set compared_by = null where id = any($1)", &ids)
        .execute(tx)
        .await?;
    Ok(())
}

/// Has those of these records judged again that were judged by other rules, and waits for whoever is judging one of them.
#[tracing::instrument(level = "debug", name = "db.comparison.stale_again", skip_all)]
pub(crate) async fn stale_again(
    tx: &mut PgConnection,
    records: &[SourceRecordId],
    version: &str,
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = records.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "with judged as materialized (
             select id, compared_by from customer_profile.source_record where id = any($1) order by id for update
         )
         update customer_profile.source_record r set compared_by = null from judged j
         where r.id = j.id and j.compared_by <> $2 and j.compared_by not in ('unreadable', 'erased')",
        &ids,
        version,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// For each of these records, those that share keys enough to be compared, at most `most`: those that share most. A key
/// that too many records share finds nobody.
#[tracing::instrument(level = "debug", name = "db.comparison.candidates", skip_all)]
pub(crate) async fn candidates(
    tx: &mut PgConnection,
    records: &[SourceRecordId],
    most: usize,
) -> Result<Vec<Pair>, StoreError> {
    let ids: Vec<Uuid> = records.iter().map(|id| id.uuid()).collect();
    let largest = i32::try_from(LARGEST_BLOCK).unwrap_or(i32::MAX);
    let rows = sqlx::query!(
        r#"with block as materialized (
               select own.source_record_id as subject, own.weight,
                      array(select k.source_record_id from customer_profile.match_key k
                            where k.key = own.key limit $2 + 1) as records
               from customer_profile.match_key own where own.source_record_id = any($1)
           ), ranked as (
               select b.subject, r.id as candidate,
                      row_number() over (partition by b.subject order by sum(b.weight) desc, r.id) as nth
               from block b, unnest(b.records) as r (id)
               where cardinality(b.records) <= $2 and r.id <> b.subject
               group by b.subject, r.id having sum(b.weight) >= $4
           )
           select subject, candidate as "candidate!" from ranked where nth <= $3"#,
        &ids,
        largest,
        i64::try_from(most).unwrap_or(i64::MAX),
        i64::from(WORTH_COMPARING),
    )
    .fetch_all(tx)
    .await?;
    let pair = |one, other| Pair::of(SourceRecordId::from_uuid(one), SourceRecordId::from_uuid(other));
    Ok(rows.into_iter().map(|row| pair(row.subject, row.candidate)).collect())
}

/// What was said of these records until now: active links of scores and open proposals, and what stewards said of just two.
pub(crate) struct Standing {
    pub links: HashMap<Pair, LinkId>,
    pub proposals: HashMap<Pair, ProposalId>,
    pub by_stewards: HashSet<Pair>,
}

#[tracing::instrument(level = "debug", name = "db.comparison.standing", skip_all)]
pub(crate) async fn standing(tx: &mut PgConnection, records: &[Uuid]) -> Result<Standing, StoreError> {
    // Each record is looked up by itself, and what is asked for beside it is left to us: an index on that would be read whole.
    let rows = sqlx::query!(
        r#"select s.id as "id!", s.record_a as "record_a!", s.record_b as "record_b!", s.is_link as "is_link!", s.word as "word!"
           from unnest($1::uuid[]) as r (id)
           cross join lateral (
               select l.id, l.record_a, l.record_b, true as is_link, case l.evidence_key when '' then l.evidence_kind else '' end as word
               from customer_profile.identity_link l where l.record_a = r.id and l.revoked_at is null
               union all
               select l.id, l.record_a, l.record_b, true, case l.evidence_key when '' then l.evidence_kind else '' end
               from customer_profile.identity_link l where l.record_b = r.id and l.revoked_at is null
               union all
               select p.id, p.record_a, p.record_b, false, p.state from customer_profile.match_proposal p where p.record_a = r.id
               union all
               select p.id, p.record_a, p.record_b, false, p.state from customer_profile.match_proposal p where p.record_b = r.id
               offset 0
           ) s"#,
        records,
    )
    .fetch_all(tx)
    .await?;
    let mut standing = Standing { links: HashMap::new(), proposals: HashMap::new(), by_stewards: HashSet::new() };
    for row in rows {
        let pair = Pair::of(SourceRecordId::from_uuid(row.record_a), SourceRecordId::from_uuid(row.record_b));
        match (row.is_link, row.word.as_str()) {
            (true, "score") => drop(standing.links.insert(pair, LinkId::from_uuid(row.id))),
            (true, "steward") => drop(standing.by_stewards.insert(pair)),
            (false, "open") => drop(standing.proposals.insert(pair, ProposalId::from_uuid(row.id))),
            _ => {}
        }
    }
    Ok(standing)
}
