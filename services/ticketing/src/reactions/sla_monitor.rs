//! The clock of a promise warns or is breached: the promise is at risk, or was broken; in silence, unless its customer had been told in time. The clock of
//! an answer starts, moves or ends: so does what the customer is told of it.

use jiff::Timestamp;
use kernel::{Ambient, ResourceId};
use ledger::{Applying, Reaction, ReactionError, Received};
use postgres::Tx;
use ticketing_domain::{ChangeKind, ClockId, PromiseId, TicketId};
use ventanilla_proto::sla::v1 as sla;

use super::Effect;
use crate::store::notice;
use crate::store::promise::{self, StoredPromise};
use crate::store::term::{self, NewTerm, Running};

/// From this part of its time on, a promise that still runs is at risk.
const AT_RISK_PERCENT: i32 = 75;

/// Follows sla-monitor.
pub struct OnSla {
    ambient: Ambient,
}

impl OnSla {
    /// With this clock and chance.
    pub fn new(ambient: Ambient) -> Self {
        Self { ambient }
    }

    async fn at_risk(&self, tx: &mut Tx, entry: &Received, id: PromiseId, clock: &str) -> Result<(), ReactionError> {
        let clock = ClockId::parse(clock).map_err(|_| ReactionError::Undecodable("clock"))?;
        let effect = Effect::on(tx, id.ticket, entry, &self.ambient).await?;
        let found = find(tx, id).await?;
        let Some(promise) = found.promise.clone().warn(clock, entry.occurred_at()) else { return Ok(()) };
        let stored = StoredPromise { promise, version: found.version + 1, ..found };
        promise::update(tx, &stored).await?;
        let related = id.name();
        let draft = |entries: &crate::entry::Entries<'_>| entries.promise_at_risk(&stored.promise, clock);
        let detail = |row: &mut crate::store::history::ChangeRow| row.related = Some(related);
        effect.write(tx, ChangeKind::PromiseAtRisk, |t| t, draft, detail).await
    }

    async fn broken(&self, tx: &mut Tx, entry: &Received, id: PromiseId, at: Timestamp) -> Result<(), ReactionError> {
        let effect = Effect::on(tx, id.ticket, entry, &self.ambient).await?;
        let found = find(tx, id).await?;
        let state = effect.chronicle.stored.ticket.state().clone();
        // Under its lock, so that nobody is handed it meanwhile.
        let mut told = notice::lock_about(tx, id).await?.into_iter();
        let told = told.find(|stored| stored.notice.promise == id && stored.notice.is_in_time());
        let cause = told.map(|stored| stored.notice.said.cause);
        // Refused when it has ended meanwhile: then there is nothing to say.
        let kept = found.promise.kept_by(&state);
        let Some(promise) = kept.or_else(|| found.promise.clone().breach(cause, at).ok()) else { return Ok(()) };
        let stored = StoredPromise { promise, version: found.version + 1, ..found };
        promise::update(tx, &stored).await?;
        let draft = |entries: &crate::entry::Entries<'_>| entries.promise_settled(&stored.promise);
        let reason = stored.promise.state.standing().to_string();
        let detail = |row: &mut crate::store::history::ChangeRow| {
            row.reason = Some(reason);
            row.related = Some(id.name());
        };
        effect.write(tx, ChangeKind::PromiseSettled, |t| t, draft, detail).await
    }
}

async fn find(tx: &mut Tx, id: PromiseId) -> Result<StoredPromise, ReactionError> {
    promise::get(tx, id).await?.ok_or(ReactionError::Refused("its promise does not exist here"))
}

/// The term of a clock that starts; `None` for one that no customer is told of.
fn begun(started: &sla::ClockStarted) -> Result<Option<NewTerm>, ReactionError> {
    if !started.ends_with_answer {
        return Ok(None);
    }
    let by_law = match started.kind() {
        sla::PolicyKind::Statutory => true,
        sla::PolicyKind::Sla => false,
        // What departments and vendors owe each other is no concern of the customer's.
        sla::PolicyKind::Ola | sla::PolicyKind::Uc | sla::PolicyKind::Unspecified => return Ok(None),
    };
    let Ok(ticket) = TicketId::parse(&started.subject) else { return Ok(None) };
    let running = running(started.due_time.as_ref())?;
    Ok(Some(NewTerm { clock: clock(&started.clock)?, ticket, by_law, running }))
}

fn clock(name: &str) -> Result<ClockId, ReactionError> {
    ClockId::parse(name).map_err(|_| ReactionError::Undecodable("clock"))
}

fn running(due: Option<&prost_types::Timestamp>) -> Result<Running, ReactionError> {
    let at = due.map(|t| Timestamp::new(t.seconds, t.nanos)).transpose();
    Ok(at.map_err(|_| ReactionError::Undecodable("due_time"))?.map_or(Running::Still, Running::Until))
}

#[tonic::async_trait]
impl Reaction for OnSla {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        if let Some(warning) = entry.payload::<sla::WarningRaised>()? {
            // Clocks of tickets and cases warn too; only a promise's is ours to act on.
            if let (Ok(id), true) = (PromiseId::parse(&warning.subject), warning.threshold_percent >= AT_RISK_PERCENT) {
                self.at_risk(tx, entry, id, &warning.clock).await?;
            }
        } else if let Some(breach) = entry.payload::<sla::ClockBreached>()?
            && let Ok(id) = PromiseId::parse(&breach.subject)
        {
            let at = breach.breached_time.and_then(|t| Timestamp::new(t.seconds, t.nanos).ok());
            self.broken(tx, entry, id, at.ok_or(ReactionError::Undecodable("breached_time"))?).await?;
        } else if let Some(started) = entry.payload::<sla::ClockStarted>()? {
            term::begin(tx, begun(&started)?.as_slice()).await?;
        } else if let Some(moved) = entry.payload::<sla::ClockMoved>()? {
            if TicketId::parse(&moved.subject).is_ok() {
                term::change(tx, clock(&moved.clock)?, running(moved.due_time.as_ref())?).await?;
            }
        } else if let Some(settled) = entry.payload::<sla::ClockSettled>()?
            && TicketId::parse(&settled.subject).is_ok()
        {
            term::change(tx, clock(&settled.clock)?, Running::Over).await?;
        }
        Ok(())
    }

    fn runs(&self, entry: &Received) -> bool {
        entry.is::<sla::ClockStarted>()
    }

    async fn apply_run(&self, tx: &mut Tx, run: &[Applying<'_>]) -> Result<(), ReactionError> {
        let mut terms = Vec::with_capacity(run.len());
        for Applying { entry, .. } in run {
            let started = entry.payload()?.ok_or(ReactionError::Undecodable("type"))?;
            terms.extend(begun(&started)?);
        }
        Ok(term::begin(tx, &terms).await?)
    }
}
