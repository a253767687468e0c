//! Entering a person in the register of the office.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::wall::{Member, entered_too_late};
use ombudsman_escalation_domain::{HouseRefused, MemberId, Refused};
use postgres::{Claim, Kept, RequestKey, claim, keep_answer};
use prost::Message as _;
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{denied, entry, renew_mandate};
use crate::error::Failure;
use crate::grpc::answer;
use crate::grpc::vocabulary::office_role_to_proto;
use crate::office::Office;
use crate::store::staff;

/// Name of the RPC.
pub const METHOD: &str = "RegisterOfficeMember";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// The person, without a declaration yet.
    pub member: Member,
}

/// Registers the person.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "office.register_member", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::OfficeMember, Failure> {
    let now = office.ambient.now();
    let mut tx = office.db.tx().await?;
    if let Claim::Replay(kept) = claim(&mut tx, &command.key, now).await? {
        return pb::OfficeMember::decode(kept.as_slice()).map_err(|_| Failure::Unreadable);
    }
    // Nobody gives themselves a term or an office.
    if command.member.person == call.actor().id || !staff::may_govern(&mut tx, &call.actor().id, now).await? {
        tx.rollback().await?;
        return Err(denied(&office, &call, (METHOD, String::new()), HouseRefused::NoMandate).await);
    }
    if entered_too_late(&command.member.mandate, now) && staff::had_ombudsman(&mut tx).await? {
        return Err(renew_mandate::too_late("member.mandate.start_time"));
    }
    let id = MemberId::from_uuid(office.ambient.uuid(now));
    staff::insert(&mut tx, id, &command.member, (&call.actor().id, now)).await?;
    let Member { person, office_roles, unit, line_manager, mandate, .. } = &command.member;
    let noted = pb::OfficeMemberRegistered {
        member: id.name(),
        person: person.clone(),
        office_roles: office_roles.iter().map(|role| office_role_to_proto(*role).into()).collect(),
        start_time: Some(time_to_proto(mandate.from)),
        end_time: Some(time_to_proto(mandate.to)),
        unit: unit.to_string(),
        line_manager: line_manager.clone().unwrap_or_default(),
    };
    ledger::append(&mut tx, &[entry(&office, &call, id.name(), &noted)]).await?;
    let enrolled = staff::get(&mut tx, id, now).await?.ok_or(Refused::MemberNotFound)?;
    let answer = answer::member(&enrolled);
    let encoded = answer.encode_to_vec();
    keep_answer(&mut tx, command.key.id, Kept { answer: &encoded, forever: false, about: &[] }).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(answer)
}
