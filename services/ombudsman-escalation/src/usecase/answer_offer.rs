//! The claimant answers an offer.

use kernel::Personal;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "AnswerOffer";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Whether the claimant accepts.
    pub accepted: bool,
    /// What the claimant said.
    pub statement: Personal<String>,
}

/// Records the answer.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.answer_offer", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case().answer_offer(command.accepted, step.now)?;
    let answered = if command.accepted { "accepted" } else { "not accepted" };
    let told = format!("{answered}: {}", command.statement.expose());
    step.add(&office, Paper::text(DossierKind::OfferAnswer, Visibility::Parties, told));
    step.finish(&office, after).await
}
