//! The firm states its position; it is the one thing the firm can do in a case.

use kernel::Personal;
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;

/// Name of the RPC.
pub const METHOD: &str = "SubmitEntityStatement";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// The statement.
    pub statement: Personal<String>,
}

/// Takes in the firm's statement.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.submit_entity_statement", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let mut step = match Step::begin_in_reach(&office, &call, &command.change, Seating::Firm).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let after = step.case().hear_entity()?;
    step.add(&office, Paper::text(DossierKind::EntityStatement, Visibility::Parties, command.statement.into_inner()));
    step.finish_in_reach(&office, after).await
}
