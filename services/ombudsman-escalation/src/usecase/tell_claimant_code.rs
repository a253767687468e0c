//! Telling the code by which a claimant shows that it is them.

use kernel::{Channel, ResourceId as _, Role};
use ombudsman_escalation_domain::vocabulary::{DossierKind, OfficeRole, Visibility};
use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;
use server::parse::channel_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::open_case::is_claimant;
use super::{Begun, Change, Paper, Seating, Step, denied};
use crate::error::Failure;
use crate::office::Office;
use crate::store::{case, seats, wall};

/// Name of the RPC.
pub const METHOD: &str = "TellClaimantCode";

/// Who passes it on.
const TELL_IT: &[OfficeRole] = &[OfficeRole::Intake, OfficeRole::Ombudsman];

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change; it takes no version, since it only adds.
    pub change: Change,
    /// How the claimant is told.
    pub channel: Channel,
    /// Whether it is a new one.
    pub renewed: bool,
}

/// Tells it, and writes down that it was told. Nothing keeps the code: a repetition makes it again.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.tell_claimant_code", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::ClaimantCode, Failure> {
    let who = call.acting();
    let id = command.change.case;
    let claims = who.has(Role::Customer);
    if claims {
        let known = case::get(&office.db, id).await?.ok_or(Refused::CaseNotFound)?;
        if !is_claimant(who, &known.case.customer.name()) {
            return Err(denied(&office, &call, (METHOD, id.name()), Refused::CaseNotFound).await);
        }
    }
    let seats = if claims { Seating::Claimant } else { Seating::In(TELL_IT) };
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return again(&office, &call, id, &kept).await,
        Begun::Step(step) => step,
    };
    if seats::is_erased(&mut step.tx, id).await? {
        return Err(Refused::CaseNotFound.into());
    }
    let number = if command.renewed { case::renew_code(&mut step.tx, id).await? } else { step.stored.code_number };
    let which = if command.renewed { "a new code" } else { "the code" };
    let told = format!("the claimant is told {which} of the case by {}", command.channel);
    step.add(&office, Paper::text(DossierKind::CodeNotice, Visibility::Office, told));
    let channel = channel_to_proto(command.channel).into();
    step.note(&office, &pb::ClaimantCodeTold { case_name: id.name(), channel, renewed: command.renewed });
    step.commit(&office, &number.to_be_bytes(), false).await?;
    Ok(told_as(&office, id, number))
}

/// The code that was told then, to who may still be told it: no seat is replayed.
async fn again(office: &Office, call: &Call, id: CaseId, kept: &[u8]) -> Result<pb::ClaimantCode, Failure> {
    let number = i32::from_be_bytes(kept.try_into().map_err(|_| Failure::Unreadable)?);
    let stored = case::get(&office.db, id).await?.ok_or(Refused::CaseNotFound)?;
    let mut tx = office.db.tx().await?;
    let erased = seats::is_erased(&mut tx, id).await?;
    let wall = wall::load(&mut tx, stored.case.ticket, stored.case.customer, office.ambient.now()).await?;
    let team = wall::team(&mut *tx, id).await?;
    tx.rollback().await?;
    if erased {
        return Err(Refused::CaseNotFound.into());
    }
    if !call.acting().has(Role::Customer) {
        let seat = team.authorize(&call.actor().id, TELL_IT, &wall, office.ambient.now());
        if let Err(refused) = seat {
            return Err(denied(office, call, (METHOD, id.name()), refused).await);
        }
    }
    Ok(told_as(office, id, number))
}

fn told_as(office: &Office, id: CaseId, number: i32) -> pb::ClaimantCode {
    pb::ClaimantCode { case_name: id.name(), office_code: office.seal.code(id.uuid(), number).reveal() }
}
