//! The rules in force.

use customer_profile_domain::RulesReviewId;
use customer_profile_domain::matching::WrittenRules;
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
