//! The acknowledgement of a case as a file to hand out.

use std::sync::Arc;

use kernel::ResourceId as _;
use ombudsman_escalation_domain::vocabulary::DossierKind;
use ombudsman_escalation_domain::{CaseId, Refused, notice};
use postgres::StoreError;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::denied;
use super::get_decision::note_shown;
use super::open_case::is_claimant;
use crate::document::{self, Format, Leaf};
use crate::error::Failure;
use crate::office::Office;
use crate::store::{case, dossier};

/// The acknowledgement as a signed document: for the office, for the claimant, and for who opened the case.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.get_acknowledgement", skip_all, fields(case = %id))]
pub async fn run(office: Office, call: Call, id: CaseId, format: Format) -> Result<pb::Acknowledgement, Failure> {
    let stored = case::get(&office.db, id).await?.ok_or(Refused::CaseNotFound)?;
    let who = call.acting();
    if !who.is_office() && !is_claimant(who, &stored.case.customer.name()) && stored.opened_by != who.actor {
        return Err(denied(&office, &call, ("GetAcknowledgement", id.name()), Refused::CaseNotFound).await);
    }
    let entry = dossier::first_of((&office.db, &office.seal), id, DossierKind::Acknowledgement).await?;
    let entry = entry.ok_or(Refused::NoAcknowledgement)?;
    let sequence = entry.entry.sequence;
    let content = entry.content.ok_or(Refused::CaseErased)?;
    // It lies in the dossier: who is handed it was shown it.
    note_shown(&office, &call, id, &[sequence]).await?;
    let corrupt = || StoreError::corrupt("dossier_content", "content", id);
    let sealed = String::from_utf8(content.bytes).map_err(|_| corrupt())?;
    let text = document::unsealed(&notice::ACKNOWLEDGEMENT, &sealed).ok_or_else(corrupt)?.to_owned();
    let (of, name, footer) = (Arc::clone(&office.name), format!("acknowledgement-{}", id.uuid()), id.name());
    let (language, issued_at) = (stored.matter.language, stored.case.complaint.filed_at_office);
    let make = move || {
        let leaf =
            Leaf { office: &of, name: &name, footer: &footer, language, issued_at, text: &text, sealed: &sealed };
        document::file(&leaf, format)
    };
    let file = office.set(make).await?;
    Ok(pb::Acknowledgement {
        name: format!("{}/acknowledgement", id.name()),
        file_name: file.name,
        media_type: file.media_type.to_owned(),
        content_hash: seal::sha256(&file.content).to_vec(),
        content: file.content,
    })
}
