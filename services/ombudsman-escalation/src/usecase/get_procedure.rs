//! Reading what stands around the state of a case.

use ombudsman_escalation_domain::{CaseId, Refused};
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{case, procedure};

/// The procedure of the case.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.get_procedure", skip_all, fields(case = %id))]
pub async fn run(office: Office, id: CaseId) -> Result<pb::Procedure, Failure> {
    let stored = case::get(&office.db, id).await?.ok_or(Refused::CaseNotFound)?;
    let reviews = procedure::reviews(office.db.reader(), id).await?;
    let reviews: Vec<CaseId> = reviews.into_iter().map(|(review, _)| review).collect();
    let standing = procedure::standing(&mut *office.db.reader().acquire().await?, id).await?;
    Ok(answer::procedure(&stored, &reviews, standing))
}
