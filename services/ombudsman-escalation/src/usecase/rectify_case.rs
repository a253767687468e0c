//! The firm gave in and the claimant is satisfied.

use kernel::Personal;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "RectifyCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// What proves it.
    pub proof: Personal<String>,
}

/// Records the rectification with its proof.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.rectify", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let mut step =
        match Step::begin(&office, &call, &command.change, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]))
            .await?
        {
            Begun::Replay(kept) => return replayed(&office, &kept).await,
            Begun::Step(step) => step.of_another(&office, &call).await?,
        };
    let proof = Paper::text(DossierKind::Rectification, Visibility::Parties, command.proof.into_inner());
    let proof = step.add(&office, proof).entry.sequence;
    let after = step.case().rectify(proof)?;
    step.finish(&office, after).await
}
