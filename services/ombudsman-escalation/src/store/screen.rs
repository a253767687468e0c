//! Dossiers that still lack the customer as the screen showed them.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::{CaseId, CustomerId};
use postgres::{Db, StoreError};
use sqlx::PgConnection;

/// A case whose dossier lacks the screen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Missing {
    /// The case.
    pub(crate) case: CaseId,
    /// Whose it is.
    pub(crate) customer: CustomerId,
    /// The instant it is asked for: when the case was opened.
    pub(crate) opened_at: Timestamp,
}

/// Notes that the screen of a case is still to be asked for.
#[tracing::instrument(name = "db.screen.want", skip_all)]
pub(crate) async fn want(tx: &mut PgConnection, case: CaseId, now: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.missing_screen (case_id, asked_at) values ($1, $2)",
        case.uuid(),
        now.to_sqlx() as _
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Some of those that are missing, the longest unasked first.
#[tracing::instrument(name = "db.screen.missing", skip_all)]
pub(crate) async fn missing(db: &Db, limit: i64) -> Result<Vec<Missing>, StoreError> {
    let rows = sqlx::query!(
        "select m.case_id, c.customer_id, c.created_at from ombudsman.missing_screen m
           join ombudsman.office_case c on c.case_id = m.case_id
          order by m.asked_at, m.case_id limit $1",
        limit
    )
    .fetch_all(db.reader())
    .await?;
    let missing = rows.into_iter().map(|row| Missing {
        case: CaseId::from_uuid(row.case_id),
        customer: CustomerId::from_uuid(row.customer_id),
        opened_at: row.created_at.to_jiff(),
    });
    Ok(missing.collect())
}

/// Puts one behind the others: it was asked for in vain.
#[tracing::instrument(name = "db.screen.put_back", skip_all)]
pub(crate) async fn put_back(db: &Db, case: CaseId, now: Timestamp) -> Result<(), StoreError> {
    let mut tx = db.tx().await?;
    sqlx::query!(
        "update ombudsman.missing_screen set asked_at = $2 where case_id = $1",
        case.uuid(),
        now.to_sqlx() as _
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// Takes one off the list; answers whether it stood there.
#[tracing::instrument(name = "db.screen.found", skip_all)]
pub(crate) async fn found(tx: &mut PgConnection, case: CaseId) -> Result<bool, StoreError> {
    let gone = sqlx::query!("delete from ombudsman.missing_screen where case_id = $1", case.uuid()).execute(tx).await?;
    Ok(gone.rows_affected() == 1)
}
