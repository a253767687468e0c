//! Idempotency: a mutating call is claimed by its `request_id` in the transaction of its effect, so
//! that the claim exists exactly when the effect does.

use aws_lc_rs::digest;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Classify, Kind};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use crate::{Db, StoreError};

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

    /// Compares a stored claim with this call. `about` is whose words the answer may hold, as it was kept with it.
    ///
    /// # Errors
    /// [`RequestError::Reused`] when the stored claim is of another method or body, [`RequestError::InFlight`] when it
    /// has no answer yet, [`RequestError::Erased`] when it has none any more.
    pub fn replay(
        &self,
        method: &str,
        body_hash: &[u8],
        answer: Option<Vec<u8>>,
        about: Option<Uuid>,
    ) -> Result<Vec<u8>, RequestError> {
        if method != self.method || body_hash != self.body_hash {
            return Err(RequestError::Reused);
        }
        match (answer, about) {
            (Some(answer), _) => Ok(answer),
            (None, None) => Err(RequestError::InFlight),
            (None, Some(_)) => Err(RequestError::Erased),
        }
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
    /// The answer was destroyed with a person's data.
    #[error("the call with this request_id was done, and its answer was destroyed with the person's data")]
    Erased,
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
            Self::Erased => Kind::FailedPrecondition,
            Self::Store(error) => error.kind(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Reused => "REQUEST_ID_REUSED",
            Self::InFlight => "REQUEST_IN_FLIGHT",
            Self::Erased => "ANSWER_ERASED",
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
    let row = sqlx::query("select method, body_hash, answer, about from request where request_id = $1")
        .bind(key.id)
        .fetch_one(&mut *tx)
        .await?;
    Ok(Claim::Replay(replayed(key, &row)?))
}

/// The kept answer of a call that was done, without claiming it, so that a retry needs neither peers nor a transaction.
///
/// # Errors
/// [`RequestError`], as for [`claim`]. One that is still running is not waited for: it has no answer yet.
#[tracing::instrument(name = "db.request.answered", skip_all)]
pub async fn answered(db: &Db, key: &RequestKey) -> Result<Option<Vec<u8>>, RequestError> {
    let row = sqlx::query(
        "select method, body_hash, answer, about from request
         where request_id = $1 and (answer is not null or about is not null)",
    )
    .bind(key.id)
    .fetch_optional(db.reader())
    .await?;
    row.map(|row| replayed(key, &row)).transpose()
}

fn replayed(key: &RequestKey, row: &PgRow) -> Result<Vec<u8>, RequestError> {
    let (method, body_hash) = (row.try_get("method")?, row.try_get("body_hash")?);
    key.replay(method, body_hash, row.try_get("answer")?, row.try_get("about")?)
}

/// An answer to be kept beside its claim.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// The encoded answer.
    pub answer: &'a [u8],
    /// Whether it is never forgotten.
    pub forever: bool,
    /// The customers or affairs whose words it may hold; empty when it holds nobody's.
    pub about: &'a [Uuid],
}

/// Keeps the answer beside the claim, in the same transaction.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.request.keep_answer", skip_all)]
pub async fn keep_answer(tx: &mut PgConnection, id: Uuid, kept: Kept<'_>) -> Result<(), StoreError> {
    sqlx::query("update request set answer = $2, keep_forever = $3, about = $4 where request_id = $1")
        .bind(id)
        .bind(kept.answer)
        .bind(kept.forever)
        .bind(kept.about.first())
        .execute(&mut *tx)
        .await?;
    if let [_, others @ ..] = kept.about
        && !others.is_empty()
    {
        sqlx::query(
            "insert into request_about (about, request_id) select unnest($1::uuid[]), $2 on conflict do nothing",
        )
        .bind(others)
        .bind(id)
        .execute(tx)
        .await?;
    }
    Ok(())
}

/// Destroys the answers that may hold words of these customers or affairs. The claims stay: what was done is not done
/// again.
///
/// # Errors
/// [`StoreError`].
#[tracing::instrument(name = "db.request.forget_answers", skip_all)]
pub async fn forget_answers(tx: &mut PgConnection, about: &[Uuid]) -> Result<(), StoreError> {
    sqlx::query(
        "update request set answer = null where request_id = any(array(
             select request_id from request where about = any($1) and answer is not null
             union all select request_id from request_about where about = any($1)))",
    )
    .bind(about)
    .execute(tx)
    .await?;
    Ok(())
}

/// Removes claims from before an instant that need not be kept for ever, at most `limit`; answers how many it were.
///
/// # Errors
/// [`StoreError`].
pub async fn forget_claims(db: &Db, before: Timestamp, limit: i64) -> Result<u64, StoreError> {
    let removed = sqlx::query(
        "delete from request where request_id = any(array(
             select request_id from request where claimed_at < $1 and not keep_forever order by claimed_at limit $2
             for update skip locked))",
    )
    .bind(before.to_sqlx())
    .bind(limit)
    .execute(db.reader())
    .await?;
    Ok(removed.rows_affected())
}
