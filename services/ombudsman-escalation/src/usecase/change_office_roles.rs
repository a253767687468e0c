//! Changing what a person of the office is appointed for.

use std::collections::BTreeSet;

use kernel::{Personal, ResourceId as _};
use ombudsman_escalation_domain::vocabulary::{EndCause, OfficeRole};
use ombudsman_escalation_domain::{HouseRefused, MemberId, Refused};
use postgres::{Claim, Kept, RequestKey, StoreError, claim, keep_answer};
use prost::Message as _;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{denied, entry};
use crate::error::Failure;
use crate::grpc::answer;
use crate::grpc::vocabulary::{end_cause_to_proto, office_role_to_proto};
use crate::office::Office;
use crate::store::{case, seats, staff, wall};

/// Name of the RPC.
pub const METHOD: &str = "ChangeOfficeRoles";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// The person.
    pub member: MemberId,
    /// The version the caller read.
    pub version: i64,
    /// What the person is appointed for from now on.
    pub office_roles: BTreeSet<OfficeRole>,
    /// Why a role is taken away, and what that rests on.
    pub cause: Option<(EndCause, Personal<String>)>,
}

/// Appoints the person anew.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "office.change_roles", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::OfficeMember, Failure> {
    let now = office.ambient.now();
    let mut tx = office.db.tx().await?;
    if let Claim::Replay(kept) = claim(&mut tx, &command.key, now).await? {
        return pb::OfficeMember::decode(kept.as_slice()).map_err(|_| Failure::Unreadable);
    }
    let person = staff::person(&mut tx, command.member).await?;
    // Cases before the person: the order in which assignments take the same locks.
    for case in seats::open_cases_of(&mut tx, &person).await? {
        case::lock(&mut tx, case).await?;
    }
    let row = staff::touch(&mut tx, &person).await?;
    if row.version != command.version + 1 {
        return Err(StoreError::Stale.into());
    }
    // Nobody gives themselves a term or an office.
    if person == call.actor().id || !staff::may_govern(&mut tx, &call.actor().id, now).await? {
        tx.rollback().await?;
        return Err(denied(&office, &call, (METHOD, row.id.name()), HouseRefused::NoMandate).await);
    }
    let pending = seats::open_cases_of(&mut tx, &person).await?;
    let teams = wall::teams(&mut *tx, &pending).await?;
    let sits_without = |team: &ombudsman_escalation_domain::team::Team| {
        team.live(&person).any(|seat| !command.office_roles.contains(&seat.office_role))
    };
    let cases: Vec<_> = teams.iter().filter(|(_, team)| sits_without(team)).map(|(case, _)| *case).collect();
    if !cases.is_empty() {
        return Err(HouseRefused::SubstituteNeeded { cases }.into());
    }
    let before = staff::get(&mut tx, row.id, now).await?.ok_or(Refused::MemberNotFound)?;
    let withdrawn: BTreeSet<OfficeRole> =
        before.member.office_roles.difference(&command.office_roles).copied().collect();
    let holds_office = before.terms.iter().any(|term| now < term.mandate.over_at());
    let cause = command.cause.filter(|_| !withdrawn.is_empty());
    if !withdrawn.is_empty() {
        if holds_office && cause.is_none() {
            return Err(Failure::field("cause", "is required where a role is taken away from who holds office"));
        }
        let why = cause.as_ref().map(|(cause, explanation)| (*cause, explanation.expose().as_str()));
        let by = (call.actor().id.as_str(), now);
        staff::withdraw(&mut tx, (&person, row.version), &withdrawn, why, by).await?;
    }
    staff::appoint(&mut tx, row.id, &command.office_roles).await?;
    let noted = pb::OfficeRolesChanged {
        member: row.id.name(),
        person,
        office_roles: command.office_roles.iter().map(|role| office_role_to_proto(*role).into()).collect(),
        cause: cause.map(|(cause, _)| end_cause_to_proto(cause).into()).unwrap_or_default(),
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
