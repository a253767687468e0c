//! Reading the decision of a case.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::denied;
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{case, decision, procedure};
use crate::usecase::open_case::is_claimant;

/// The decision: for the office once it is issued, for the claimant once it was notified.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "decision.get", skip_all, fields(case = %id))]
pub async fn run(office: Office, call: Call, id: CaseId) -> Result<pb::Decision, Failure> {
    let (issued, answers) = readable(&office, &call, ("GetDecision", id)).await?;
    let mut connection = office.db.reader().acquire().await?;
    let corrected = procedure::corrections(&mut connection, id).await?;
    let superseded_by = procedure::standing(&mut connection, id).await?.superseded_by;
    drop(connection);
    let superseded_by = superseded_by.map(|review| review.name()).unwrap_or_default();
    let corrections = corrected.iter().map(answer::correction).collect::<Option<_>>().ok_or(Failure::Unreadable)?;
    Ok(pb::Decision { corrections, superseded_by, ..answer::decision(&issued, &answers) })
}

/// The decision with its answers, for whom it is.
pub(super) async fn readable(
    office: &Office,
    call: &Call,
    (method, id): (&str, CaseId),
) -> Result<(decision::Issued, Vec<Answer>), Failure> {
    let who = call.acting();
    // Who asks comes first: whether it was decided is nothing for a stranger to try.
    if !who.is_office() {
        let stored = case::get(&office.db, id).await?.ok_or(Refused::DecisionNotFound)?;
        let theirs = is_claimant(who, &stored.case.customer.name()) || stored.opened_by == who.actor;
        if !theirs {
            return Err(denied(office, call, (method, id.name()), Refused::DecisionNotFound).await);
        }
    }
    let mut connection = office.db.reader().acquire().await?;
    let (issued, answers) = decision::get(&mut connection, id).await?.ok_or(Refused::DecisionNotFound)?;
    if !who.is_office() && issued.notified_at.is_none() {
        return Err(Refused::DecisionNotFound.into());
    }
    Ok((issued, answers))
}
