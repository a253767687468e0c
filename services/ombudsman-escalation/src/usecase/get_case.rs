//! Reading a case.

use kernel::Role;
use ombudsman_escalation_domain::team::Team;
use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{case, clock, wall};

/// The case, as far as the caller may see it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.get", skip_all, fields(case = %id))]
pub async fn run(office: Office, call: Call, id: CaseId) -> Result<pb::Case, Failure> {
    let stored = case::get(&office.db, id).await?.ok_or(Refused::CaseNotFound)?;
    // Who sits on it is not the firm's to know, but by the papers of both parties and the disclosure they may ask for.
    let team =
        if call.acting().has(Role::FirmLiaison) { Team::default() } else { wall::team_now(&office.db, id).await? };
    let terms = clock::terms_of(office.db.reader(), id).await?;
    Ok(answer::case(&stored, &team, &terms))
}
