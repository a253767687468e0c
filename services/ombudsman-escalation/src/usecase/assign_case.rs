//! Assigning a person, past the conflict wall. The domain judges first, so that every ground is named; the
//! database judges last, under its locks, so that no way around exists.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::vocabulary::{ConflictGround, DossierKind, OfficeRole, Visibility};
use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::heard::{self, Heard};
use super::{Begun, Change, Paper, Seating, Step, replayed};
use crate::error::Failure;
use crate::grpc::vocabulary::{conflict_ground_to_proto, office_role_to_proto};
use crate::office::Office;
use crate::store::wall::{self, NewSeat};

/// Name of the RPC.
pub const METHOD: &str = "AssignCase";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Opaque id of the person.
    pub person: String,
    /// What the person will do in the case.
    pub office_role: OfficeRole,
}

/// Assigns the person, or refuses with every ground and says so in the ledger.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.assign", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let case = command.change.case;
    let heard = heard::known(&office, &call).await;
    // Of whoever gives the seat; what stands against who is to have it is another matter.
    let step = match Step::begin(&office, &call, &command.change, Seating::Bench).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let grounds = match seat(&office, *step, &command, heard).await {
        Err(Failure::Refused(Refused::Conflict { grounds })) => grounds,
        Err(Failure::WallMoved) => {
            let now = office.ambient.now();
            let grounds = wall::conflicts(office.db.reader(), case, &command.person, now).await?;
            if grounds.is_empty() {
                return Err(Failure::WallMoved);
            }
            grounds
        }
        other => return other,
    };
    Err(refuse(&office, &call, (case, &command.person), grounds).await)
}

async fn seat(
    office: &Office,
    mut step: Step,
    command: &Command,
    heard: Result<Heard, Failure>,
) -> Result<pb::Case, Failure> {
    let after = step.case();
    after.accepts_people()?;
    let wall = wall::load(&mut step.tx, after.ticket, after.customer, step.now).await?;
    step.team.clone().assign(&command.person, command.office_role, &wall, step.now)?;
    let (now, by) = (step.now, step.actor.id.clone());
    let seat = NewSeat {
        id: office.ambient.uuid(now),
        case: after.id,
        person: &command.person,
        office_role: command.office_role,
        by: &by,
        heard: heard?,
        now,
    };
    wall::seat(&mut step.tx, seat).await?;
    let assigned = pb::CaseAssigned {
        case_name: after.id.name(),
        person: command.person.clone(),
        office_role: office_role_to_proto(command.office_role).into(),
    };
    step.note(office, &assigned);
    let told = format!("assigned: {} as {}", command.person, command.office_role);
    step.add(office, Paper::text(DossierKind::Assignment, Visibility::Office, told));
    step.finish(office, after).await
}

/// Writes down that the wall stands against a person who was to have a seat, and gives back how they are refused; that it could not be written, where that is so.
///
/// In a transaction of its own: the refused one is gone, its refusal stays.
pub(super) async fn refuse(
    office: &Office,
    call: &Call,
    (case, person): (CaseId, &str),
    grounds: Vec<ConflictGround>,
) -> Failure {
    match note_refusal(office, call, (case, person), &grounds).await {
        Ok(()) => Refused::Conflict { grounds }.into(),
        Err(failure) => failure,
    }
}

async fn note_refusal(
    office: &Office,
    call: &Call,
    (case, person): (CaseId, &str),
    grounds: &[ConflictGround],
) -> Result<(), Failure> {
    let now = office.ambient.now();
    let refused = pb::AssignmentRefused {
        case_name: case.name(),
        person: person.to_owned(),
        grounds: grounds.iter().map(|ground| conflict_ground_to_proto(*ground).into()).collect(),
    };
    let stamp = ledger::Stamp::of(call.actor().clone(), now, call.traceparent.clone());
    let draft = ledger::Draft::new(office.ambient.uuid(now), case.name(), &refused, &stamp);
    let mut tx = office.db.tx().await?;
    ledger::append(&mut tx, &[draft]).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(())
}
