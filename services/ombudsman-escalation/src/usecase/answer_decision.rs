//! A party answers the decision.

use kernel::Personal;
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{BoundBy, DossierKind, OfficeRole, Stage};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::procedure;

/// Name of the RPC.
pub const METHOD: &str = "AnswerDecision";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Which.
    pub party: BoundBy,
    /// Whether it accepts.
    pub accepted: bool,
    /// What it said.
    pub statement: Personal<String>,
}

/// Records the answer, and what it makes of the decision.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.answer_decision", skip_all, fields(case = %command.change.case))]
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
    // Before the decision is told there is nothing to answer, and no effect to read.
    let after = match before.stage() {
        Stage::Notified => {
            let effect = procedure::effect(&mut step.tx, before.id).await?;
            before.answer_decision(command.party, command.accepted, effect, step.now)?
        }
        _ => return Err(before.not_told().into()),
    };
    let statement = command.statement.expose();
    let answered = Phrase::DecisionAnswered { by: command.party, accepted: command.accepted, statement };
    step.say(&office, DossierKind::DecisionAnswer, answered);
    if let Some(bound) = after.state.bound() {
        step.note(&office, &answer::decision_bound(&after, bound.by));
    }
    step.finish(&office, after).await
}
