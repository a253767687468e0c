//! Reading a person of the register.

use ombudsman_escalation_domain::{MemberId, Refused};
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::staff;

/// The person, with every term.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "office.get_member", skip_all)]
pub async fn run(office: Office, id: MemberId) -> Result<pb::OfficeMember, Failure> {
    let mut connection = office.db.reader().acquire().await?;
    let found = staff::get(&mut connection, id, office.ambient.now()).await?;
    Ok(answer::member(&found.ok_or(Refused::MemberNotFound)?))
}
