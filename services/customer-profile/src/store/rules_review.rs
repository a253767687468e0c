//! Looks at what other rules would change.

use customer_profile_domain::matching::WrittenRules;
use customer_profile_domain::{ChangeBasis, ChangeKind, CustomerId, Pair, ReviewState, RulesReviewId, SourceRecordId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};
use uuid::Uuid;

use super::rules::records;
use crate::rules::Kept;

/// A review as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Review {
    pub id: RulesReviewId,
    pub state: ReviewState,
    pub version: String,
    pub version_in_force: String,
    pub kept: Kept,
    pub record_count: i64,
    pub done_count: i64,
    /// Records up to this one are done.
    pub after: Uuid,
    pub created_by: String,
    pub created_at: Timestamp,
    pub ready_at: Option<Timestamp>,
    pub decided_by: String,
    pub decided_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub row_version: i64,
}

struct Row {
    id: Uuid,
    state: String,
    version: String,
    version_in_force: String,
    rules: Json<WrittenRules>,
    expected_records: i64,
    record_count: i64,
    done_count: i64,
    after_record: Uuid,
    created_by: String,
    created_at: jiff_sqlx::Timestamp,
    ready_at: Option<jiff_sqlx::Timestamp>,
    decided_by: String,
    decided_at: Option<jiff_sqlx::Timestamp>,
    ended_at: Option<jiff_sqlx::Timestamp>,
    row_version: i64,
}

impl TryFrom<Row> for Review {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = ReviewState::stored(&row.state);
        let expected_records = u64::try_from(row.expected_records).unwrap_or_default();
        Ok(Self {
            id: RulesReviewId::from_uuid(row.id),
            state: state.ok_or_else(|| StoreError::corrupt("rules_review", "state", row.id))?,
            version: row.version,
            version_in_force: row.version_in_force,
            kept: Kept { written: row.rules.0, expected_records },
            record_count: row.record_count,
            done_count: row.done_count,
            after: row.after_record,
            created_by: row.created_by,
            created_at: row.created_at.to_jiff(),
            ready_at: row.ready_at.map(|at| at.to_jiff()),
            decided_by: row.decided_by,
            decided_at: row.decided_at.map(|at| at.to_jiff()),
            ended_at: row.ended_at.map(|at| at.to_jiff()),
            row_version: row.row_version,
        })
    }
}

/// Begins a review; `None` when one is open. Counts the records.
#[tracing::instrument(name = "db.rules_review.begin", skip_all)]
pub(crate) async fn begin(
    tx: &mut PgConnection,
    id: RulesReviewId,
    version: &str,
    kept: &Kept,
    by: &str,
    now: Timestamp,
) -> Result<Option<Review>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"insert into customer_profile.rules_review
               (id, state, version, version_in_force, rules, expected_records, record_count, created_by, created_at)
           select $1, 'comparing', $2, f.version, $3, $4, (select count(*) from customer_profile.source_record), $5, $6
           from customer_profile.matching_rules f where f.one
           on conflict ((true)) where state in ('comparing', 'ready', 'applying') do nothing
           returning id, state, version, version_in_force, rules as "rules: Json<WrittenRules>", expected_records,
                     record_count, done_count, after_record, created_by, created_at, ready_at, decided_by, decided_at,
                     ended_at, row_version"#,
        id.uuid(),
        version,
        Json(&kept.written) as _,
        records(kept),
        by,
        now.to_sqlx() as _,
    )
    .fetch_optional(tx)
    .await?;
    row.map(Review::try_from).transpose()
}

/// One review.
#[tracing::instrument(name = "db.rules_review.get", skip_all)]
pub(crate) async fn get(executor: impl PgExecutor<'_>, id: RulesReviewId) -> Result<Option<Review>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, state, version, version_in_force, rules as "rules: Json<WrittenRules>", expected_records, record_count,
                  done_count, after_record, created_by, created_at, ready_at, decided_by, decided_at, ended_at, row_version
           from customer_profile.rules_review where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    row.map(Review::try_from).transpose()
}

/// The same, and nobody else decides it meanwhile.
#[tracing::instrument(name = "db.rules_review.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: RulesReviewId) -> Result<Option<Review>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, state, version, version_in_force, rules as "rules: Json<WrittenRules>", expected_records, record_count,
                  done_count, after_record, created_by, created_at, ready_at, decided_by, decided_at, ended_at, row_version
           from customer_profile.rules_review where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(Review::try_from).transpose()
}

