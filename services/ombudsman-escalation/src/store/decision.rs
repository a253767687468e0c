//! Decisions, their answers, and that the parties were told.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::{Channel, Language, Personal, ResourceId as _};
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::matter::Amount;
use ombudsman_escalation_domain::precedent::Weighed;
use ombudsman_escalation_domain::vocabulary::Outcome;
use ombudsman_escalation_domain::{CaseId, HouseRefused, ProcedureRefused, Refused};
use postgres::StoreError;
use sqlx::PgConnection;

use super::{amount, hash, instant, precedent, word};
use crate::error::Failure;

/// An issued decision, without its answers.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    /// The case.
    pub(crate) case: CaseId,
    /// How it went.
    pub(crate) outcome: Outcome,
    /// Whether it binds the firm.
    pub(crate) binding: bool,
    /// Where that stands.
    pub(crate) binding_article: String,
    /// Where the claimant may turn next.
    pub(crate) signpost: String,
    /// Language.
    pub(crate) language: Language,
    /// Who issued it.
    pub(crate) issued_by: String,
    /// When.
    pub(crate) issued_at: Timestamp,
    /// Until when the parties must be told.
    pub(crate) notify_due_at: Timestamp,
    /// When they were.
    pub(crate) notified_at: Option<Timestamp>,
    /// Its entry in the dossier.
    pub(crate) dossier_hash: [u8; 32],
    /// What the firm is to pay in all.
    pub(crate) redress: Option<Amount>,
    /// How its text was signed; `None` before there were signed texts.
    pub(crate) signed: Option<Signed>,
    /// Earlier decisions that were considered.
    pub(crate) precedents: Vec<Weighed>,
}

/// How the text of a decision was signed.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    /// SHA-256 of the text.
    pub(crate) hash: [u8; 32],
    /// Id of the key.
    pub(crate) key_id: String,
    /// The signature.
    pub(crate) signature: Vec<u8>,
}

/// All that is written when a decision is issued.
pub(crate) struct Writing<'a> {
    /// The decision.
    pub(crate) issued: &'a Issued,
    /// Its answers.
    pub(crate) answers: &'a [Answer],
    /// The text that was signed.
    pub(crate) text: &'a str,
    /// Its entry in the dossier.
    pub(crate) dossier_sequence: u64,
    /// Mark under which its points are precedents from now on.
    pub(crate) mark: &'a str,
}

/// Writes the answers, what was considered, the text and then the decision; the database checks wall, assignment and completeness once more.
#[tracing::instrument(name = "db.decision.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, writing: &Writing<'_>) -> Result<(), Failure> {
    let Writing { issued, answers, text, dossier_sequence, mark } = writing;
    let column = |pick: fn(&Answer) -> String| answers.iter().map(pick).collect::<Vec<String>>();
    let redress: (Vec<Option<i64>>, Vec<Option<String>>) = answers
        .iter()
        .map(|answer| answer.redress.as_ref().map(|paid| (paid.minor(), paid.currency().to_owned())).unzip())
        .unzip();
    sqlx::query!(
        "insert into ombudsman.decision_point (case_id, point_id, place, outcome, finding, reason, remedy, redress_minor, redress_currency)
         select $1, point_id, place::integer, outcome, finding, reason, remedy, minor, currency
           from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[])
                with ordinality as given (point_id, outcome, finding, reason, remedy, minor, currency, place)",
        issued.case.uuid(),
        &column(|answer| answer.claim_point.clone()),
        &column(|answer| answer.outcome.to_string()),
        &column(|answer| answer.finding.expose().clone()),
        &column(|answer| answer.reason.expose().clone()),
        &column(|answer| answer.remedy.expose().clone()),
        &redress.0 as _,
        &redress.1 as _,
    )
    .execute(&mut *tx)
    .await
    .map_err(refused)?;
    precedent::insert(&mut *tx, issued.case, &issued.precedents).await?;
    sqlx::query!("insert into ombudsman.decision_document (case_id, text) values ($1, $2)", issued.case.uuid(), text,)
        .execute(&mut *tx)
        .await
        .map_err(refused)?;
    sqlx::query!(
        "insert into ombudsman.decision (case_id, outcome, binding, binding_article, signpost, language, issued_by, issued_at,
                                         notify_due_at, dossier_sequence, dossier_hash, redress_minor, redress_currency,
                                         document_hash, seal_key_id, seal_signature)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        issued.case.uuid(),
        issued.outcome.as_str(),
        issued.binding,
        issued.binding_article,
        issued.signpost,
        issued.language.as_str(),
        issued.issued_by,
        issued.issued_at.to_sqlx() as _,
        issued.notify_due_at.to_sqlx() as _,
        i64::try_from(*dossier_sequence).unwrap_or(i64::MAX),
        issued.dossier_hash.as_slice(),
        issued.redress.as_ref().map(Amount::minor),
        issued.redress.as_ref().map(Amount::currency),
        issued.signed.as_ref().map(|signed| signed.hash.as_slice()),
        issued.signed.as_ref().map(|signed| signed.key_id.as_str()),
        issued.signed.as_ref().map(|signed| signed.signature.as_slice()),
    )
    .execute(&mut *tx)
    .await
    .map_err(refused)?;
    precedent::index(tx, issued, mark).await?;
    Ok(())
}

