//! Judging what the firm brought as proof.

use jiff::Timestamp;
use kernel::{Personal, ResourceId as _};
use ombudsman_escalation_domain::obligation::{Proof, name};
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::team::WORKING;
use ombudsman_escalation_domain::vocabulary::DossierKind;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::obligation;

/// Name of the RPC.
pub const METHOD: &str = "ReviewExecution";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Which obligation.
    pub number: u32,
    /// Whether the proof holds.
    pub holds: bool,
    /// Why.
    pub reasons: Personal<String>,
}

/// Records the judgement, and where the case stands by it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.review_execution", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(WORKING);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let before = step.case();
    before.accepts_proof()?;
    let mut owed = obligation::of_case(&mut step.tx, before.id).await?;
    let picked = obligation::pick(&owed, command.number)?;
    let brought = picked.proof;
    let judged = picked.judge(command.holds)?;
    let (number, reasons) = (command.number, command.reasons.expose());
    step.say(&office, DossierKind::ExecutionReview, Phrase::ProofJudged { number, holds: command.holds, reasons });
    obligation::update(&mut step.tx, before.id, &judged).await?;
    let case_name = before.id.name();
    let obligation = name(before.id, command.number);
    if let Some(done_at) = judged.done_at {
        step.note_as_of(&office, &pb::ObligationMet { case_name, obligation }, done_at);
    } else if judged.is_overdue() && held_off(brought, judged.overdue_at) {
        step.note(&office, &answer::obligation_overdue(before.id, &judged));
    }
    for known in owed.iter_mut().filter(|known| known.number == judged.number) {
        *known = judged.clone();
    }
    let after = before.weigh(&owed);
    step.finish(&office, after).await
}

/// Whether the proof came in time and so held off that the obligation is told to be overdue; after a later one it was told before.
fn held_off(proof: Option<Proof>, overdue_at: Option<Timestamp>) -> bool {
    proof.zip(overdue_at).is_some_and(|(proof, over)| proof.at <= over)
}
