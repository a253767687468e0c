//! Abstaining while other proceedings run on the same facts.

use kernel::Personal;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "StayCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Which, and how the office learnt of them.
    pub proceedings: Personal<String>,
}

/// Stays the case.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.stay", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case().stay(step.now)?;
    step.add(&office, Paper::text(DossierKind::Stay, Visibility::Parties, command.proceedings.into_inner()));
    step.finish(&office, after).await
}
