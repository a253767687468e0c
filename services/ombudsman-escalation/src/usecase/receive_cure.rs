//! Recording what the claimant sent to complete the complaint.

use jiff::Timestamp;
use kernel::Personal;
use ombudsman_escalation_domain::case::Completion;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "ReceiveCure";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// What it completes.
    pub completion: Completion,
    /// What was sent.
    pub content: Personal<String>,
    /// When it reached the office; `None` for now.
    pub received_at: Option<Timestamp>,
}

/// Records the cure. It counts from when it reached the office, whenever that is written down.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.receive_cure", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    by(office, call, command, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman])).await
}

/// The same by whoever may.
pub(super) async fn by(office: Office, call: Call, command: Command, seats: Seating) -> Result<pb::Case, Failure> {
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let before = step.case();
    let reached_at = command.received_at.unwrap_or(step.now);
    if reached_at > step.now || reached_at < before.complaint.filed_at_office {
        let why = "must be after the complaint reached the office, and not in the future";
        return Err(Failure::field("receive_time", why));
    }
    let after = before.receive_cure(command.completion, reached_at)?;
    step.as_of(reached_at);
    step.add(&office, Paper::text(DossierKind::Cure, Visibility::Parties, command.content.into_inner()));
    step.finish(&office, after).await
}