/// Whether a worker has something to do about a review.
#[tracing::instrument(level = "debug", name = "db.rules_review.is_any_at_work", skip_all)]
pub(crate) async fn is_any_at_work(pool: &PgPool) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from customer_profile.rules_review where state in ('comparing', 'applying')) as "found!""#,
    )
    .fetch_one(pool)
    .await?;
    Ok(found)
}

/// The review that a worker has something to do about, unless another worker has it.
#[tracing::instrument(level = "debug", name = "db.rules_review.at_work", skip_all)]
pub(crate) async fn at_work(tx: &mut PgConnection) -> Result<Option<Review>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        r#"select id, state, version, version_in_force, rules as "rules: Json<WrittenRules>", expected_records, record_count,
                  done_count, after_record, created_by, created_at, ready_at, decided_by, decided_at, ended_at, row_version
           from customer_profile.rules_review
           where state in ('comparing', 'applying') for update skip locked"#,
    )
    .fetch_optional(tx)
    .await?;
    row.map(Review::try_from).transpose()
}

/// Reviews, the newest first.
#[tracing::instrument(name = "db.rules_review.page", skip_all)]
pub(crate) async fn page(
    pool: &PgPool,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Review>, StoreError> {
    let (at, id) = before.unwrap_or((Timestamp::MAX, Uuid::max()));
    let rows = sqlx::query_as!(
        Row,
        r#"select id, state, version, version_in_force, rules as "rules: Json<WrittenRules>", expected_records, record_count,
                  done_count, after_record, created_by, created_at, ready_at, decided_by, decided_at, ended_at, row_version
           from customer_profile.rules_review where $3 or (created_at, id) < ($1, $2)
           order by created_at desc, id desc limit $4"#,
        if before.is_some() { at } else { Timestamp::UNIX_EPOCH }.to_sqlx() as _,
        id,
        before.is_none(),
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(Review::try_from).collect()
}

/// Ids of the records that come after this one.
#[tracing::instrument(level = "debug", name = "db.rules_review.records", skip_all)]
pub(crate) async fn records_after(
    tx: &mut PgConnection,
    after: Uuid,
    limit: i64,
) -> Result<Vec<SourceRecordId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "select id from customer_profile.source_record where id > $1 order by id limit $2",
        after,
        limit,
    )
    .fetch_all(tx)
    .await?;
    Ok(ids.into_iter().map(SourceRecordId::from_uuid).collect())
}

/// What would change of two records.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Change {
    pub kind: ChangeKind,
    pub pair: Pair,
    pub basis: ChangeBasis,
    pub score: Option<f64>,
}

