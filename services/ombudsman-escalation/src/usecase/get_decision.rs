//! Reading the decision of a case.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::decision::Answer;
use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::denied;
use super::standing::Standing;
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::access::{self, Access};
use crate::store::{case, decision, procedure};
use crate::usecase::open_case::is_claimant;

/// The decision: for who of the office is not kept off the case once it is issued, for everybody else it is for once it was notified. Who is shown it stands in
/// the access log, as it lies in the dossier.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "decision.get", skip_all, fields(case = %id))]
pub async fn run(office: Office, call: Call, id: CaseId) -> Result<pb::Decision, Failure> {
    let (issued, answers) = readable(&office, &call, ("GetDecision", id)).await?;
    let mut connection = office.db.reader().acquire().await?;
    let corrected = procedure::corrections(&mut connection, id).await?;
    let superseded_by = procedure::standing(&mut connection, id).await?.superseded_by;
    let paper = decision::paper(&mut connection, id).await?;
    drop(connection);
    let papers: Vec<u64> = paper.into_iter().chain(corrected.iter().map(|one| one.entry)).collect();
    note_shown(&office, &call, id, &papers).await?;
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
    let found = decision::get(&mut connection, id).await?;
    drop(connection);
    if found.as_ref().is_none_or(|(issued, _)| issued.notified_at.is_none()) {
        if !who.is_office() {
            return Err(Refused::DecisionNotFound.into());
        }
        // Whether it was decided is nothing for them to know either.
        if let Standing::KeptOff(_) = Standing::of(office, &who.actor.id, id).await? {
            return Err(denied(office, call, (method, id.name()), Refused::DecisionNotFound).await);
        }
    }
    found.ok_or_else(|| Refused::DecisionNotFound.into())
}

/// Writes down that the caller was shown a paper of the dossier: nobody is shown what is not written down.
pub(super) async fn note_shown(office: &Office, call: &Call, case: CaseId, sequences: &[u64]) -> Result<(), Failure> {
    let mut sequences = sequences.to_vec();
    sequences.sort_unstable();
    sequences.dedup();
    let shown = access::runs(&sequences);
    let span = [shown.first().map_or(0, |run| run[0]), shown.last().map_or(0, |run| run[1])];
    let access = Access {
        case,
        actor: call.actor().clone(),
        shown,
        span,
        sealed: false,
        traceparent: call.traceparent.clone(),
        read_at: office.ambient.now(),
    };
    Ok(access::note(&office.db, &access).await?)
}
