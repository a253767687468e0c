//! Going on with a withdrawn case for the firm alone.

use kernel::Personal;
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;
use crate::store::{case, procedure, wall};

/// Name of the RPC.
pub const METHOD: &str = "ContinueByOwnInitiative";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Why the office goes on.
    pub reasons: Personal<String>,
}

/// Continues the case, unless its ticket is before the office again.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.continue_by_own_initiative", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let before = step.case();
    procedure::refuse_erased(&mut step.tx, before.id).await?;
    let after = before.clone().continue_by_own_initiative(step.now)?;
    // A review goes on beside the case that it reviews. What was brought with the ticket may be heard by itself since.
    if before.review_of.is_none() {
        let brought = case::tickets(&mut step.tx, before.id).await?;
        wall::hold_tickets(&mut step.tx, &brought).await?;
        if let Some(taken) = case::live_with(&mut step.tx, &brought).await? {
            return Err(taken.into());
        }
    }
    step.add(&office, Paper::text(DossierKind::OwnInitiative, Visibility::Office, command.reasons.into_inner()));
    match step.finish(&office, after).await {
        // Somebody was quicker.
        Err(Failure::Store(error)) if error.constraint() == Some("office_case_one_live_per_ticket") => {
            Err(Failure::TicketTaken)
        }
        finished => finished,
    }
}
