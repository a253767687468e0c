//! Telling the claimant that another is competent.

use kernel::Personal;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "ForwardCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Who is competent.
    pub competent: String,
    /// Why the office is not.
    pub reasons: Personal<String>,
}

/// Forwards the case.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.forward", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step.of_another(&office, &call).await?,
    };
    let told = format!("{}\n\n{}", command.competent, command.reasons.expose());
    let after = step.case().forward(command.competent, step.now)?;
    step.add(&office, Paper::text(DossierKind::Forwarding, Visibility::Parties, told));
    step.finish(&office, after).await
}
