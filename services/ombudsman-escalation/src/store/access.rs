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
    /// First and last sequence of each run of entries that was shown, in order.
    pub shown: Vec<[i64; 2]>,
    /// First and last of all; 0 and 0 when there was none.
    pub span: [i64; 2],
    /// Whether the content of sealed entries was among it.
    pub sealed: bool,
    pub traceparent: String,
    pub read_at: Timestamp,
}

/// Runs of sequences, of sequences in order.
pub(crate) fn runs(sequences: &[u64]) -> Vec<[i64; 2]> {
    let mut runs: Vec<[i64; 2]> = Vec::new();
    for sequence in sequences.iter().map(|sequence| i64::try_from(*sequence).unwrap_or(i64::MAX)) {
        match runs.last_mut() {
            Some([_, last]) if *last + 1 == sequence => *last = sequence,
            _ => runs.push([sequence, sequence]),
        }
    }
    runs
}

#[tracing::instrument(name = "db.access.note", skip_all)]
pub(crate) async fn note(db: &Db, access: &Access) -> Result<(), StoreError> {
    let mut tx = db.tx().await?;
    sqlx::query!(
        "insert into ombudsman.dossier_access
           (case_id, actor_kind, actor_id, actor_department, first_sequence, last_sequence, sealed_shown, traceparent, read_at, shown)
         select $1, $2, $3, $4, $5, $6, $7, $8, $9,
                coalesce((select range_agg(int8range(first, last, '[]')) from unnest($10::bigint[], $11::bigint[]) as run (first, last)),
                         '{}'::int8multirange)",
        access.case.uuid(),
        access.actor.kind.as_str(),
        access.actor.id,
        access.actor.department.as_ref().map(|department| department.as_str()),
        access.span[0],
        access.span[1],
        access.sealed,
        access.traceparent,
        access.read_at.to_sqlx() as _,
        &access.shown.iter().map(|[first, _]| *first).collect::<Vec<_>>(),
        &access.shown.iter().map(|[_, last]| *last).collect::<Vec<_>>(),
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
        r#"select access_id, actor_kind, actor_id, actor_department, first_sequence, last_sequence, sealed_shown, traceparent, read_at,
                  coalesce((select array_agg(lower(run) order by run) from unnest(shown) run), '{}') as "firsts!",
                  coalesce((select array_agg(upper(run) - 1 order by run) from unnest(shown) run), '{}') as "lasts!"
             from ombudsman.dossier_access where case_id = $1 and access_id < $2 order by access_id desc limit $3"#,
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
                shown: row.firsts.into_iter().zip(row.lasts).map(|(first, last)| [first, last]).collect(),
                span: [row.first_sequence, row.last_sequence],
                sealed: row.sealed_shown,
                traceparent: row.traceparent,
                read_at: row.read_at.to_jiff(),
            };
            Ok(Noted { number, access })
        })
        .collect()
}
