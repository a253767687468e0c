//! Recording what the claimant sent to complete the complaint.

use jiff::Timestamp;
use kernel::Personal;
use ombudsman_escalation_domain::case::{Case, Completion};
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
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
    if reached_at > step.now || reached_at < may_reach_from(&before) {
        return Err(Failure::field(
            "receive_time",
            "must be after the claimant was asked and sent something last, and not in the future",
        ));
    }
    if command.completion.facts_at.is_some_and(|at| at > step.now) {
        return Err(Failure::field("facts_time", "must not be in the future"));
    }
    let known_at = command.completion.known_at;
    if known_at.is_some_and(|at| at > step.now) {
        return Err(Failure::field("facts_known_time", "must not be in the future"));
    }
    let facts_at = command.completion.facts_at.or(before.complaint.facts_at);
    let learnt_at = known_at.or(before.complaint.known_at);
    if learnt_at.zip(facts_at).is_some_and(|(learnt_at, facts_at)| learnt_at < facts_at) {
        return Err(match known_at {
            Some(_) => Failure::field("facts_known_time", "must not be before the facts"),
            None => Failure::field("facts_time", "must not be after the claimant came to know of them, as they said"),
        });
    }
    let after = before.receive_cure(command.completion.clone(), reached_at)?;
    step.as_of(reached_at);
    let sent = Phrase::Completed { sent: &command.completion, content: command.content.expose() };
    step.say(&office, DossierKind::Cure, sent);
    step.finish(&office, after).await
}

/// What is sent comes after the complaint, after the claimant was asked, and after what they sent last.
fn may_reach_from(case: &Case) -> Timestamp {
    let cure = case.cure.as_ref();
    let sent = [cure.and_then(|cure| cure.asked_at), cure.and_then(|cure| cure.cured_at)];
    sent.into_iter().flatten().fold(case.complaint.filed_at_office, Timestamp::max)
}
