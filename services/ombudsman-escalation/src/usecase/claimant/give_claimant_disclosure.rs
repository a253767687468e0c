//! The claimant is told who sat on the case.

use kernel::Language;
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::Window;
use crate::error::Failure;
use crate::office::Office;
use crate::usecase::{Change, give_disclosure};

/// Name of the RPC.
pub const METHOD: &str = "GiveClaimantDisclosure";

/// What is asked.
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Who asks, and of which case.
    pub window: Window,
    /// Language of the text.
    pub language: Language,
}

/// Gives it, as `GiveDisclosure` does.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "claimant.give_disclosure", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::DisclosureStatement, Failure> {
    let Command { key, window, language } = command;
    let own = window.open(&office, call, METHOD).await?;
    let change = Change { key, case: own.case.case.id, version: None };
    give_disclosure::run(office, own.call, give_disclosure::Command { change, language }).await
}
