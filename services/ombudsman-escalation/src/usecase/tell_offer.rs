//! Telling the claimant the offer.

use kernel::Channel;
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "TellOffer";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// How.
    pub channel: Channel,
}

/// Records that the claimant was told, which starts their time to think.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.tell_offer", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case().tell_offer(step.now)?;
    step.say(&office, DossierKind::OfferNotice, Phrase::OfferTold(command.channel));
    step.finish(&office, after).await
}
