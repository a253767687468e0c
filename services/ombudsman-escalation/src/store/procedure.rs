//! What stands around a decision: what it does, what was corrected in it, and what reviews it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::case::Effect;
use ombudsman_escalation_domain::vocabulary::DecisionText;
use ombudsman_escalation_domain::{CaseId, ProcedureRefused, Refused};
use postgres::StoreError;
use sqlx::PgConnection;

use super::{decision, hash, word};
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
    let (issued, _) = decision::get(&mut *tx, case).await?.ok_or(Refused::DecisionNotFound)?;
    let notified_at = issued.notified_at.ok_or(Refused::DecisionNotFound)?;
    let confirms = sqlx::query_scalar!(
        "select review_of from ombudsman.office_case where case_id = $1 and ombudsman.confirms(case_id)",
        case.uuid()
    );
    let confirms = confirms.fetch_optional(tx).await?.flatten().map(CaseId::from_uuid);
    Ok(Effect { outcome: issued.outcome, by_law: issued.binding, notified_at, confirms })
}

/// Writes that a review took the place of a decision. Its points are precedents no more.
#[tracing::instrument(name = "db.procedure.supersede", skip_all)]
pub(crate) async fn supersede(
    tx: &mut PgConnection,
    case: CaseId,
    review: CaseId,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.superseded_decision (case_id, review, superseded_at) values ($1, $2, $3)",
        case.uuid(),
        review.uuid(),
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// How a decision stands to its reviews.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    /// The review that took its place, or that of the decision which it left in force.
    pub(crate) superseded_by: Option<CaseId>,
    /// It is a review that was told and leaves the decision it reviews in force.
    pub(crate) confirms: bool,
}

/// How the decision of a case stands to its reviews.
#[tracing::instrument(name = "db.procedure.standing", skip_all)]
pub(crate) async fn standing(connection: &mut PgConnection, case: CaseId) -> Result<Standing, StoreError> {
    let row = sqlx::query!(
        r#"select ombudsman.replaced_by($1) as review,
                  exists (select from ombudsman.notification where case_id = $1) and ombudsman.confirms($1) as "confirms!""#,
        case.uuid()
    )
    .fetch_one(connection)
    .await?;
    let superseded_by = row.review.map(CaseId::from_uuid);
    Ok(Standing { confirms: row.confirms && superseded_by.is_none(), superseded_by })
}

/// The case that this one reviews, which never changes.
#[tracing::instrument(name = "db.procedure.review_of", skip_all)]
pub(crate) async fn review_of(connection: &mut PgConnection, case: CaseId) -> Result<Option<CaseId>, StoreError> {
    let found = sqlx::query_scalar!("select review_of from ombudsman.office_case where case_id = $1", case.uuid());
    Ok(found.fetch_optional(connection).await?.flatten().map(CaseId::from_uuid))
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
    /// Its number, from 1.
    pub(crate) number: u32,
    /// Its signed text; `None` from before there were any.
    pub(crate) signed: Option<SignedCorrection>,
}

/// The signed text of a correction.
pub(crate) struct SignedCorrection {
    /// SHA-256 of the text.
    pub(crate) hash: [u8; 32],
    /// Its entry in the dossier, which holds the text with its seal.
    pub(crate) entry: u64,
    /// The text with its seal; `None` once erased.
    pub(crate) sealed: Option<Vec<u8>>,
}

/// Writes that a slip was corrected.
#[tracing::instrument(name = "db.procedure.correct", skip_all)]
pub(crate) async fn correct(tx: &mut PgConnection, case: CaseId, corrected: &Corrected) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.correction
           (case_id, number, claim_point, part, entry_sequence, corrected_by, corrected_at, document_sequence, document_hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        case.uuid(),
        i32::try_from(corrected.number).unwrap_or(i32::MAX),
        corrected.claim_point.as_deref(),
        corrected.part.as_str(),
        i64::try_from(corrected.entry).unwrap_or(i64::MAX),
        corrected.by,
        corrected.at.to_sqlx() as _,
        corrected.signed.as_ref().map(|signed| i64::try_from(signed.entry).unwrap_or(i64::MAX)),
        corrected.signed.as_ref().map(|signed| signed.hash.as_slice()),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes how a remedy stands from its last correction on.
#[tracing::instrument(name = "db.procedure.correct_remedy", skip_all)]
pub(crate) async fn correct_remedy(
    tx: &mut PgConnection,
    case: CaseId,
    (point, remedy): (&str, &str),
    (number, at): (u32, Timestamp),
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.corrected_remedy (case_id, point_id, number, remedy, corrected_at) values ($1, $2, $3, $4, $5)",
        case.uuid(),
        point,
        i32::try_from(number).unwrap_or(i32::MAX),
        remedy,
        at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What was corrected in the decision of a case, in order.
#[tracing::instrument(name = "db.procedure.corrections", skip_all)]
pub(crate) async fn corrections(connection: &mut PgConnection, case: CaseId) -> Result<Vec<Corrected>, StoreError> {
    let rows = sqlx::query!(
        r#"select k.number, k.part, k.claim_point, k.entry_sequence, k.corrected_by, k.corrected_at, k.document_sequence, k.document_hash,
                  c.content as "content?", d.content as "document?"
             from ombudsman.correction k
             left join ombudsman.dossier_content c on c.case_id = k.case_id and c.sequence = k.entry_sequence
             left join ombudsman.dossier_content d on d.case_id = k.case_id and d.sequence = k.document_sequence
            where k.case_id = $1 order by k.number"#,
        case.uuid()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let signed = match (row.document_sequence, row.document_hash) {
                (Some(entry), Some(bytes)) => Some(SignedCorrection {
                    hash: hash(&bytes, "correction", "document_hash", case)?,
                    entry: u64::try_from(entry)
                        .map_err(|_| StoreError::corrupt("correction", "document_sequence", case))?,
                    sealed: row.document,
                }),
                _ => None,
            };
            Ok(Corrected {
                number: u32::try_from(row.number).map_err(|_| StoreError::corrupt("correction", "number", case))?,
                signed,
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

/// Whether this person decided what the case reviews, or a review of the same, and another ombudsman could hear it.
#[tracing::instrument(name = "db.procedure.decided_what_it_reviews", skip_all)]
pub(crate) async fn decided_what_it_reviews(
    tx: &mut PgConnection,
    case: CaseId,
    person: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let decided = sqlx::query_scalar!(
        r#"select ombudsman.decided_what_it_reviews($1, $2, $3) as "decided!""#,
        case.uuid(),
        person,
        now.to_sqlx() as _
    );
    Ok(decided.fetch_one(tx).await?)
}

/// Cases that review this one, the first first; and which of them is before the office.
#[tracing::instrument(name = "db.procedure.reviews", skip_all)]
pub(crate) async fn reviews<'c>(
    executor: impl sqlx::PgExecutor<'c>,
    case: CaseId,
) -> Result<Vec<(CaseId, bool)>, StoreError> {
    let rows = sqlx::query!(
        r#"select case_id, not ombudsman.is_over(state) as "live!"
             from ombudsman.office_case where review_of = $1 order by created_at, case_id"#,
        case.uuid()
    )
    .fetch_all(executor)
    .await?;
    Ok(rows.into_iter().map(|row| (CaseId::from_uuid(row.case_id), row.live)).collect())
}
