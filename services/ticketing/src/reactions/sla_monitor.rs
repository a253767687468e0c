//! The clock of a promise warns or is breached: the promise is at risk, or was broken; in silence, unless its customer had been told in time. The clock of
//! an answer starts, moves or ends: so does what the customer is told of it. Once such a clock warns, its term is a promise like others, which nobody made by
//! hand: the customer is told before it is missed, and what becomes of it follows the clock.

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Ambient, ResourceId};
use ledger::{Applying, Reaction, ReactionError, Received};
use postgres::Tx;
use ticketing_domain::{
    ChangeKind, ClockId, Moment, Promise, PromiseDraft, PromiseId, PromiseKind, PromiseState, Refusal, Settlement,
    Standing, Ticket, TicketId, ToldBefore, answer_due,
};
use ventanilla_proto::sla::v1 as sla;

use super::Effect;
use crate::store::promise::{self, StoredPromise};
use crate::store::term::{self, InRun, NewTerm, Running, RunningTerm};
use crate::store::{notice, ticket};
use crate::usecase::notice::settle_beside;

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
        let notices = notice::lock_about(tx, id).await?.into_iter().filter(|stored| stored.notice.promise == id);
        let told = notices.map(|stored| stored.notice.told()).fold(ToldBefore::Nothing, ToldBefore::or);
        // Refused when it has ended meanwhile: then there is nothing to say.
        let kept = found.promise.kept_by(&state);
        let Some(promise) = kept.or_else(|| found.promise.clone().breach(told, at).ok()) else { return Ok(()) };
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

impl OnSla {
    /// The term that a clock counts is in danger: from here on it stands as a promise that is at risk, unless an answer by then is promised already, or nothing is owed
    /// any more. What others promised is spoken of by itself.
    async fn stand_for(&self, tx: &mut Tx, entry: &Received, clock: ClockId) -> Result<(), ReactionError> {
        let Some(term) = term::running(tx, clock).await? else { return Ok(()) };
        let Some(effect) = Effect::find(tx, term.ticket, entry, &self.ambient).await? else { return Ok(()) };
        let Effect { mut chronicle, occurred_at } = effect;
        let state = chronicle.stored.ticket.state().standing();
        let answered = matches!(state, Standing::Resolved) || state.is_terminal() || chronicle.stored.erased;
        if answered || promise::answers_by(tx, term.ticket, term.due).await? {
            return Ok(());
        }
        // What was broken stays so: only a later instant is another promise.
        let last = promise::of_term(tx, clock).await?.map(|last| last.promise);
        if last.is_some_and(|last| last.state.is_broken() && term.due <= last.due) {
            return Ok(());
        }
        let noted = chronicle.stored.ticket.clone().note(Moment::Now(occurred_at));
        let (ticket, at) = noted.map_err(|_: Refusal| ReactionError::Refused("the ticket refused a note"))?;
        // Word of it came too late for anything to be told.
        if term.due <= at.max(self.ambient.now()) {
            return Ok(());
        }
        let promise = self.promise_of(&ticket, (clock, term), at);
        let id = promise.id;
        chronicle.touched(ticket);
        let sequence = chronicle.promise_made(&promise, at);
        let made = StoredPromise { promise, sequence, version: 1 };
        promise::insert(tx, &made).await?;
        if let Some(promise) = made.promise.clone().warn(clock, at) {
            let related = id.name();
            chronicle.note(
                ChangeKind::PromiseAtRisk,
                at,
                |entries| entries.promise_at_risk(&promise, clock),
                |row| row.related = Some(related),
            );
            promise::update(tx, &StoredPromise { promise, version: 2, ..made }).await?;
        }
        Ok(ticket::write(tx, &chronicle, None).await?)
    }

    /// A promise about an affair has ended: the terms behind it whose end is near are watched by themselves again.
    async fn stand_behind(&self, tx: &mut Tx, entry: &Received, ticket: TicketId) -> Result<(), ReactionError> {
        for clock in term::near(tx, ticket).await? {
            self.stand_for(tx, entry, clock).await?;
        }
        Ok(())
    }

    fn promise_of(&self, ticket: &Ticket, (clock, term): (ClockId, RunningTerm), at: Timestamp) -> Promise {
        let facts = ticket.facts();
        let text = answer_due(Some(term.due), term.by_law, at, facts.language);
        let draft = PromiseDraft {
            kind: PromiseKind::Resolution,
            despite: None,
            text: text.parse().expect("a date in a sentence is a promise's text"),
            due: term.due,
            channel: facts.channel,
            replaces: None,
        };
        let id = PromiseId { ticket: term.ticket, id: self.ambient.uuid(at) };
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        Promise::make(draft, None, id, actor, at).standing_for(clock)
    }

    /// A term that stood as a promise goes on to another instant, or stands still: what was promised by the old one gives way. Whether it stands by the new one is for
    /// [`Self::stand_behind`], which asks whether its end is near: of a term that was lengthened it may be near no more.
    async fn term_moved(
        &self,
        tx: &mut Tx,
        entry: &Received,
        clock: ClockId,
        running: Running,
    ) -> Result<(), ReactionError> {
        let Some(found) = promise::of_term(tx, clock).await? else { return Ok(()) };
        let stands = matches!(found.promise.state, PromiseState::Made | PromiseState::AtRisk { .. });
        if stands && running != Running::Until(found.promise.due) {
            self.end_term(tx, entry, &found, None).await?;
        }
        Ok(())
    }

