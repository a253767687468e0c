//! The claimant stops.

use kernel::Personal;
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::Window;
use crate::error::Failure;
use crate::office::Office;
use crate::usecase::{Change, Seating, withdraw_case};

/// Name of the RPC.
pub const METHOD: &str = "WithdrawClaimantCase";

/// What is asked.
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Who asks, and of which case.
    pub window: Window,
    /// The version the claimant read.
    pub version: i64,
    /// What they said.
    pub statement: Personal<String>,
}

/// Records it, as `WithdrawCase` does.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "claimant.withdraw", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::ClaimantAct, Failure> {
    let Command { key, window, version, statement } = command;
    let own = window.open(&office, call, METHOD).await?;
    let change = Change { key, case: own.case.case.id, version: Some(version) };
    let withdrawing = withdraw_case::Command { change, statement };
    let case = withdraw_case::by(office, own.call, withdrawing, Seating::Claimant).await?;
    Ok(pb::ClaimantAct { state: case.state })
}
