//! `GetEvaluation` and `GetEvaluationDocument`: an evaluation as it was published.

use paper::{Attached, Block, Paper, PaperError};
use postgres::StoreError;
use prost::Message as _;
use sla_monitor_domain::evaluation::Language;
use ventanilla_proto::sla::v1 as proto;

use super::evaluate::sha256;
use crate::error::Failure;
use crate::grpc::present;
use crate::monitor::Monitor;
use crate::store::evaluation::{Kept, get};

/// A version of the evaluation of a year; the newest for 0.
///
/// # Errors
/// [`Failure::EvaluationNotFound`].
#[tracing::instrument(name = "evaluation.get", skip_all)]
pub async fn get_evaluation(monitor: &Monitor, year: i16, version: i32) -> Result<proto::Evaluation, Failure> {
    whole(kept(monitor, year, version).await?)
}

async fn kept(monitor: &Monitor, year: i16, version: i32) -> Result<Kept, Failure> {
    let kept = get(&monitor.db, year.into(), version).await?;
    kept.ok_or_else(|| Failure::EvaluationNotFound { name: format!("evaluations/{year}"), version })
}

/// An evaluation with all that is kept of it.
pub(super) fn whole(kept: Kept) -> Result<proto::Evaluation, Failure> {
    let Kept { what, published } = kept;
    let name = format!("evaluations/{}", what.year);
    let figures = proto::Evaluation::decode(what.content.as_slice());
    let figures = figures.map_err(|_| StoreError::corrupt("evaluation", "content", &name))?;
    Ok(proto::Evaluation {
        name,
        version: what.version,
        publish_time: Some(present::time(published)),
        published_by: what.published_by,
        ledger_position: what.ledger.0,
        ledger_hash: what.ledger.1,
        sha256_es: sha256(&what.text_es),
        sha256_en: sha256(&what.text_en),
        text_es: what.text_es,
        text_en: what.text_en,
        ..figures
    })
}

/// The same as a PDF with the text inside.
///
/// # Errors
/// [`Failure::EvaluationNotFound`].
#[tracing::instrument(name = "evaluation.document", skip_all)]
pub async fn get_evaluation_document(
    monitor: &Monitor,
    (year, version): (i16, i32),
    language: Language,
) -> Result<proto::EvaluationDocument, Failure> {
    let kept = kept(monitor, year, version).await?;
    let (firm, turn) = (monitor.firm.clone(), monitor.boards.clone().acquire_owned().await);
    // Setting a document takes the processor for a while.
    let set = move || {
        let _turn = turn;
        document(&firm, &kept, language)
    };
    Ok(tokio::task::spawn_blocking(set).await.map_err(|_| Failure::DocumentGivenUp)??)
}

fn document(firm: &str, kept: &Kept, language: Language) -> Result<proto::EvaluationDocument, PaperError> {
    let Kept { what, published } = kept;
    let (text, tag, attached, unprintable) = match language {
        Language::Spanish => (
            &what.text_es,
            "es",
            "Texto de la evaluación, cuya huella está en el libro mayor",
            "Los caracteres que se muestran como □ están completos en el fichero adjunto.",
        ),
        Language::English => (
            &what.text_en,
            "en",
            "Text of the evaluation, the hash of which is in the ledger",
            "Characters shown as □ are complete in the attached file.",
        ),
    };
    let (title, body) = text.split_once('\n').unwrap_or((text, ""));
    let stem = format!("evaluation-{}-{}-{tag}", what.year, what.version);
    let (name, footer) = (format!("{stem}.txt"), format!("{title}, {}", what.version));
    let content = paper::pdf(&Paper {
        title,
        language: tag,
        issued: *published,
        issuer: firm,
        blocks: body.lines().map(block).collect(),
        footer: &footer,
        attached: vec![Attached {
            name: &name,
            media_type: "text/plain",
            description: attached,
            bytes: text.as_bytes(),
        }],
        unprintable,
    })?;
    Ok(proto::EvaluationDocument {
        media_type: "application/pdf".to_owned(),
        file_name: format!("{stem}.pdf"),
        content,
    })
}

fn block(line: &str) -> Block<'_> {
    match (line.strip_prefix("# "), line.split_once(": ")) {
        (Some(heading), _) => Block::Heading(heading),
        (None, Some((label, value))) => Block::Field { label, value },
        (None, None) => Block::Paragraph(line),
    }
}
