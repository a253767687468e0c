//! Closing a case whose parties were told.

use ombudsman_escalation_domain::vocabulary::OfficeRole;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "CloseCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
}

/// Closes the case.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.close", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let step =
        match Step::begin(&office, &call, &command.change, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]))
            .await?
        {
            Begun::Replay(kept) => return replayed(&office, &kept).await,
            Begun::Step(step) => step,
        };
    let after = step.case().close()?;
    step.finish(&office, after).await
}
