//! A person of the office declares relations with parties.

use kernel::ResourceId as _;
use ledger::Stamp;
use ombudsman_escalation_domain::wall::{DECLARATION_YEARS, Declaration, Incompatibility, Relation};
use ombudsman_escalation_domain::{Refused, term};
use postgres::{Claim, Kept, RequestKey, claim, keep_answer};
use prost::Message as _;
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Bench, entry};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::{case, seats, staff};

/// Name of the RPC.
pub const METHOD: &str = "DeclareRelations";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// Every relation of the caller.
    pub relations: Vec<Relation>,
    /// Every post or interest of theirs that no person of the office may have.
    pub incompatibilities: Vec<Incompatibility>,
}

/// Writes the caller's declaration; it counts for a year. Seats it speaks against are lost at once.
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
    // Cases before the person: the order in which assignments take the same locks.
    for case in seats::open_cases_of(&mut tx, person).await? {
        case::lock(&mut tx, case).await?;
    }
    let row = staff::touch(&mut tx, person).await?;
    let expires_at = term::end_after_years(now, DECLARATION_YEARS);
    let Command { relations, incompatibilities, key } = command;
    let declaration = Declaration { declared_at: now, expires_at, relations, incompatibilities };
    staff::declare(&mut tx, office.ambient.uuid(now), person, row.version, &declaration).await?;
    let noted = pb::RelationsDeclared {
        member: row.id.name(),
        person: person.clone(),
        relation_count: i32::try_from(declaration.relations.len()).unwrap_or(i32::MAX),
        incompatibility_count: i32::try_from(declaration.incompatibilities.len()).unwrap_or(i32::MAX),
        expire_time: Some(time_to_proto(expires_at)),
    };
    ledger::append(&mut tx, &[entry(&office, &call, row.id.name(), &noted)]).await?;
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let bench = Bench { ambient: &office.ambient, actor: call.actor().clone(), stamp, now };
    for case in seats::open_cases_of(&mut tx, person).await? {
        bench.recuse_if_conflicted(&mut tx, case, person).await?;
    }
    let enrolled = staff::get(&mut tx, row.id, now).await?.ok_or(Refused::MemberNotFound)?;
    let answer = answer::member(&enrolled);
    let encoded = answer.encode_to_vec();
    keep_answer(&mut tx, key.id, Kept { answer: &encoded, forever: false, about: &[] }).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(answer)
}
