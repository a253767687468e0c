//! Closing a stayed case.

use kernel::Personal;
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, StayClosure};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "CloseStayedCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Why.
    pub reason: StayClosure,
    /// How the proceedings ended, or what the claimant said.
    pub statement: Personal<String>,
}

/// Closes the case with its reason.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.close_stayed", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step.of_another(&office, &call).await?,
    };
    let after = step.case().close_stayed(command.reason)?;
    let closed = Phrase::StayClosed { reason: command.reason, statement: command.statement.expose() };
    step.say(&office, DossierKind::StayEnd, closed);
    step.finish(&office, after).await
}
