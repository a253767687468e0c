//! The access log of dossiers.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Actor, ResourceId as _};
use ombudsman_escalation_domain::CaseId;
use postgres::{Db, StoreError};

use super::word;

const TABLE: &str = "dossier_access";

/// That somebody was shown entries of a dossier.
pub(crate) struct Access {
    pub case: CaseId,
    pub actor: Actor,
    /// First and last sequence that was shown; 0 and 0 when there was none.
    pub shown: [i64; 2],
    /// Whether the content of sealed entries was among it.
    pub sealed: bool,
    pub traceparent: String,
    pub read_at: Timestamp,
}

#[tracing::instrument(name = "db.access.note", skip_all)]
pub(crate) async fn note(db: &Db, access: &Access) -> Result<(), StoreError> {
    let mut tx = db.tx().await?;
    sqlx::query!(
        "insert into ombudsman.dossier_access
           (case_id, actor_kind, actor_id, actor_department, first_sequence, last_sequence, sealed_shown, traceparent, read_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        access.case.uuid(),
        access.actor.kind.as_str(),
        access.actor.id,
        access.actor.department.as_ref().map(|department| department.as_str()),
        access.shown[0],
        access.shown[1],
        access.sealed,
        access.traceparent,
        access.read_at.to_sqlx() as _,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

/// An access and its place in the log.
pub(crate) struct Noted {
    pub number: i64,
    pub access: Access,
}

/// Accesses of a case before a place in the log, newest first.
#[tracing::instrument(name = "db.access.list", skip_all)]
pub(crate) async fn list(db: &Db, case: CaseId, before: i64, limit: i64) -> Result<Vec<Noted>, StoreError> {
    let rows = sqlx::query!(
        "select access_id, actor_kind, actor_id, actor_department, first_sequence, last_sequence, sealed_shown, traceparent, read_at
           from ombudsman.dossier_access where case_id = $1 and access_id < $2 order by access_id desc limit $3",
        case.uuid(),
        before,
        limit,
    )
    .fetch_all(db.reader())
    .await?;
    rows.into_iter()
        .map(|row| {
            let number = row.access_id;
            let department =
                row.actor_department.map(|slug| word(&slug, TABLE, "actor_department", number)).transpose()?;
            let actor =
                Actor { kind: word(&row.actor_kind, TABLE, "actor_kind", number)?, id: row.actor_id, department };
            let access = Access {
                case,
                actor,
                shown: [row.first_sequence, row.last_sequence],
                sealed: row.sealed_shown,
                traceparent: row.traceparent,
                read_at: row.read_at.to_jiff(),
            };
            Ok(Noted { number, access })
        })
        .collect()
}
