//! Closing a case that is over but for this.

use ombudsman_escalation_domain::vocabulary::{OfficeRole, Stage};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;
use crate::store::{obligation, procedure};

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
    let mut step =
        match Step::begin(&office, &call, &command.change, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]))
            .await?
        {
            Begun::Replay(kept) => return replayed(&office, &kept).await,
            Begun::Step(step) => step,
        };
    let id = step.case().id;
    procedure::refuse_erased(&mut step.tx, id).await?;
    if step.case().stage() == Stage::Notified {
        let effect = procedure::effect(&mut step.tx, id).await?;
        let unbound = step.case().leave_unbound(effect, step.now)?;
        step.write(&office, unbound).await?;
    }
    let obligations = obligation::of_case(&mut step.tx, id).await?;
    let after = step.case().close(&obligations)?;
    step.finish(&office, after).await
}
