//! The rules in force.

use customer_profile_domain::RulesReviewId;
use customer_profile_domain::matching::{Edition, WrittenRules};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::types::Json;
use sqlx::{PgConnection, PgExecutor, PgPool};

use crate::rules::Kept;

/// Writes the rules of the first start; nothing when rules are in force.
#[tracing::instrument(name = "db.rules.put_first", skip_all)]
pub(crate) async fn put_first(pool: &PgPool, version: &str, kept: &Kept, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into customer_profile.matching_rules (version, rules, expected_records, adopted_at) values ($1, $2, $3, $4)
         on conflict on constraint matching_rules_pkey do nothing",
        version,
        Json(&kept.written) as _,
        records(kept),
        now.to_sqlx() as _,
    )
    .execute(pool)
    .await?;
    Ok(())
}

/// Version of the rules in force.
#[tracing::instrument(level = "debug", name = "db.rules.version", skip_all)]
pub(crate) async fn version(pool: &PgPool) -> Result<String, StoreError> {
    Ok(sqlx::query_scalar!("select version from customer_profile.matching_rules where one").fetch_one(pool).await?)
}

/// Edition of the rules in force. Whoever asks under the lock of an identifier is told what everybody who locks it later is
/// told, or less: rules that come into force are brought to every identifier after that.
#[tracing::instrument(level = "debug", name = "db.rules.edition", skip_all)]
pub(crate) async fn edition(executor: impl PgExecutor<'_>) -> Result<Edition, StoreError> {
    let word = sqlx::query_scalar!("select rules ->> 'edition' from customer_profile.matching_rules where one")
        .fetch_one(executor)
        .await?;
    read_edition(word)
}

/// Edition of the rules that were in force at an instant: those of the last review that was decided by then, or those that
/// it took the place of.
#[tracing::instrument(name = "db.rules.edition_at", skip_all)]
pub(crate) async fn edition_at(executor: impl PgExecutor<'_>, known: Timestamp) -> Result<Edition, StoreError> {
    let word = sqlx::query_scalar!(
        r#"select coalesce(
               (select coalesce(rules ->> 'edition', '') from customer_profile.rules_review
                where state in ('applying', 'applied') and decided_at <= $1 order by decided_at desc limit 1),
               (select substring(version_in_force from ' and (exact-[0-9]+) among ') from customer_profile.rules_review
                where state in ('applying', 'applied') and decided_at > $1 order by decided_at limit 1),
               (select rules ->> 'edition' from customer_profile.matching_rules
                where one and (review_id is null or adopted_at <= $1)))"#,
        known.to_sqlx() as _,
    )
    .fetch_one(executor)
    .await?;
    read_edition(word)
}

fn read_edition(word: Option<String>) -> Result<Edition, StoreError> {
    match word.as_deref() {
        None | Some("") => Ok(Edition::default()),
        Some(word) => Edition::stored(word).ok_or_else(|| StoreError::corrupt("matching_rules", "rules", word)),
    }
}

/// The rules in force, with their version.
#[tracing::instrument(name = "db.rules.in_force", skip_all)]
pub(crate) async fn in_force(executor: impl PgExecutor<'_>) -> Result<(String, Kept), StoreError> {
    let row = sqlx::query!(
        r#"select version, rules as "rules: Json<WrittenRules>", expected_records from customer_profile.matching_rules where one"#,
    )
    .fetch_one(executor)
    .await?;
    let expected_records = u64::try_from(row.expected_records).unwrap_or_default();
    Ok((row.version, Kept { written: row.rules.0, expected_records }))
}

/// Brings other rules into force.
#[tracing::instrument(name = "db.rules.adopt", skip_all)]
pub(crate) async fn adopt(
    tx: &mut PgConnection,
    version: &str,
    kept: &Kept,
    review: RulesReviewId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update customer_profile.matching_rules
         set version = $1, rules = $2, expected_records = $3, adopted_at = $4, review_id = $5 where one",
        version,
        Json(&kept.written) as _,
        records(kept),
        now.to_sqlx() as _,
        review.uuid(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A count as the database keeps it.
pub(crate) fn records(kept: &Kept) -> i64 {
    i64::try_from(kept.expected_records).unwrap_or(i64::MAX)
}