/// Writes down what would change; what is found from both sides is written once.
#[tracing::instrument(level = "debug", name = "db.rules_review.put_changes", skip_all)]
pub(crate) async fn put_changes(
    tx: &mut PgConnection,
    id: RulesReviewId,
    changes: &[Change],
) -> Result<(), StoreError> {
    let kinds: Vec<&str> = changes.iter().map(|change| change.kind.as_str()).collect();
    let firsts: Vec<Uuid> = changes.iter().map(|change| change.pair.a().uuid()).collect();
    let seconds: Vec<Uuid> = changes.iter().map(|change| change.pair.b().uuid()).collect();
    let bases: Vec<&str> = changes.iter().map(|change| change.basis.as_str()).collect();
    let scores: Vec<Option<f64>> = changes.iter().map(|change| change.score).collect();
    sqlx::query!(
        r#"insert into customer_profile.rules_change (review_id, record_a, record_b, kind, score, basis)
           select $1, c.a, c.b, c.kind, c.score, c.basis
           from unnest($2::uuid[], $3::uuid[], $4::text[], $5::float8[], $6::text[]) as c (a, b, kind, score, basis)
           on conflict on constraint rules_change_pkey do nothing"#,
        id.uuid(),
        &firsts,
        &seconds,
        &kinds as _,
        &scores as _,
        &bases as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// How far it is now.
#[tracing::instrument(level = "debug", name = "db.rules_review.went_on", skip_all)]
pub(crate) async fn went_on(
    tx: &mut PgConnection,
    id: RulesReviewId,
    after: Uuid,
    records: usize,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update customer_profile.rules_review
         set after_record = $2, done_count = least(done_count + $3, record_count) where id = $1",
        id.uuid(),
        after,
        i64::try_from(records).unwrap_or(i64::MAX),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Takes the review to another state, from the first record again. `by` is who decided, if anybody did.
#[tracing::instrument(name = "db.rules_review.become", skip_all)]
pub(crate) async fn turn(
    tx: &mut PgConnection,
    id: RulesReviewId,
    state: ReviewState,
    by: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update customer_profile.rules_review
         set state = $2, row_version = row_version + 1,
             ready_at = case when $2 = 'ready' then $4 else ready_at end,
             decided_by = coalesce($3, decided_by), decided_at = case when $3::text is not null then $4 else decided_at end,
             ended_at = case when $2 in ('applied', 'dropped') then $4 else ended_at end,
             after_record = case when $2 = 'applying' then '00000000-0000-0000-0000-000000000000' else after_record end,
             done_count = case when $2 = 'applying' then 0 when $2 = 'dropped' then done_count else record_count end
         where id = $1",
        id.uuid(),
        state.as_str(),
        by,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// How many changes of each kind were found, in the order of [`ChangeKind::ALL`].
#[tracing::instrument(name = "db.rules_review.counts", skip_all)]
pub(crate) async fn counts(executor: impl PgExecutor<'_>, ids: &[Uuid]) -> Result<Vec<(Uuid, [i64; 4])>, StoreError> {
    let rows = sqlx::query!(
        r#"select review_id, kind, count(*) as "count!" from customer_profile.rules_change
           where review_id = any($1) group by review_id, kind"#,
        ids,
    )
    .fetch_all(executor)
    .await?;
    let mut counts: Vec<(Uuid, [i64; 4])> = ids.iter().map(|id| (*id, [0; 4])).collect();
    for row in rows {
        let kind = ChangeKind::ALL.iter().position(|kind| kind.as_str() == row.kind);
        let of = counts.iter_mut().find(|(id, _)| *id == row.review_id);
        if let (Some(kind), Some((_, counted))) = (kind, of) {
            counted[kind] = row.count;
        }
    }
    Ok(counts)
}

/// A change, with who the two records are of now.
pub(crate) struct Listed {
    pub change: Change,
    pub customers: [CustomerId; 2],
}

/// Where the next page of changes begins: what the last one of this page is of.
pub(crate) type After = (Uuid, Uuid, ChangeKind, ChangeBasis);

/// A page of changes in the order of their records.
#[tracing::instrument(name = "db.rules_review.changes", skip_all)]
pub(crate) async fn changes(
    pool: &PgPool,
    id: RulesReviewId,
    kind: Option<ChangeKind>,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let (a, b, last, basis) =
        after.map_or((Uuid::nil(), Uuid::nil(), "", ""), |(a, b, kind, basis)| (a, b, kind.as_str(), basis.as_str()));
    let rows = sqlx::query!(
        r#"select c.record_a, c.record_b, c.kind, c.score, c.basis, a.customer_id as customer_a, b.customer_id as customer_b
           from customer_profile.rules_change c
           join customer_profile.source_record a on a.id = c.record_a
           join customer_profile.source_record b on b.id = c.record_b
           where c.review_id = $1 and ($2::text is null or c.kind = $2) and (c.record_a, c.record_b, c.kind, c.basis) > ($3, $4, $5, $7)
           order by c.record_a, c.record_b, c.kind, c.basis limit $6"#,
        id.uuid(),
        kind.map(ChangeKind::as_str),
        a,
        b,
        last,
        limit,
        basis,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let basis = ChangeBasis::stored(&row.basis);
            let basis = basis.ok_or_else(|| StoreError::corrupt("rules_change", "basis", id.uuid()))?;
            let kind = ChangeKind::stored(&row.kind);
            let kind = kind.ok_or_else(|| StoreError::corrupt("rules_change", "kind", id.uuid()))?;
            let pair = Pair::of(SourceRecordId::from_uuid(row.record_a), SourceRecordId::from_uuid(row.record_b));
            let customers = [row.customer_a, row.customer_b].map(CustomerId::from_uuid);
            Ok(Listed { change: Change { kind, pair, basis, score: row.score }, customers })
        })
        .collect()
}
