//! Reading the dossier as its claimant.

use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::Window;
use crate::error::Failure;
use crate::office::Office;
use crate::usecase::dossier_reading::{self, Page};

/// Name of the RPC.
pub const METHOD: &str = "ListClaimantEntries";

/// What is asked.
pub struct Command {
    /// Who asks, and of which case.
    pub window: Window,
    /// How many entries at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
    /// Whether the last entry comes first.
    pub newest_first: bool,
    /// Sequence of the first entry that is wanted; 0 for all.
    pub first: i64,
}

/// What is for both parties, in order; that it was shown is in the access log.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "claimant.list_entries", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::ListClaimantEntriesResponse, Failure> {
    let Command { window, size, token, newest_first, first } = command;
    let own = window.open(&office, call, METHOD).await?;
    let page = Page { case: own.case.case.id, size, token, newest_first };
    let page = dossier_reading::list_to_claimant(office, own.call, (page, first)).await?;
    Ok(pb::ListClaimantEntriesResponse { entries: page.entries, next_page_token: page.next_page_token })
}
