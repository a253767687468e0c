//! Marking a decision as standing for a criterion.

use kernel::{Language, ResourceId as _};
use ombudsman_escalation_domain::vocabulary::OfficeRole;
use ombudsman_escalation_domain::{ProcedureRefused, Refused};
use prost::Message as _;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::criterion::{self, Leading};
use crate::store::procedure;

/// Name of the RPC.
pub const METHOD: &str = "MarkLeadingDecision";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// The criterion, in general terms.
    pub criterion: String,
    /// Language it is written in.
    pub language: Language,
}

/// Marks it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "decision.mark_leading", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::LeadingDecision, Failure> {
    let seats = Seating::In(&[OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return pb::LeadingDecision::decode(kept.as_slice()).map_err(|_| Failure::Unreadable),
        Begun::Step(step) => step,
    };
    let case = step.case();
    if let Some(review) = procedure::standing(&mut step.tx, case.id).await?.superseded_by {
        return Err(Refused::from(ProcedureRefused::DecisionSuperseded { case: review }).into());
    }
    let leading = Leading {
        case: case.id,
        criterion: command.criterion,
        language: command.language,
        marked_by: step.actor.id.clone(),
        marked_at: step.now,
    };
    criterion::mark(&mut step.tx, &leading).await?;
    step.note(&office, &pb::LeadingDecisionMarked { case_name: case.id.name() });
    step.write(&office, case).await?;
    let answer = answer::leading(&leading);
    step.commit(&office, &answer.encode_to_vec(), false).await?;
    Ok(answer)
}
