//! Taking a seat from who must not have it and giving it to somebody else, in one step.

use ombudsman_escalation_domain::vocabulary::OfficeRole;
use ombudsman_escalation_domain::{HouseRefused, Refused};
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Moves, Seating, Step, assign_case, heard, replayed};
use crate::error::Failure;
use crate::office::Office;
use crate::store::{seats, wall};

/// Name of the RPC.
pub const METHOD: &str = "SubstituteSeat";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// Who loses the seat.
    pub person: String,
    /// Which of their seats.
    pub office_role: OfficeRole,
    /// Who takes it; `None` for the first that is proposed.
    pub substitute: Option<String>,
}

/// Hands the seat over, or refuses when nothing stands against it.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "case.substitute_seat", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Case, Failure> {
    let heard = heard::known(&office, &call).await;
    let mut step = match Step::begin(&office, &call, &command.change, Seating::Bench).await? {
        Begun::Replay(kept) => return replayed(&office, &kept).await,
        Begun::Step(step) => step,
    };
    let case = step.case();
    case.accepts_people()?;
    let Command { person, office_role, substitute, .. } = command;
    let known = wall::load(&mut step.tx, case.ticket, case.customer, step.now).await?;
    let substitute = match substitute {
        Some(named) => named,
        None => {
            let loads = seats::loads(&mut *step.tx).await?;
            let first = step.team.candidates(office_role, &known, &loads, step.now).into_iter().next();
            // The ground comes first: a seat that stands is not said to want anybody.
            match first {
                Some((proposed, _)) => proposed,
                None if known.grounds_against(&person, office_role, step.now).is_empty() => person.clone(),
                None => return Err(HouseRefused::NoSubstitute.into()),
            }
        }
    };
    let grounds = match step.team.clone().substitute(&person, office_role, &substitute, &known, step.now) {
        Ok((_, grounds)) => grounds,
        Err(Refused::Conflict { grounds }) => {
            step.tx.rollback().await?;
            return Err(assign_case::refuse(&office, &call, (case.id, &substitute), grounds).await);
        }
        Err(refused) => return Err(refused.into()),
    };
    let bench = step.bench(&office);
    let mut moves = Moves::of(step.stored.clone());
    bench.hand_over(&mut step.tx, &mut moves, (&person, office_role), &grounds, (&substitute, heard?)).await?;
    bench.write(&mut step.tx, moves).await?;
    step.stored.version += 1;
    step.stored.updated_at = step.now;
    step.conclude(&office).await
}
