//! The firm brings what proves that it did what it owes.

use kernel::Personal;
use ombudsman_escalation_domain::obligation::Proof;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;
use crate::store::obligation;

/// Name of the RPC.
pub const METHOD: &str = "ProveExecution";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Which obligation.
    pub number: u32,
    /// What proves it.
    pub proof: Personal<String>,
}

/// Takes in the proof; the office is still to judge it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.prove_execution", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::Firm;
    let mut step = match Step::begin_in_reach(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case();
    after.accepts_proof()?;
    let owed = obligation::pick(&obligation::of_case(&mut step.tx, after.id).await?, command.number)?;
    let paper = Paper::text(DossierKind::ExecutionProof, Visibility::Parties, command.proof.into_inner());
    let entry = step.add(&office, paper).entry.sequence;
    let proved = owed.prove(Proof { entry, at: step.now })?;
    step.file_papers().await?;
    obligation::update(&mut step.tx, after.id, &proved).await?;
    step.finish_in_reach(&office, after).await
}
