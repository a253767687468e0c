//! Idempotency: a mutating call is claimed by its `request_id` in the transaction of its effect, so
//! that the claim exists exactly when the effect does.

use aws_lc_rs::digest;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Classify, Kind};
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::StoreError;

/// What identifies one mutating call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestKey {
    /// The caller's `request_id`.
    pub id: Uuid,
    /// The RPC, e.g. `CreateTicket`.
    pub method: &'static str,
    /// SHA-256 over method and body.
    pub body_hash: [u8; 32],
}

impl RequestKey {
    /// The key of a call with this encoded request message.
    pub fn of(id: Uuid, method: &'static str, body: &[u8]) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(method.as_bytes());
        hash.update(&[0]);
        hash.update(body);
        let mut body_hash = [0; 32];
        body_hash.copy_from_slice(hash.finish().as_ref());
        Self { id, method, body_hash }
    }

    /// Compares a stored claim with this call.
    ///
    /// # Errors
    /// [`RequestError::Reused`] when the stored claim is of another method or body,
    /// [`RequestError::InFlight`] when it has no answer yet.
    pub fn replay(&self, method: &str, body_hash: &[u8], answer: Option<Vec<u8>>) -> Result<Vec<u8>, RequestError> {
        if method != self.method || body_hash != self.body_hash {
            return Err(RequestError::Reused);
        }
        answer.ok_or(RequestError::InFlight)
    }
}

/// Whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The call is new: do it.
    Fresh,
    /// The call was done: give this answer again.
    Replay(Vec<u8>),
}

/// Why a call was not claimed.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The id was used for something else.
    #[error("this request_id was used before with another method or body; take a new one")]
    Reused,
    /// The same call is still running.
    #[error("a call with this request_id is still running; retry")]
    InFlight,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for RequestError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Classify for RequestError {
    fn kind(&self) -> Kind {
        match self {
            Self::Reused => Kind::AlreadyExists,
            Self::InFlight => Kind::Aborted,
            Self::Store(error) => error.kind(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Reused => "REQUEST_ID_REUSED",
            Self::InFlight => "REQUEST_IN_FLIGHT",
            Self::Store(error) => error.reason(),
        }
    }
}

/// Claims the call in the transaction `tx`. A concurrent twin waits here until the first one ends.
///
/// # Errors
/// [`RequestError`].
#[tracing::instrument(name = "db.request.claim", skip_all)]
pub async fn claim(tx: &mut PgConnection, key: &RequestKey, now: Timestamp) -> Result<Claim, RequestError> {
    let claimed = sqlx::query(
        "insert into request (request_id, method, body_hash, claimed_at) values ($1, $2, $3, $4)
         on conflict on constraint request_pkey do nothing",
    )
    .bind(key.id)
    .bind(key.method)
    .bind(key.body_hash.as_slice())
    .bind(now.to_sqlx())
    .execute(&mut *tx)
    .await?;
    if claimed.rows_affected() == 1 {
        return Ok(Claim::Fresh);
    }
    let row = sqlx::query("select method, body_hash, answer from request where request_id = $1")
        .bind(key.id)
        .fetch_one(&mut *tx)
        .await?;
    let answer = key.replay(row.try_get("method")?, row.try_get("body_hash")?, row.try_get("answer")?)?;
    Ok(Claim::Replay(answer))
}

/// Keeps the answer beside the claim, in the same transaction.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.request.keep_answer", skip_all)]
pub async fn keep_answer(tx: &mut PgConnection, id: Uuid, answer: &[u8], forever: bool) -> Result<(), StoreError> {
    sqlx::query("update request set answer = $2, keep_forever = $3 where request_id = $1")
        .bind(id)
        .bind(answer)
        .bind(forever)
        .execute(tx)
        .await?;
    Ok(())
}
