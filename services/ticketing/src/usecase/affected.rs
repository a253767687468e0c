//! Affairs join an incident and leave it, and each is told what is known of it.

use std::collections::{BTreeMap, HashMap};

use kernel::{Ambient, Classify as _, Kind, ResourceId as _};
use ledger::Stamp;
use postgres::{Kept, RequestKey, StoreError, Tx};
use prost::Message as _;
use server::Call;
use ticketing_domain::{
    AffectedOutcome, Body, ChangeKind, IncidentId, IncidentUpdate, Joined, Moment, Policy, Refusal, TicketId, reach,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::chronicle::{Chronicle, Said};
use super::claimed::Claimed;
use crate::Error;
use crate::grpc::present;
use crate::store::incident::StoredUpdate;
use crate::store::message::Explanation;
use crate::store::{Stored, affected, incident};

/// Affairs that are told in one transaction.
const BATCH: i64 = 200;
/// Updates that one affair is told at once; what is beyond comes with the next look.
const UPDATES: i64 = 50;

/// What AddAffected is asked.
#[derive(Debug, Clone)]
pub struct AreAffected {
    /// The incident.
    pub incident: IncidentId,
    /// The affairs, each once.
    pub tickets: Vec<TicketId>,
    /// The call.
    pub key: RequestKey,
}

/// What RemoveAffected is asked.
#[derive(Debug, Clone)]
pub struct IsNot {
    /// The incident.
    pub incident: IncidentId,
    /// The affair.
    pub ticket: TicketId,
    /// The call.
    pub key: RequestKey,
}

/// How far a look at those who are to be told has come.
pub(crate) enum Told {
    /// Some were told; there may be more.
    Some,
    /// Those who are left are being worked on by somebody else.
    Later,
    /// Everybody was.
    All,
}

impl Ticketing {
    /// Says which affairs an incident has caused. Who joins is told what the others were told last.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "incident.add_affected", skip_all, fields(incident.id = %asked.incident))]
    pub async fn add_affected(&self, call: &Call, asked: AreAffected) -> Result<pb::AddAffectedResponse, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&asked.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let id = asked.incident;
        let known = incident::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        let last = incident::updates(&mut *tx, id, known.incident.updates - 1, 1, false).await?.pop();
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
        let mut outcomes = HashMap::new();
        let mut joined = Vec::new();
        let found = affected::lock_free(&mut tx, &asked.tickets).await?;
        outcomes.extend(found.busy.into_iter().map(|ticket| (ticket, AffectedOutcome::Busy)));
        for stored in found.locked {
            let ticket = stored.ticket.facts().id;
            let outcome = match join(stored, id, &stamp, &self.ambient) {
                Ok(chronicle) => {
                    joined.push(chronicle);
                    AffectedOutcome::Added
                }
                Err(outcome) => outcome,
            };
            outcomes.insert(ticket, outcome);
        }
        let mut said = BTreeMap::new();
        if let Some(last) = &last {
            for chronicle in &mut joined {
                hear(chronicle, &last.update, &self.policy)?;
            }
            said.insert(last.update.number, count(joined.len()));
        }
        affected::write(&mut tx, &mut joined).await?;
        incident::stands(&mut tx, id, &said).await?;
        incident::count(&mut tx, id, count(joined.len())).await?;
        let result = |ticket: &TicketId| pb::AffectedTicket {
            ticket: ticket.name(),
            outcome: present::affected_outcome(
                outcomes.get(ticket).copied().unwrap_or(AffectedOutcome::TicketNotFound),
            )
            .into(),
        };
        let results = asked.tickets.iter().map(result).collect();
        let counted = incident::StoredIncident { affected: known.affected + count(joined.len()), ..known };
        let answer = pb::AddAffectedResponse { results, incident: Some(present::incident(&counted)) };
        self.keep(tx, &asked.key, answer).await
    }

    /// Takes an affair out of an incident that did not cause it.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "incident.remove_affected", skip_all, fields(incident.id = %asked.incident))]
    pub async fn remove_affected(&self, call: &Call, asked: IsNot) -> Result<pb::Ticket, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&asked.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let (id, ticket) = (asked.incident, asked.ticket);
        // The incident first, as whoever joins does.
        incident::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        let mut found = affected::lock_free(&mut tx, &[ticket]).await?;
        if !found.busy.is_empty() {
            // Nobody waits for whoever is at work on it while they hold the incident.
            return Err(StoreError::Contended.into());
        }
        let stored = found.locked.pop().ok_or_else(|| Error::not_found(ticket.to_string()))?;
        if stored.erased {
            return Err(Refusal::TicketErased.into());
        }
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
        let (left, at) = match stored.ticket.clone().leave(id, Moment::Now(now)) {
            Ok(left) => left,
            Err(refusal) => {
                // Who is refused and asks again at once does not find it busy by themselves.
                tx.rollback().await?;
                return Err(refusal.into());
            }
        };
        let mut chronicle = Chronicle::of(stored, stamp, &self.ambient);
        chronicle.changed(left);
        chronicle.note(
            ChangeKind::Unaffected,
            at,
            |entries| entries.unaffected(ticket, id),
            |row| row.related = Some(id.name()),
        );
        let answer = present::ticket(&chronicle.stored);
        affected::write(&mut tx, std::slice::from_mut(&mut chronicle)).await?;
        incident::count(&mut tx, id, -1).await?;
        let kept = Kept { answer: &answer.encode_to_vec(), forever: false, about: &[ticket.uuid()] };
        postgres::keep_answer(&mut tx, asked.key.id, kept).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(answer)
    }

    /// Writes what is told of incidents into affairs that have not heard it: a batch of each incident, so that none waits for another.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn tell_some(&self) -> Result<Told, Error> {
        let mut told = Told::All;
        for (id, number) in incident::being_told(self.db.reader()).await? {
            let batch = match self.tell_batch(id, number).await {
                Err(error) if !matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => {
                    // What is wrong with one incident keeps nobody from being told of another.
                    tracing::error!(incident.id = %id, error = kernel::chain(&error), "an incident is not told");
                    Told::All
                }
                batch => batch?,
            };
            told = match (told, batch) {
                (Told::Some, _) | (_, Told::Some) => Told::Some,
                (_, Told::Later) => Told::Later,
                (told, Told::All) => told,
            };
        }
        Ok(told)
    }

    #[tracing::instrument(name = "incident.hear", skip_all, fields(incident.id = %id, told))]
    async fn tell_batch(&self, id: IncidentId, number: i32) -> Result<Told, Error> {
        let mut tx = self.db.tx().await?;
        let waiting = affected::lock_untold(&mut tx, id, number, BATCH).await?;
        tracing::Span::current().record("told", waiting.len());
        if waiting.is_empty() {
            let all = incident::all_told(&mut tx, id, number).await?;
            tx.commit().await?;
            return Ok(if all { Told::All } else { Told::Later });
        }
        self.tell_these(tx, id, waiting).await?;
        Ok(Told::Some)
    }

    async fn tell_these(&self, mut tx: Tx, id: IncidentId, waiting: Vec<Stored>) -> Result<(), Error> {
        let now = self.ambient.now();
        let heard = |stored: &Stored| stored.ticket.affected().map_or(0, |affected| affected.told);
        let from = waiting.iter().map(heard).min().unwrap_or(0);
        let updates = incident::updates(&mut *tx, id, from, UPDATES, false).await?;
        let spoken = |update: &StoredUpdate| Stamp::of(update.update.by.clone(), now, update.traceparent.clone());
        let Some(first) = updates.first().map(spoken) else {
            return Err(StoreError::corrupt("incident_update", "number", id).into());
        };
        let mut said = BTreeMap::new();
        let mut chronicles = Vec::with_capacity(waiting.len());
        for stored in waiting {
            let known = heard(&stored);
            let silent = stored.erased || stored.ticket.state().standing().is_terminal();
            let mut chronicle = Chronicle::of(stored, first.clone(), &self.ambient);
            for new in updates.iter().filter(|told| told.update.number > known) {
                if silent {
                    let passed = chronicle.stored.ticket.clone().told_up_to(new.update.number);
                    chronicle.touched(passed);
                } else {
                    chronicle.speak_for(spoken(new));
                    hear(&mut chronicle, &new.update, &self.policy)?;
                    *said.entry(new.update.number).or_insert(0) += 1;
                }
            }
            chronicles.push(chronicle);
        }
        affected::write(&mut tx, &mut chronicles).await?;
        incident::stands(&mut tx, id, &said).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(())
    }
}

