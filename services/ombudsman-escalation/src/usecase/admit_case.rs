//! Admitting a case: the firm's time to state its position starts.

use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "AdmitCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
}

/// Admits the case.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.admit", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let mut step =
        match Step::begin(&office, &call, &command.change, Seating::In(&[OfficeRole::Intake, OfficeRole::Ombudsman]))
            .await?
        {
            Begun::Replay(kept) => return replayed(&office, &kept).await,
            Begun::Step(step) => step,
        };
    let after = step.case().admit(step.now)?;
    let due = after.state.statement_due().map(|due| due.to_string()).unwrap_or_default();
    step.add(
        &office,
        Paper::text(
            DossierKind::Admission,
            Visibility::Parties,
            format!("admitted; the firm may state its position until {due}"),
        ),
    );
    step.finish(&office, after).await
}
