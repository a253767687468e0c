//! Ending a term of office before its time: for a cause of the closed list, and with somebody else on every pending case.

use std::collections::BTreeMap;

use kernel::{Personal, ResourceId as _, Violations};
use ledger::Stamp;
use ombudsman_escalation_domain::vocabulary::{ConflictGround, EndCause, OfficeRole};
use ombudsman_escalation_domain::wall::Mandate;
use ombudsman_escalation_domain::{CaseId, HouseRefused, MemberId, Refused};
use postgres::{Claim, Kept, RequestKey, StoreError, Tx, claim, keep_answer};
use prost::Message as _;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::heard::{self, Heard};
use super::{Bench, Moves, assign_case, denied, entry};
use crate::error::Failure;
use crate::grpc::answer;
use crate::grpc::vocabulary::end_cause_to_proto;
use crate::office::Office;
use crate::store::{case, seats, staff, wall};

/// Name of the RPC.
pub const METHOD: &str = "EndMandate";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// The person.
    pub member: MemberId,
    /// The version the caller read.
    pub version: i64,
    /// Why.
    pub cause: EndCause,
    /// What the cause rests on.
    pub explanation: Personal<String>,
    /// Who takes the person's seats, by case, in the order they were named.
    pub substitutes: Vec<(CaseId, String)>,
    /// Who takes them on every pending case that is not named.
    pub other_substitute: Option<String>,
}

/// Ends every term that is not over, and hands the person's seats over.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "office.end_mandate", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::OfficeMember, Failure> {
    let heard = heard::known(&office, &call).await;
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
    if person != call.actor().id && !staff::may_govern(&mut tx, &call.actor().id, now).await? {
        tx.rollback().await?;
        return Err(denied(&office, &call, (METHOD, row.id.name()), HouseRefused::NoMandate).await);
    }
    let before = staff::get(&mut tx, row.id, now).await?.ok_or(Refused::MemberNotFound)?;
    let open: Vec<Mandate> =
        before.terms.iter().map(|term| term.mandate).filter(|term| term.end(command.cause, now).is_ok()).collect();
    if open.is_empty() {
        return Err(HouseRefused::MandateOver.into());
    }
    // Asked again: under the person's lock nobody gives them another seat.
    let pending = seats::open_cases_of(&mut tx, &person).await?;
    let substitutes = substitutes(&person, &pending, &command.substitutes, command.other_substitute.as_deref())?;
    let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let bench = Bench { ambient: &office.ambient, actor: call.actor().clone(), stamp, now };
    if !substitutes.is_empty() {
        let heard = heard?;
        for (case, substitute) in &substitutes {
            match hand_over(&bench, &mut tx, *case, &person, (substitute, heard)).await {
                Ok(()) => {}
                Err(Stopped::Mover(refused)) => {
                    tx.rollback().await?;
                    return Err(denied(&office, &call, (METHOD, case.name()), refused).await);
                }
                Err(Stopped::Substitute(grounds)) => {
                    tx.rollback().await?;
                    return Err(assign_case::refuse(&office, &call, (*case, substitute), grounds).await);
                }
                Err(Stopped::Other(failure)) => return Err(failure),
            }
        }
    }
    let ending = staff::Ending {
        cause: command.cause,
        explanation: command.explanation.expose(),
        by: &call.actor().id,
        at: now,
    };
    for term in &open {
        staff::end(&mut tx, &person, term, ending).await?;
    }
    let noted = pb::MandateEnded {
        member: row.id.name(),
        person,
        cause: end_cause_to_proto(command.cause).into(),
        case_count: i32::try_from(substitutes.len()).unwrap_or(i32::MAX),
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

/// Who takes over which of the pending cases: somebody else for each of them, and for nothing else.
fn substitutes(
    person: &str,
    pending: &[CaseId],
    named: &[(CaseId, String)],
    other: Option<&str>,
) -> Result<BTreeMap<CaseId, String>, Failure> {
    let mut violations = Violations::new();
    for (index, (case, _)) in named.iter().enumerate() {
        if !pending.contains(case) {
            violations
                .push(format!("substitutes[{index}].case_name"), "must be a pending case on which the person sits");
        }
    }
    violations.into_result()?;
    let others = other.into_iter().flat_map(|other| pending.iter().map(move |case| (*case, other.to_owned())));
    // Who is named for a case takes it, and not who takes the others.
    let taken: BTreeMap<CaseId, String> = others.chain(named.iter().cloned()).collect();
    let somebody_else = |case: &CaseId| taken.get(case).is_some_and(|substitute| substitute != person);
    let cases: Vec<CaseId> = pending.iter().filter(|case| !somebody_else(case)).copied().collect();
    if cases.is_empty() { Ok(taken) } else { Err(HouseRefused::SubstituteNeeded { cases }.into()) }
}

/// Why a case was not handed over.
enum Stopped {
    /// Whoever hands it over may not.
    Mover(Refused),
    /// The wall stands against who was to take it.
    Substitute(Vec<ConflictGround>),
    /// Anything else.
    Other(Failure),
}

impl<E: Into<Failure>> From<E> for Stopped {
    fn from(other: E) -> Self {
        Self::Other(other.into())
    }
}

/// Every seat of the person on one case goes to the substitute, past the wall. Who is kept off the case chooses nobody for it: they hand it over to
/// the first who is proposed.
async fn hand_over(
    bench: &Bench<'_>,
    tx: &mut Tx,
    case: CaseId,
    person: &str,
    (substitute, heard): (&str, Heard),
) -> Result<(), Stopped> {
    let stored = case::lock(tx, case).await?.ok_or(Refused::CaseNotFound)?;
    let known = wall::load(tx, stored.case.ticket, stored.case.customer, bench.now).await?;
    let team = wall::team(&mut **tx, case).await?;
    let kept_off = match team.may_move_seats(&bench.actor.id, &known, bench.now) {
        Ok(()) => None,
        Err(refused @ Refused::Conflict { .. }) => Some((refused, seats::loads(&mut **tx).await?)),
        Err(refused) => return Err(Stopped::Mover(refused)),
    };
    let roles: Vec<OfficeRole> = team.live(person).map(|seat| seat.office_role).collect();
    let mut moves = Moves::of(stored);
    for office_role in roles {
        if let Some((refused, loads)) = &kept_off {
            let proposed = team.candidates(office_role, &known, loads, bench.now).into_iter().next();
            if proposed.is_none_or(|(first, _)| first != substitute) {
                return Err(Stopped::Mover(refused.clone()));
            }
        }
        // Who sits there in that role already only has to be past the wall.
        match team.clone().assign(substitute, office_role, &known, bench.now) {
            Ok(_) | Err(Refused::AlreadyAssigned) => {}
            Err(Refused::Conflict { grounds }) => return Err(Stopped::Substitute(grounds)),
            Err(refused) => return Err(refused.into()),
        }
        bench
            .hand_over(tx, &mut moves, (person, office_role), &[ConflictGround::NoMandate], (substitute, heard))
            .await?;
    }
    bench.write(tx, moves).await?;
    Ok(())
}
