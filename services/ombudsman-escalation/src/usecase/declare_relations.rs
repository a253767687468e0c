//! A person of the office declares relations with parties.

use ombudsman_escalation_domain::wall::{DECLARATION_YEARS, Declaration, Relation};
use ombudsman_escalation_domain::{Refused, term};
use postgres::{Claim, Kept, RequestKey, claim, keep_answer};
use prost::Message as _;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::staff;

/// Name of the RPC.
pub const METHOD: &str = "DeclareRelations";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Every relation of the caller.
    pub relations: Vec<Relation>,
}

/// Writes the caller's declaration; it counts for a year.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "office.declare_relations", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::OfficeMember, Failure> {
    let now = office.ambient.now();
    let mut tx = office.db.tx().await?;
    if let Claim::Replay(kept) = claim(&mut tx, &command.key, now).await? {
        return pb::OfficeMember::decode(kept.as_slice()).map_err(|_| Failure::Unreadable);
    }
    let person = &call.actor().id;
    let row = staff::touch(&mut tx, person).await?;
    let expires_at = term::end_after_years(now, DECLARATION_YEARS);
    let declaration = Declaration { declared_at: now, expires_at, relations: command.relations };
    staff::declare(&mut tx, office.ambient.uuid(now), person, row.version, &declaration).await?;
    let register = staff::register(&mut tx, now).await?;
    let member = register.get(person).ok_or(Refused::MemberNotFound)?;
    let answer = answer::member(row.id, row.version, member);
    let encoded = answer.encode_to_vec();
    keep_answer(&mut tx, command.key.id, Kept { answer: &encoded, forever: false, about: &[] }).await?;
    tx.commit().await?;
    Ok(answer)
}
