//! Refusing a case for good, on the ground that was proposed or because it was not completed.

use kernel::Personal;
use ombudsman_escalation_domain::Refused;
use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Ground, OfficeRole, Stage};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;
use crate::store::dossier;

/// Name of the RPC.
pub const METHOD: &str = "RefuseCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// The ground.
    pub ground: Ground,
    /// Reasons given to the claimant.
    pub reasons: Personal<String>,
    /// Where the claimant may turn instead.
    pub signpost: String,
}

/// Refuses the case.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.refuse", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let mut step = match Step::begin(&office, &call, &command.change, Seating::In(&[OfficeRole::Ombudsman])).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step.of_another(&office, &call).await?,
    };
    let case = step.case();
    let article = case.regime.article(command.ground);
    // What they sent is judged before it is said that they sent nothing.
    let asked_at = case.cure.as_ref().and_then(|cure| cure.asked_at).filter(|_| case.stage() == Stage::NeedsCure);
    if let Some(asked_at) = asked_at
        && dossier::has_of_claimant(&mut step.tx, case.id, asked_at).await?
    {
        return Err(Refused::GroundNotMet { ground: command.ground, article }.into());
    }
    let after = case.refuse(command.ground, command.reasons.clone(), command.signpost.clone(), step.now)?;
    let (reasons, signpost) = (command.reasons.expose(), &command.signpost);
    step.say(&office, DossierKind::Refusal, Phrase::Refused { article, reasons, signpost });
    step.finish(&office, after).await
}
