//! Looking whether a request was answered before, without claiming it.

use postgres::{Db, RequestError, RequestKey};

/// The kept answer of a request that was done, so that a retry needs neither peers nor a transaction.
#[tracing::instrument(name = "db.request.answered", skip_all)]
pub(crate) async fn answered(db: &Db, key: &RequestKey) -> Result<Option<Vec<u8>>, RequestError> {
    let found = sqlx::query!(
        "select method, body_hash, answer, about from ombudsman.request
          where request_id = $1 and (answer is not null or about is not null)",
        key.id
    )
    .fetch_optional(db.reader())
    .await?;
    found.map(|row| key.replay(&row.method, &row.body_hash, row.answer, row.about)).transpose()
}
