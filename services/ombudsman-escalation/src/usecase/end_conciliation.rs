//! Ending a conciliation without agreement.

use kernel::Personal;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "EndConciliation";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Why.
    pub reasons: Personal<String>,
}

/// Leads back to the investigation.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.end_conciliation", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case().end_conciliation(step.now)?;
    step.add(&office, Paper::text(DossierKind::ConciliationEnd, Visibility::Parties, command.reasons.into_inner()));
    step.finish(&office, after).await
}
