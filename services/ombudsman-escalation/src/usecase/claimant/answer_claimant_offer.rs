//! The claimant answers an offer.

use kernel::Personal;
use postgres::RequestKey;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::Window;
use crate::error::Failure;
use crate::office::Office;
use crate::usecase::{Change, Seating, answer_offer};

/// Name of the RPC.
pub const METHOD: &str = "AnswerClaimantOffer";

/// What is asked.
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Who asks, and of which case.
    pub window: Window,
    /// The version the claimant read.
    pub version: i64,
    /// Whether they accept.
    pub accepted: bool,
    /// What they said.
    pub statement: Personal<String>,
}

/// Records it, as `AnswerOffer` does.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "claimant.answer_offer", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::ClaimantAct, Failure> {
    let Command { key, window, version, accepted, statement } = command;
    let own = window.open(&office, call, METHOD).await?;
    let change = Change { key, case: own.case.case.id, version: Some(version) };
    let answering = answer_offer::Command { change, accepted, statement };
    let case = answer_offer::by(office, own.call, answering, Seating::Claimant).await?;
    Ok(pb::ClaimantAct { state: case.state })
}
