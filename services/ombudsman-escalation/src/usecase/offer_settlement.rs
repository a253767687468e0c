//! The firm makes an offer.

use kernel::Personal;
use ombudsman_escalation_domain::case::Promise;
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::DossierKind;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "OfferSettlement";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// What is offered.
    pub terms: Personal<String>,
    /// What is left to be done once it is accepted.
    pub promise: Option<Promise>,
}

/// Takes in the offer.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.offer_settlement", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::Firm;
    let mut step = match Step::begin_in_reach(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let offered = Phrase::Offered { terms: command.terms.expose(), promise: command.promise.as_ref() };
    let entry = step.say(&office, DossierKind::Offer, offered).entry.sequence;
    let after = step.case().offer(entry, command.promise, step.now)?;
    step.finish_in_reach(&office, after).await
}
