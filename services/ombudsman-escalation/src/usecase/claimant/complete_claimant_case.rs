//! The claimant completes the complaint.

use kernel::Personal;
use ombudsman_escalation_domain::case::Completion;
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::Window;
use crate::error::Failure;
use crate::office::Office;
use crate::usecase::{Change, Seating, receive_cure};

/// Name of the RPC.
pub const METHOD: &str = "CompleteClaimantCase";

/// What is asked.
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Who asks, and of which case.
    pub window: Window,
    /// The version the claimant read.
    pub version: i64,
    /// What it completes.
    pub completion: Completion,
    /// What they say to it.
    pub content: Personal<String>,
}

/// Records it, as `ReceiveCure` does.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "claimant.complete", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::ClaimantAct, Failure> {
    let Command { key, window, version, completion, content } = command;
    let own = window.open(&office, call, METHOD).await?;
    let change = Change { key, case: own.case.case.id, version: Some(version) };
    let completing = receive_cure::Command { change, completion, content, received_at: None };
    let case = receive_cure::by(office, own.call, completing, Seating::Claimant).await?;
    Ok(pb::ClaimantAct { state: case.state })
}
