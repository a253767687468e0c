//! What stands around a decision: what it does, what was corrected in it, and what reviews it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::case::Effect;
use ombudsman_escalation_domain::vocabulary::DecisionText;
use ombudsman_escalation_domain::{CaseId, ProcedureRefused, Refused};
use postgres::StoreError;
use sqlx::PgConnection;

use super::{decision, word};
use crate::error::Failure;

/// Refuses when the words of the case were destroyed.
#[tracing::instrument(name = "db.procedure.refuse_erased", skip_all)]
pub(crate) async fn refuse_erased(tx: &mut PgConnection, case: CaseId) -> Result<(), Failure> {
    let erased = sqlx::query_scalar!(
        r#"select exists (select from ombudsman.erased_case where case_id = $1) as "erased!""#,
        case.uuid()
    )
    .fetch_one(tx)
    .await?;
    if erased { Err(Refused::from(ProcedureRefused::Erased).into()) } else { Ok(()) }
}

/// What the decision of a case says, as far as what it does depends on it.
#[tracing::instrument(name = "db.procedure.effect", skip_all)]
pub(crate) async fn effect(tx: &mut PgConnection, case: CaseId) -> Result<Effect, Failure> {
    let (issued, _) = decision::get(tx, case).await?.ok_or(Refused::DecisionNotFound)?;
    let notified_at = issued.notified_at.ok_or(Refused::DecisionNotFound)?;
    Ok(Effect { outcome: issued.outcome, by_law: issued.binding, notified_at })
}

/// A correction, with its words while they are there.
pub(crate) struct Corrected {
    /// Which text.
    pub(crate) part: DecisionText,
    /// Of which claim point; `None` for the signpost.
    pub(crate) claim_point: Option<String>,
    /// Its entry in the dossier.
    pub(crate) entry: u64,
    /// Who corrected it.
    pub(crate) by: String,
    /// When.
    pub(crate) at: Timestamp,
    /// The message in the dossier; `None` once erased.
    pub(crate) content: Option<Vec<u8>>,
}

/// Writes that a slip was corrected.
#[tracing::instrument(name = "db.procedure.correct", skip_all)]
pub(crate) async fn correct(tx: &mut PgConnection, case: CaseId, corrected: &Corrected) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.correction (case_id, number, claim_point, part, entry_sequence, corrected_by, corrected_at)
         select $1, coalesce(max(number), 0) + 1, $2, $3, $4, $5, $6 from ombudsman.correction where case_id = $1",
        case.uuid(),
        corrected.claim_point.as_deref(),
        corrected.part.as_str(),
        i64::try_from(corrected.entry).unwrap_or(i64::MAX),
        corrected.by,
        corrected.at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What was corrected in the decision of a case, in order.
#[tracing::instrument(name = "db.procedure.corrections", skip_all)]
pub(crate) async fn corrections(connection: &mut PgConnection, case: CaseId) -> Result<Vec<Corrected>, StoreError> {
    let rows = sqlx::query!(
        r#"select k.part, k.claim_point, k.entry_sequence, k.corrected_by, k.corrected_at, c.content as "content?"
             from ombudsman.correction k
             left join ombudsman.dossier_content c on c.case_id = k.case_id and c.sequence = k.entry_sequence
            where k.case_id = $1 order by k.number"#,
        case.uuid()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Corrected {
                part: word(&row.part, "correction", "part", case)?,
                claim_point: row.claim_point,
                entry: u64::try_from(row.entry_sequence)
                    .map_err(|_| StoreError::corrupt("correction", "entry_sequence", case))?,
                by: row.corrected_by,
                at: row.corrected_at.to_jiff(),
                content: row.content,
            })
        })
        .collect()
}

/// Cases that review this one, the first first; and which of them is before the office.
#[tracing::instrument(name = "db.procedure.reviews", skip_all)]
pub(crate) async fn reviews<'c>(
    executor: impl sqlx::PgExecutor<'c>,
    case: CaseId,
) -> Result<Vec<(CaseId, bool)>, StoreError> {
    let rows = sqlx::query!(
        r#"select case_id, state not in ('archived_uncured', 'inadmissible', 'closed', 'withdrawn', 'rectified',
                                         'forwarded_internally', 'settled') as "live!"
             from ombudsman.office_case where review_of = $1 order by created_at, case_id"#,
        case.uuid()
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (CaseId::from_uuid(row.case_id), row.live)).collect())
}
