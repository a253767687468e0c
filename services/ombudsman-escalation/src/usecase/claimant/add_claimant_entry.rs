//! The claimant adds something to the dossier.

use ombudsman_escalation_domain::Refused;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::Window;
use crate::error::Failure;
use crate::grpc::vocabulary::stage_to_proto;
use crate::office::Office;
use crate::store::case;
use crate::usecase::{Change, Seating, add_dossier_entry};

/// Name of the RPC.
pub const METHOD: &str = "AddClaimantEntry";

/// What is asked.
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Who asks, and of which case.
    pub window: Window,
    /// Evidence, or what the claimant states.
    pub kind: DossierKind,
    /// Media type.
    pub content_type: String,
    /// The content.
    pub content: Vec<u8>,
}

/// Adds it, for both parties.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "claimant.add_entry", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::ClaimantAct, Failure> {
    let Command { key, window, kind, content_type, content } = command;
    let own = window.open(&office, call, METHOD).await?;
    let adding = add_dossier_entry::Command {
        change: Change { key, case: own.case.case.id, version: None },
        kind,
        visibility: Visibility::Parties,
        content_type,
        content,
        received_at: None,
    };
    add_dossier_entry::by(office.clone(), own.call, adding, Seating::Claimant).await?;
    let stored = case::get(&office.db, own.case.case.id).await?.ok_or(Refused::CaseNotFound)?;
    Ok(pb::ClaimantAct { state: stage_to_proto(stored.case.stage()).into() })
}
