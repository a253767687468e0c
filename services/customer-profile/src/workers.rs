//! What runs beside the calls.

pub(crate) mod comparisons;
pub(crate) mod golden_records;
mod judging;
pub(crate) mod match_keys;
pub(crate) mod rules_reviews;

use postgres::StoreError;
use sqlx::PgPool;

use crate::store::match_key;

/// One record that cannot be read must not stop the others: it is set aside, and said so. Answers whether the failure
/// was of that kind.
async fn set_aside(pool: &PgPool, failure: &StoreError) -> Result<bool, StoreError> {
    let StoreError::Corrupt { table: "source_record", row, .. } = failure else { return Ok(false) };
    let Ok(record) = row.parse() else { return Ok(false) };
    tracing::error!(error = kernel::chain(failure), source_record = row, "a record cannot be read and is set aside");
    match_key::set_aside(pool, record).await?;
    Ok(true)
}
