//! Telling the parties the decision; from here on the claimant can read it.

use kernel::Channel;
use ombudsman_escalation_domain::Refused;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::document;
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::decision;

/// Name of the RPC.
pub const METHOD: &str = "NotifyDecision";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// How the claimant was told.
    pub channel: Channel,
}

/// Records the notification, and puts the decision where both parties read it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.notify_decision", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let mut step =
        match Step::begin(&office, &call, &command.change, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]))
            .await?
        {
            Begun::Replay(kept) => return replayed(&office, &kept).await,
            Begun::Step(step) => step,
        };
    let after = step.case().notify()?;
    let (case, now, by) = (after.id, step.now, step.actor.id.clone());
    decision::notify(&mut step.tx, case, command.channel, &by, now).await?;
    let (issued, answers) = decision::get(&mut step.tx, case).await?.ok_or(Refused::DecisionNotFound)?;
    let told_of = decision::Issued { notified_at: Some(now), ..issued };
    let told = answer::decision(&told_of, &answers);
    step.add(&office, Paper::message(DossierKind::Decision, Visibility::Parties, &told));
    let text = decision::document(&mut step.tx, case).await?;
    if let Some(sealed) = text.and_then(|text| document::sealed(&told_of, text.expose())) {
        step.add(&office, Paper::text(DossierKind::Decision, Visibility::Parties, sealed));
    }
    step.add(
        &office,
        Paper::text(
            DossierKind::Notification,
            Visibility::Parties,
            format!("the claimant was told by {}", command.channel),
        ),
    );
    step.finish(&office, after).await
}
