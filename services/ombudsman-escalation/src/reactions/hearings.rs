//! The claimant's time to answer a proposed refusal, or to complete the complaint, is over, as sla-monitor tells: the office's own time goes on.

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ActorKind, Ambient, ResourceId as _};
use ledger::{Draft, ReactionError, Received, Stamp};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::case::State;
use postgres::Tx;

use crate::SOURCE;
use crate::grpc::answer;
use crate::store::case;

/// The monitor tells the last instant in time, the case has the first that is over.
const APART: SignedDuration = SignedDuration::from_secs(1);

/// Tells it, unless the claimant answered or the case is no longer there.
pub(super) async fn over(
    tx: &mut Tx,
    ambient: &Ambient,
    entry: &Received,
    id: CaseId,
    at: Timestamp,
) -> Result<(), ReactionError> {
    let Some(stored) = case::lock(tx, id).await? else { return Ok(()) };
    let due = match &stored.case.state {
        State::InadmissibleProposed(proposal) if proposal.allegations_at.is_none() => proposal.allegations_due,
        State::NeedsCure { due } => *due,
        _ => return Ok(()),
    };
    if due.duration_since(at).abs() > APART {
        return Ok(());
    }
    let now = ambient.now();
    let actor = Actor { kind: ActorKind::System, id: SOURCE.to_owned(), department: None };
    let stamp = Stamp { actor, ..entry.stamp_for_effects(now) }.occurred(at);
    let ended = Draft::new(ambient.uuid(now), id.name(), &answer::hearing_ended(id, false), &stamp);
    ledger::append(tx, &[ended]).await?;
    Ok(())
}
