//! Reading the dossier as its claimant.

use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::own_case;
use crate::error::Failure;
use crate::office::Office;
use crate::usecase::dossier_reading::{self, Page};
use crate::usecase::holder::Holder;

/// What the firm keeps of an affair as a whole, its own notes among it. What of that is for the customer they read where the affair itself is shown to them.
const HOUSES_OWN: [pb::DossierKind; 2] = [pb::DossierKind::MessagesSnapshot, pb::DossierKind::HistorySnapshot];

/// What is asked.
pub struct Command {
    /// Key and proof.
    pub holder: Holder,
    /// How many entries at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
}

/// What is for both parties, in order; that it was shown is in the access log.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "claimant.list_entries", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::ListClaimantEntriesResponse, Failure> {
    let Command { holder, size, token } = command;
    let (stored, call) = own_case(&office, call, &holder).await?;
    let mut page = dossier_reading::list(office, call, Page { case: stored.case.id, size, token }).await?;
    page.entries.retain(|entry| !HOUSES_OWN.contains(&entry.kind()));
    Ok(pb::ListClaimantEntriesResponse { entries: page.entries, next_page_token: page.next_page_token })
}
