//! Drafts of decisions, as ciphertext.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::CaseId;
use postgres::{Db, StoreError};
use sqlx::PgConnection;

use crate::seal::Closed;

/// A stored draft.
#[derive(Debug, Clone)]
pub(crate) struct StoredDraft {
    /// Revision, from 1.
    pub(crate) revision: i32,
    /// The closed text.
    pub(crate) closed: Closed,
    /// Who saved it.
    pub(crate) saved_by: String,
    /// When.
    pub(crate) saved_at: Timestamp,
}

/// The revision that a new draft of the locked case gets.
#[tracing::instrument(name = "db.draft.next_revision", skip_all)]
pub(crate) async fn next_revision(tx: &mut PgConnection, case: CaseId) -> Result<i32, StoreError> {
    let next = sqlx::query_scalar!(
        r#"select coalesce(max(revision), 0) + 1 as "next!" from ombudsman.draft where case_id = $1"#,
        case.uuid()
    )
    .fetch_one(tx)
    .await?;
    Ok(next)
}

/// Writes a draft.
#[tracing::instrument(name = "db.draft.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, case: CaseId, draft: &StoredDraft) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.draft (case_id, revision, nonce, ciphertext, saved_by, saved_at)
         values ($1, $2, $3, $4, $5, $6)",
        case.uuid(),
        draft.revision,
        draft.closed.nonce.as_slice(),
        draft.closed.ciphertext,
        draft.saved_by,
        draft.saved_at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The last draft of a case.
#[tracing::instrument(name = "db.draft.last", skip_all)]
pub(crate) async fn last(db: &Db, case: CaseId) -> Result<Option<StoredDraft>, StoreError> {
    let row = sqlx::query!(
        "select revision, nonce, ciphertext, saved_by, saved_at from ombudsman.draft
          where case_id = $1 order by revision desc limit 1",
        case.uuid()
    )
    .fetch_optional(db.reader())
    .await?;
    row.map(|row| {
        let nonce = row.nonce.as_slice().try_into().map_err(|_| StoreError::corrupt("draft", "nonce", case))?;
        Ok(StoredDraft {
            revision: row.revision,
            closed: Closed { nonce, ciphertext: row.ciphertext },
            saved_by: row.saved_by,
            saved_at: row.saved_at.to_jiff(),
        })
    })
    .transpose()
}
