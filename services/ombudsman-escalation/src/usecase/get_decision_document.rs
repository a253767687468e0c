//! The decision as a file to hand out.

use std::sync::Arc;

use ombudsman_escalation_domain::{CaseId, Refused};
use postgres::StoreError;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::get_decision;
use crate::document::{self, Format};
use crate::error::Failure;
use crate::grpc::answer::decision_name;
use crate::office::Office;
use crate::store::decision;

/// The decision as a signed document, for whom the decision is for.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "decision.get_document", skip_all, fields(case = %id))]
pub async fn run(office: Office, call: Call, id: CaseId, format: Format) -> Result<pb::DecisionDocument, Failure> {
    let (issued, _) = get_decision::readable(&office, &call, id).await?;
    if issued.signed.is_none() {
        return Err(Refused::DecisionUnsigned.into());
    }
    let mut connection = office.db.reader().acquire().await?;
    let text = decision::document(&mut connection, id).await?.ok_or(Refused::CaseErased)?;
    drop(connection);
    // Nothing is handed out under the office's seal that is not what was sealed.
    let sealed = document::sealed(&issued, text.expose());
    let sealed = sealed.ok_or_else(|| StoreError::corrupt("decision_document", "text", id))?;
    let name = Arc::clone(&office.name);
    let set = move || document::decision(&name, &issued, text.expose(), &sealed, format);
    let file = office.set(set).await?;
    Ok(pb::DecisionDocument {
        name: decision_name(id),
        file_name: file.name,
        media_type: file.media_type.to_owned(),
        content_hash: seal::sha256(&file.content).to_vec(),
        content: file.content,
    })
}
