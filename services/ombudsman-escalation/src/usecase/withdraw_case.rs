//! The claimant stops.

use kernel::Personal;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "WithdrawCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// What the claimant said.
    pub statement: Personal<String>,
}

/// Records the withdrawal.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.withdraw", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    by(office, call, command, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman])).await
}

/// The same by whoever may.
pub(super) async fn by(office: Office, call: Call, command: Command, seats: Seating) -> Result<pb::Case, Failure> {
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step.of_another(&office, &call).await?,
    };
    let after = step.case().withdraw()?;
    step.add(&office, Paper::text(DossierKind::Withdrawal, Visibility::Parties, command.statement.into_inner()));
    step.finish(&office, after).await
}