/// What the guards of the tables mean.
fn refused(error: sqlx::Error) -> Failure {
    use ombudsman_escalation_domain::vocabulary::{ConflictGround, OfficeRole};
    let error = StoreError::from(error);
    match error.constraint() {
        Some("decision_pkey" | "decision_point_pkey" | "decision_point_before_the_decision") => {
            Refused::DecisionImmutable.into()
        }
        Some("decision_by_the_assigned_ombudsman") => Refused::NotAssigned { needed: &[OfficeRole::Ombudsman] }.into(),
        Some("decision_by_a_mandate_that_runs") => Refused::House(HouseRefused::NoMandate).into(),
        // A conflict that was committed after the use case looked; which one, the next try will say.
        Some("decision_past_the_wall") => Refused::Conflict { grounds: vec![ConflictGround::TouchedTicket] }.into(),
        Some("decision_review_by_another") => Refused::from(ProcedureRefused::ReviewByAnother).into(),
        _ => error.into(),
    }
}

/// The answers of a decision as they stand since remedies in them were corrected.
#[tracing::instrument(name = "db.decision.in_force", skip_all)]
pub(crate) async fn in_force(
    tx: &mut PgConnection,
    case: CaseId,
    decided: Vec<Answer>,
) -> Result<Vec<Answer>, StoreError> {
    let corrected = sqlx::query!("select distinct on (point_id) point_id, remedy from ombudsman.corrected_remedy where case_id = $1 order by point_id, number desc", case.uuid())
        .fetch_all(tx)
        .await?;
    let stands = |answer: Answer| match corrected.iter().find(|row| row.point_id == answer.claim_point) {
        Some(row) => Answer { remedy: Personal::new(row.remedy.clone()), ..answer },
        None => answer,
    };
    Ok(decided.into_iter().map(stands).collect())
}

/// A decision with its answers.
#[tracing::instrument(name = "db.decision.get", skip_all)]
pub(crate) async fn get(
    connection: &mut PgConnection,
    case: CaseId,
) -> Result<Option<(Issued, Vec<Answer>)>, StoreError> {
    let row = sqlx::query!(
        r#"select d.outcome, d.binding, d.binding_article, d.signpost, d.language, d.issued_by, d.issued_at, d.notify_due_at,
                  d.dossier_hash, d.redress_minor, d.redress_currency, d.document_hash, d.seal_key_id, d.seal_signature,
                  n.notified_at as "notified_at?"
             from ombudsman.decision d left join ombudsman.notification n on n.case_id = d.case_id
            where d.case_id = $1"#,
        case.uuid()
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let issued = Issued {
        case,
        outcome: word(&row.outcome, "decision", "outcome", case)?,
        binding: row.binding,
        binding_article: row.binding_article,
        signpost: row.signpost,
        language: word(&row.language, "decision", "language", case)?,
        issued_by: row.issued_by,
        issued_at: row.issued_at.to_jiff(),
        notify_due_at: row.notify_due_at.to_jiff(),
        notified_at: instant(row.notified_at),
        dossier_hash: hash(&row.dossier_hash, "decision", "dossier_hash", case)?,
        redress: amount(row.redress_minor, row.redress_currency),
        signed: match (row.document_hash, row.seal_key_id, row.seal_signature) {
            (Some(bytes), Some(key_id), Some(signature)) => {
                Some(Signed { hash: hash(&bytes, "decision", "document_hash", case)?, key_id, signature })
            }
            _ => None,
        },
        precedents: precedent::of_decision(&mut *connection, case).await?,
    };
    Ok(Some((issued, answers(connection, case).await?)))
}

async fn answers(connection: &mut PgConnection, case: CaseId) -> Result<Vec<Answer>, StoreError> {
    let rows = sqlx::query!(
        "select point_id, outcome, finding, reason, remedy, redress_minor, redress_currency
           from ombudsman.decision_point where case_id = $1 order by place",
        case.uuid()
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Answer {
                outcome: word(&row.outcome, "decision_point", "outcome", &row.point_id)?,
                claim_point: row.point_id,
                finding: Personal::new(row.finding),
                reason: Personal::new(row.reason),
                remedy: Personal::new(row.remedy),
                redress: amount(row.redress_minor, row.redress_currency),
            })
        })
        .collect()
}

/// The entry of the dossier in which a decision lies as it was issued.
#[tracing::instrument(name = "db.decision.paper", skip_all)]
pub(crate) async fn paper(connection: &mut PgConnection, case: CaseId) -> Result<Option<u64>, StoreError> {
    let sequence =
        sqlx::query_scalar!("select dossier_sequence from ombudsman.decision where case_id = $1", case.uuid());
    let sequence = sequence.fetch_optional(connection).await?;
    sequence
        .map(|sequence| u64::try_from(sequence).map_err(|_| StoreError::corrupt("decision", "dossier_sequence", case)))
        .transpose()
}

/// The text of a decision that was signed, while it is there.
#[tracing::instrument(name = "db.decision.document", skip_all)]
pub(crate) async fn document(
    connection: &mut PgConnection,
    case: CaseId,
) -> Result<Option<Personal<String>>, StoreError> {
    let text = sqlx::query_scalar!(
        "select text from ombudsman.decision_document d where case_id = $1
            and not exists (select from ombudsman.erased_case e where e.case_id = d.case_id)",
        case.uuid()
    );
    Ok(text.fetch_optional(connection).await?.map(Personal::new))
}

/// Records that the parties were told.
#[tracing::instrument(name = "db.decision.notify", skip_all)]
pub(crate) async fn notify(
    tx: &mut PgConnection,
    case: CaseId,
    channel: Channel,
    by: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.notification (case_id, channel, notified_by, notified_at) values ($1, $2, $3, $4)",
        case.uuid(),
        channel.as_str(),
        by,
        now.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}