    /// A term was met, or fell away: so does what was promised by it.
    async fn settled(
        &self,
        tx: &mut Tx,
        entry: &Received,
        ticket: TicketId,
        settled: &sla::ClockSettled,
    ) -> Result<(), ReactionError> {
        let clock = clock(&settled.clock)?;
        term::end(tx, clock).await?;
        if let Some(found) = promise::of_term(tx, clock).await? {
            let met = settled.state() == sla::ClockState::Fulfilled;
            let at = settled.settled_time.filter(|_| met).and_then(|t| Timestamp::new(t.seconds, t.nanos).ok());
            self.end_term(tx, entry, &found, at).await?;
            self.stand_behind(tx, entry, ticket).await?;
        }
        Ok(())
    }

    /// The promise that stands for a term ends, and the one that a notice put beside it: kept where the answer was there at an instant, and else given way to what is so now.
    async fn end_term(
        &self,
        tx: &mut Tx,
        entry: &Received,
        found: &StoredPromise,
        answered: Option<Timestamp>,
    ) -> Result<(), ReactionError> {
        let id = found.promise.id;
        let Effect { mut chronicle, occurred_at } = Effect::on(tx, id.ticket, entry, &self.ambient).await?;
        let noted = chronicle.stored.ticket.clone().note(Moment::Now(occurred_at));
        let (ticket, at) = noted.map_err(|_: Refusal| ReactionError::Refused("the ticket refused a note"))?;
        chronicle.touched(ticket);
        // Under the lock of its ticket it may have ended otherwise.
        let found = find(tx, id).await?;
        let promise = found.promise.clone();
        let ended = match answered {
            Some(met) => promise.settle(Settlement::Kept, met),
            None => promise.renegotiate(at),
        };
        if let Ok(promise) = ended {
            chronicle.promise_settled(&promise, at);
            promise::update(tx, &StoredPromise { promise, version: found.version + 1, ..found.clone() }).await?;
        }
        settle_beside(tx, &mut chronicle, &found.promise, answered.is_some(), at).await?;
        if chronicle.changes.is_empty() {
            return Ok(());
        }
        Ok(ticket::write(tx, &chronicle, None).await?)
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
            // A warning by what is left is as near as its policy holds it to be.
            if warning.threshold_percent < AT_RISK_PERCENT && warning.lead_minutes == 0 {
                return Ok(());
            }
            // Clocks of cases warn too, and others of tickets: only a promise's, and those of the answer, are ours to act on.
            match PromiseId::parse(&warning.subject) {
                Ok(id) => self.at_risk(tx, entry, id, &warning.clock).await?,
                Err(_) if TicketId::parse(&warning.subject).is_ok() => {
                    let clock = clock(&warning.clock)?;
                    term::warn(tx, clock, warning.epoch).await?;
                    self.stand_for(tx, entry, clock).await?;
                }
                Err(_) => {}
            }
        } else if let Some(breach) = entry.payload::<sla::ClockBreached>()? {
            let broken = match PromiseId::parse(&breach.subject) {
                Ok(id) => Some(id),
                Err(_) if TicketId::parse(&breach.subject).is_ok() => {
                    promise::of_term(tx, clock(&breach.clock)?).await?.map(|found| found.promise.id)
                }
                Err(_) => None,
            };
            let at = breach.breached_time.and_then(|t| Timestamp::new(t.seconds, t.nanos).ok());
            if let Some(id) = broken {
                self.broken(tx, entry, id, at.ok_or(ReactionError::Undecodable("breached_time"))?).await?;
                self.stand_behind(tx, entry, id.ticket).await?;
            }
        } else if let Some(started) = entry.payload::<sla::ClockStarted>()? {
            term::begin(tx, begun(&started)?.as_slice()).await?;
        } else if let Some(moved) = entry.payload::<sla::ClockMoved>()? {
            if let Ok(ticket) = TicketId::parse(&moved.subject) {
                let (clock, running) = (clock(&moved.clock)?, running(moved.due_time.as_ref())?);
                let anew = matches!(moved.effect(), sla::ClockEffect::Restart | sla::ClockEffect::Start);
                let warned = moved.warned_percent.map(|percent| percent >= AT_RISK_PERCENT);
                term::change(tx, clock, running, InRun { epoch: moved.epoch, anew, warned }).await?;
                self.term_moved(tx, entry, clock, running).await?;
                self.stand_behind(tx, entry, ticket).await?;
            }
        } else if let Some(settled) = entry.payload::<sla::ClockSettled>()? {
            match PromiseId::parse(&settled.subject) {
                Ok(id) => self.stand_behind(tx, entry, id.ticket).await?,
                Err(_) => {
                    if let Ok(ticket) = TicketId::parse(&settled.subject) {
                        self.settled(tx, entry, ticket, &settled).await?;
                    }
                }
            }
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
