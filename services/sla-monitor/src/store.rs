//! SQL, and nothing but: rows to values and values to rows.

pub mod affair;
pub mod agent;
pub mod board;
pub mod call;
pub mod clock;
pub mod customer;
pub mod due;
pub mod evaluation;
pub mod fairness;
pub mod forecast;
pub mod foresight;
pub mod judged;
pub mod law;
pub mod open;
pub mod parameters;
pub mod party;
pub mod past;
pub mod queue;
pub mod shipped;

use jiff::Timestamp;
use postgres::StoreError;
use sqlx::PgPool;

/// The database's time.
#[tracing::instrument(name = "db.now", skip_all)]
pub async fn now(pool: &PgPool) -> Result<Timestamp, StoreError> {
    let now = sqlx::query_scalar!(r#"select now() as "now!: jiff_sqlx::Timestamp""#).fetch_one(pool).await?;
    Ok(now.to_jiff())
}

fn instant(stored: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    stored.map(jiff_sqlx::Timestamp::to_jiff)
}
