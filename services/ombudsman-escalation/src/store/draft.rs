//! Drafts of decisions, as ciphertext.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::CaseId;
use postgres::StoreError;
use sqlx::PgConnection;

use crate::seal::{Closed, KeyId};

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
        "insert into ombudsman.draft (case_id, revision, nonce, ciphertext, saved_by, saved_at, key_id)
         values ($1, $2, $3, $4, $5, $6, $7)",
        case.uuid(),
        draft.revision,
        draft.closed.nonce.as_slice(),
        draft.closed.ciphertext,
        draft.saved_by,
        draft.saved_at.to_sqlx() as _,
        draft.closed.key.as_ref().map(KeyId::as_str),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The last draft of a case.
#[tracing::instrument(name = "db.draft.last", skip_all)]
pub(crate) async fn last<'c>(
    executor: impl sqlx::PgExecutor<'c>,
    case: CaseId,
) -> Result<Option<StoredDraft>, StoreError> {
    let row = sqlx::query!(
        "select revision, nonce, ciphertext, saved_by, saved_at, key_id from ombudsman.draft
          where case_id = $1 order by revision desc limit 1",
        case.uuid()
    )
    .fetch_optional(executor)
    .await?;
    row.map(|row| {
        let nonce = row.nonce.as_slice().try_into().map_err(|_| StoreError::corrupt("draft", "nonce", case))?;
        Ok(StoredDraft {
            revision: row.revision,
            closed: Closed { key: row.key_id.map(KeyId::stored), nonce, ciphertext: row.ciphertext },
            saved_by: row.saved_by,
            saved_at: row.saved_at.to_jiff(),
        })
    })
    .transpose()
}

/// How many drafts and sealed papers are closed under each key; the first is of drafts that were closed before keys were named.
#[tracing::instrument(name = "db.draft.by_key", skip_all)]
pub(crate) async fn by_key<'c>(executor: impl sqlx::PgExecutor<'c>) -> Result<Vec<(Option<KeyId>, i64)>, StoreError> {
    let rows = sqlx::query!(
        r#"select key_id, count(*) as "drafts!"
             from (select key_id from ombudsman.draft
                   union all
                   select key_id from ombudsman.dossier_content where key_id is not null) closed
            group by key_id order by key_id nulls first"#
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (row.key_id.map(KeyId::stored), row.drafts)).collect())
}

/// A draft that is to be closed anew.
pub(crate) struct Former {
    pub(crate) case: CaseId,
    pub(crate) revision: i32,
    pub(crate) closed: Closed,
}

/// Drafts under one of these keys, or under none that was named, after one of them; locked, and without those that somebody else closes anew just now.
#[tracing::instrument(name = "db.draft.lock_former", skip_all)]
pub(crate) async fn lock_former(
    tx: &mut PgConnection,
    former: &[KeyId],
    after: (CaseId, i32),
    limit: i64,
) -> Result<Vec<Former>, StoreError> {
    let former: Vec<String> = former.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        "select case_id, revision, nonce, ciphertext, key_id from ombudsman.draft
          where (key_id = any($1) or key_id is null) and (case_id, revision) > ($3::uuid, $4::integer)
          order by case_id, revision limit $2 for update skip locked",
        &former,
        limit,
        after.0.uuid(),
        after.1,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let case = CaseId::from_uuid(row.case_id);
            let nonce = row.nonce.as_slice().try_into().map_err(|_| StoreError::corrupt("draft", "nonce", case))?;
            let closed = Closed { key: row.key_id.map(KeyId::stored), nonce, ciphertext: row.ciphertext };
            Ok(Former { case, revision: row.revision, closed })
        })
        .collect()
}

/// Writes a draft as it was closed anew.
#[tracing::instrument(name = "db.draft.reclose", skip_all)]
pub(crate) async fn reclose(
    tx: &mut PgConnection,
    case: CaseId,
    revision: i32,
    closed: &Closed,
) -> Result<(), StoreError> {
    sqlx::query!(
        "update ombudsman.draft set key_id = $3, nonce = $4, ciphertext = $5 where case_id = $1 and revision = $2",
        case.uuid(),
        revision,
        closed.key.as_ref().map(KeyId::as_str),
        closed.nonce.as_slice(),
        closed.ciphertext,
    )
    .execute(tx)
    .await?;
    Ok(())
}
