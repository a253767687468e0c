//! What time it is at the database: the one clock that all services of an enterprise share.

use std::time::Instant;

use kernel::Heard;

use crate::{Db, StoreError};

/// Asks the database what time it is. The waiting for a connection does not count.
///
/// # Errors
/// [`StoreError::Unavailable`] when nobody answers.
#[tracing::instrument(name = "db.time", skip_all)]
pub async fn time(db: &Db) -> Result<Heard, StoreError> {
    let mut connection = db.reader().acquire().await?;
    let asked = Instant::now();
    let at: jiff_sqlx::Timestamp = sqlx::query_scalar("select clock_timestamp()").fetch_one(&mut *connection).await?;
    let within = asked.elapsed() / 2;
    Ok(Heard { at: at.to_jiff(), when: asked + within, within })
}
