//! The claimant answers an offer.

use kernel::Personal;
use ombudsman_escalation_domain::obligation::Obligation;
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::term;
use ombudsman_escalation_domain::vocabulary::{DossierKind, ObligationKind, OfficeRole};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::obligation;

/// Name of the RPC.
pub const METHOD: &str = "AnswerOffer";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Whether the claimant accepts.
    pub accepted: bool,
    /// What the claimant said.
    pub statement: Personal<String>,
}

/// Records the answer. What is left to be done of an offer that is accepted is owed from now on.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.answer_offer", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    by(office, call, command, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman])).await
}

/// The same by whoever may.
pub(super) async fn by(office: Office, call: Call, command: Command, seats: Seating) -> Result<pb::Case, Failure> {
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step.of_another(&office, &call).await?,
    };
    let after = step.case().answer_offer(command.accepted, step.now)?;
    let answered = Phrase::OfferAnswered { accepted: command.accepted, statement: command.statement.expose() };
    step.say(&office, DossierKind::OfferAnswer, answered);
    let agreed =
        after.state.offer().filter(|_| command.accepted).and_then(|offer| Some((offer.entry, offer.promise.clone()?)));
    if let Some((entry, promise)) = agreed {
        let times = (step.now, term::end_after_days(step.now, promise.days));
        let others = obligation::of_case(&mut step.tx, after.id).await?.len();
        let owed = Obligation::new(ObligationKind::Settlement, promise.debtor, entry, times).after(others);
        obligation::insert(&mut step.tx, after.id, &owed).await?;
        step.note(&office, &answer::obligation_set(after.id, &owed));
    }
    step.finish(&office, after).await
}
