//! Taking longer to decide, where the regime knows it.

use kernel::{Personal, ResourceId as _};
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::office::Office;
use crate::store::clock;

/// Name of the RPC.
pub const METHOD: &str = "ExtendTerm";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Why it takes longer.
    pub reasons: Personal<String>,
}

/// Has the term made longer.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.extend_term", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let seats = Seating::In(&[OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let due = clock::terms_of(&mut *step.tx, command.change.case).await?.decide_due_at;
    let after = step.case().extend(due, step.now)?;
    step.add(&office, Paper::text(DossierKind::TermExtension, Visibility::Parties, command.reasons.into_inner()));
    let extended = pb::CaseTermExtended {
        case_name: after.id.name(),
        customer: after.customer.name(),
        article: after.regime.extension.unwrap_or_default().to_owned(),
    };
    step.note(&office, &extended);
    step.finish(&office, after).await
}
