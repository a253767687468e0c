//! Giving a person of the office a further term.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::wall::{ENTERED_WITHIN_DAYS, Mandate, entered_too_late, may_follow};
use ombudsman_escalation_domain::{HouseRefused, MemberId, Refused};
use postgres::{Claim, Kept, RequestKey, StoreError, claim, keep_answer};
use prost::Message as _;
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{denied, entry};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::staff;

/// Name of the RPC.
pub const METHOD: &str = "RenewMandate";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// The person.
    pub member: MemberId,
    /// The version the caller read.
    pub version: i64,
    /// The further term.
    pub mandate: Mandate,
}

/// Gives the term.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "office.renew_mandate", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::OfficeMember, Failure> {
    let now = office.ambient.now();
    let mut tx = office.db.tx().await?;
    if let Claim::Replay(kept) = claim(&mut tx, &command.key, now).await? {
        return pb::OfficeMember::decode(kept.as_slice()).map_err(|_| Failure::Unreadable);
    }
    let person = staff::person(&mut tx, command.member).await?;
    let row = staff::touch(&mut tx, &person).await?;
    if row.version != command.version + 1 {
        return Err(StoreError::Stale.into());
    }
    // Nobody gives themselves a term or an office.
    if person == call.actor().id || !staff::may_govern(&mut tx, &call.actor().id, now).await? {
        tx.rollback().await?;
        return Err(denied(&office, &call, (METHOD, row.id.name()), HouseRefused::NoMandate).await);
    }
    let before = staff::get(&mut tx, row.id, now).await?.ok_or(Refused::MemberNotFound)?;
    let terms: Vec<Mandate> = before.terms.iter().map(|term| term.mandate).collect();
    may_follow(&terms, &command.mandate)?;
    if entered_too_late(&command.mandate, now) && staff::had_ombudsman(&mut tx).await? {
        return Err(too_late("mandate.start_time"));
    }
    staff::grant(&mut tx, &person, &command.mandate, (&call.actor().id, now)).await?;
    let noted = pb::MandateRenewed {
        member: row.id.name(),
        person,
        start_time: Some(time_to_proto(command.mandate.from)),
        end_time: Some(time_to_proto(command.mandate.to)),
    };
    ledger::append(&mut tx, &[entry(&office, &call, row.id.name(), &noted)]).await?;
    let after = staff::get(&mut tx, row.id, now).await?.ok_or(Refused::MemberNotFound)?;
    let answer = answer::member(&after);
    let encoded = answer.encode_to_vec();
    keep_answer(&mut tx, command.key.id, Kept { answer: &encoded, forever: false, about: &[] }).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(answer)
}

/// A term that began too long before it is entered: what is left of its two years could be a day. A house that is being set up enters those it has.
pub(super) fn too_late(field: &str) -> Failure {
    Failure::field(field, format!("must be at most {ENTERED_WITHIN_DAYS} days ago"))
}
