//! Opening the investigation, once the firm spoke or its time is over.

use ombudsman_escalation_domain::phrase::Phrase;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "StartInvestigation";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
}

/// Opens the investigation.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.start_investigation", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let mut step = match Step::begin(
        &office,
        &call,
        &command.change,
        Seating::In(&[OfficeRole::Investigator, OfficeRole::Ombudsman]),
    )
    .await?
    {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case().investigate(step.now)?;
    step.say(&office, DossierKind::Investigation, Phrase::InvestigationOpened);
    step.finish(&office, after).await
}
