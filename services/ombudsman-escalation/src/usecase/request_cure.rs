//! Asking the claimant to complete the complaint.

use std::collections::BTreeSet;

use kernel::Personal;
use ombudsman_escalation_domain::vocabulary::{DossierKind, MissingItem, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "RequestCure";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// What is missing.
    pub items: BTreeSet<MissingItem>,
    /// What the claimant is told.
    pub explanation: Personal<String>,
}

/// Asks for a cure.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.request_cure", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let mut step =
        match Step::begin(&office, &call, &command.change, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]))
            .await?
        {
            Begun::Replay(kept) => return replayed(&office, &kept).await,
            Begun::Step(step) => step,
        };
    let after = step.case().request_cure(command.items, step.now)?;
    step.add(&office, Paper::text(DossierKind::CureRequest, Visibility::Parties, command.explanation.into_inner()));
    step.finish(&office, after).await
}
