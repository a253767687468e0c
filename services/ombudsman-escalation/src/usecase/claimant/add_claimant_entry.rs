//! The claimant adds something to the dossier.

use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::own_case;
use crate::error::Failure;
use crate::grpc::vocabulary::stage_to_proto;
use crate::office::Office;
use crate::store::case;
use crate::usecase::holder::Holder;
use crate::usecase::{Change, Seating, add_dossier_entry};

/// Name of the RPC.
pub const METHOD: &str = "AddClaimantEntry";

/// What is asked.
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Key and proof.
    pub holder: Holder,
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
    let Command { key, holder, kind, content_type, content } = command;
    let (stored, call) = own_case(&office, call, &holder).await?;
    let id = stored.case.id;
    let adding = add_dossier_entry::Command {
        change: Change { key, case: id, version: None },
        kind,
        visibility: Visibility::Parties,
        content_type,
        content,
    };
    add_dossier_entry::by(office.clone(), call, adding, Seating::Claimant).await?;
    let stage = case::get(&office.db, id).await?.map_or(stored.case.stage(), |now| now.case.stage());
    Ok(pb::ClaimantAct { state: stage_to_proto(stage).into() })
}
