//! Refusing a case for good, on the ground that was proposed or because it was not completed.

use kernel::Personal;
use ombudsman_escalation_domain::Refused;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Ground, OfficeRole, Stage, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
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
    let told = format!("{article}: {}\n{}", command.reasons.expose(), command.signpost);
    let after = case.refuse(command.ground, command.reasons, command.signpost, step.now)?;
    step.add(&office, Paper::text(DossierKind::Refusal, Visibility::Parties, told));
    step.finish(&office, after).await
}
