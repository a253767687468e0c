//! The decision as a file to hand out.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Language, ResourceId as _};
use ombudsman_escalation_domain::{CaseId, ProcedureRefused, Refused, notice};
use postgres::StoreError;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::get_decision;
use crate::document::{self, Format, Leaf};
use crate::error::Failure;
use crate::grpc::answer::decision_name;
use crate::office::Office;
use crate::store::{decision, procedure};

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Query {
    /// The case.
    pub case: CaseId,
    /// As what kind of file.
    pub format: Format,
    /// Which correction; `None` for the decision itself.
    pub correction: Option<u32>,
}

/// The decision, or one of its corrections, as a signed document, for whom the decision is for.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "decision.get_document", skip_all, fields(case = %query.case))]
pub async fn run(office: Office, call: Call, query: Query) -> Result<pb::DecisionDocument, Failure> {
    let (issued, _) = get_decision::readable(&office, &call, ("GetDecisionDocument", query.case)).await?;
    match query.correction {
        None => decision_itself(&office, &call, issued, query).await,
        Some(number) => correction(&office, &call, (&issued, number), query).await,
    }
}

async fn decision_itself(
    office: &Office,
    call: &Call,
    issued: decision::Issued,
    query: Query,
) -> Result<pb::DecisionDocument, Failure> {
    let id = query.case;
    if issued.signed.is_none() {
        return Err(Refused::DecisionUnsigned.into());
    }
    let mut connection = office.db.reader().acquire().await?;
    let text = decision::document(&mut connection, id).await?.ok_or(Refused::CaseErased)?;
    let paper = decision::paper(&mut connection, id).await?;
    drop(connection);
    get_decision::note_shown(office, call, id, paper.as_slice()).await?;
    // Nothing is handed out under the office's seal that is not what was sealed.
    let sealed = document::sealed(&issued, text.expose());
    let sealed = sealed.ok_or_else(|| StoreError::corrupt("decision_document", "text", id))?;
    let set = Set { name: format!("decision-{}", id.uuid()), language: issued.language, issued_at: issued.issued_at };
    hand_out(office, query, set, text.into_inner(), sealed).await
}

async fn correction(
    office: &Office,
    call: &Call,
    (issued, number): (&decision::Issued, u32),
    query: Query,
) -> Result<pb::DecisionDocument, Failure> {
    let corrected = procedure::corrections(&mut *office.db.reader().acquire().await?, query.case).await?;
    let wanted = corrected.into_iter().find(|one| one.number == number);
    let wanted = wanted.ok_or(Refused::Procedure(ProcedureRefused::CorrectionNotFound))?;
    let signed = wanted.signed.ok_or(Refused::DecisionUnsigned)?;
    let corrupt = || StoreError::corrupt("correction", "document_sequence", query.case);
    let sealed = String::from_utf8(signed.sealed.ok_or(Refused::CaseErased)?).map_err(|_| corrupt())?;
    get_decision::note_shown(office, call, query.case, &[signed.entry]).await?;
    let text = document::unsealed(&notice::CORRECTION, &sealed);
    let text = text.filter(|text| seal::sha256(text.as_bytes()) == signed.hash).ok_or_else(corrupt)?.to_owned();
    let name = format!("decision-{}-correction-{number}", query.case.uuid());
    let set = Set { name, language: issued.language, issued_at: wanted.at };
    hand_out(office, query, set, text, sealed).await
}

/// What a file is set with.
struct Set {
    name: String,
    language: Language,
    issued_at: Timestamp,
}

async fn hand_out(
    office: &Office,
    query: Query,
    set: Set,
    text: String,
    sealed: String,
) -> Result<pb::DecisionDocument, Failure> {
    let (of, footer) = (Arc::clone(&office.name), query.case.name());
    let make = move || {
        let Set { name, language, issued_at } = &set;
        let (language, issued_at) = (*language, *issued_at);
        let leaf = Leaf { office: &of, name, footer: &footer, language, issued_at, text: &text, sealed: &sealed };
        document::file(&leaf, query.format)
    };
    let file = office.set(make).await?;
    Ok(pb::DecisionDocument {
        name: decision_name(query.case),
        file_name: file.name,
        media_type: file.media_type.to_owned(),
        content_hash: seal::sha256(&file.content).to_vec(),
        content: file.content,
    })
}