/// The affair as one of the incident's, or why it does not become one.
fn join(stored: Stored, id: IncidentId, stamp: &Stamp, ambient: &Ambient) -> Result<Chronicle, AffectedOutcome> {
    if stored.erased {
        return Err(AffectedOutcome::TicketOver);
    }
    let (ticket, at) = match stored.ticket.clone().join(id, Moment::Now(stamp.recorded_at)) {
        Joined::Added(ticket, at) => (*ticket, at),
        Joined::Not(outcome) => return Err(outcome),
    };
    let name = ticket.facts().id;
    let mut chronicle = Chronicle::of(stored, stamp.clone(), ambient);
    chronicle.changed(ticket);
    chronicle.note(ChangeKind::Affected, at, |entries| entries.affected(name, id), |row| row.related = Some(id.name()));
    Ok(chronicle)
}

/// The customer is told what is known, in their language and by a channel that reaches them.
fn hear(chronicle: &mut Chronicle, update: &IncidentUpdate, policy: &Policy) -> Result<(), Refusal> {
    let facts = chronicle.stored.ticket.facts();
    let body: Body = update.texts.told_in(facts.language).expose().parse().expect("what is told fits a message");
    // When it is over is told; that it is over, by itself.
    let expected = if update.over { Some(update.at) } else { update.expected_end };
    let explains = expected.map(|expected| Explanation { expected, signposts: false });
    let said = Said::to_customer(reach(facts.channel), body).explaining(explains);
    chronicle.say(said, Moment::Now(chronicle.now()), policy)?;
    let told = chronicle.stored.ticket.clone().told_up_to(update.number);
    chronicle.touched(told);
    Ok(())
}

fn count(some: usize) -> i32 {
    i32::try_from(some).unwrap_or(i32::MAX)
}
