//! Brings affairs from another system with their whole history.
//!
//! Each history is played through the same decisions as a live affair before the database is asked; what
//! a guard refuses is told of all histories at once. Then all of them are written in one transaction: a
//! handful of round trips for hundreds of affairs.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use kernel::{ResourceId, Violations};
use ledger::Stamp;
use postgres::{Claim, Kept, RequestKey};
use prost::Message;
use server::Call;
use ticketing_domain::{
    Answer, Characteristic, Characteristics, Demand, Destination, Draft, ExternalId, Moment, Receipt, Refusal, Slug,
    Ticket, TicketId, TrackingKey,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::{Chronicle, Said};
use super::writing::kept_answer;
use super::{CHARACTERISTICS, Ticketing};
use crate::Error;
use crate::proof::{KeptProof, sha256};
use crate::store::create::{self, Opening};
use crate::store::imported::{self, Known, Origin};
use crate::store::ticket;

/// What ImportTickets is asked.
#[derive(Debug, Clone)]
pub struct Histories {
    /// The affairs.
    pub histories: Vec<History>,
    /// The call.
    pub key: RequestKey,
}

/// One affair as another system knows it.
#[derive(Debug, Clone)]
pub struct History {
    /// The system.
    pub source_system: Slug,
    /// Its id there.
    pub external_id: ExternalId,
    /// The affair as it was opened.
    pub draft: Draft,
    /// What it is known by.
    pub characteristics: Vec<Characteristic>,
    /// When it was opened there.
    pub opened: Timestamp,
    /// What happened after, in order.
    pub steps: Vec<(Timestamp, Event)>,
    /// SHA-256 of the history as it was sent.
    pub content_hash: [u8; 32],
}

/// One thing that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// Something was said or noted.
    Said(Said),
    /// The state changed.
    Moved(Destination),
    /// A claim point was answered.
    Answered {
        /// Id of the point.
        point: String,
        /// The answer.
        text: Answer,
    },
    /// It came to a step.
    Entered(Slug),
}

impl Ticketing {
    /// Brings affairs with their histories: all of them, or none.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.import", skip_all, fields(histories = asked.histories.len()))]
    pub async fn import_tickets(&self, call: &Call, asked: Histories) -> Result<pb::ImportTicketsResponse, Error> {
        let Histories { histories, key } = asked;
        let stamp = Stamp::of(call.actor().clone(), self.ambient.now(), call.traceparent.clone());
        let openings = self.play(&histories, &stamp).await?;
        let origins: Vec<Origin<'_>> = histories.iter().zip(&openings).map(|(h, o)| origin(h, o)).collect();

        let mut tx = self.db.tx().await?;
        if let Claim::Replay(answer) = postgres::claim(&mut tx, &key, stamp.recorded_at).await? {
            let known = imported::known(&mut tx, &origins).await?;
            tx.rollback().await?;
            return Ok(self.with_proofs(kept_answer(&key, &answer)?, &known));
        }
        let is_new = imported::claim(&mut tx, &origins, stamp.recorded_at).await?;
        let fresh: Vec<&Opening> = openings.iter().zip(is_new).filter(|(_, new)| *new).map(|(o, _)| o).collect();
        refuse_erased(&origins, &create::open_all(&mut tx, &fresh).await?)?;
        let known = imported::known(&mut tx, &origins).await?;
        let answer = pb::ImportTicketsResponse { tickets: origins.iter().zip(&known).map(told).collect() };
        // Kept without the proofs, which the database never sees.
        let encoded = answer.encode_to_vec();
        postgres::keep_answer(&mut tx, key.id, Kept { answer: &encoded, forever: true, about: &[] }).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(self.with_proofs(answer, &known))
    }

    /// Plays the histories, or says every step that a guard refuses.
    async fn play(&self, histories: &[History], stamp: &Stamp) -> Result<Vec<Opening>, Error> {
        let followed: Vec<TicketId> = histories.iter().filter_map(|h| h.draft.follow_up_of).collect();
        let earlier =
            if followed.is_empty() { HashMap::new() } else { ticket::earlier_of(self.db.reader(), &followed).await? };
        let sets = self.read_sets().await?;
        let mut violations = Violations::new();
        let mut openings = Vec::with_capacity(histories.len());
        for (i, history) in histories.iter().enumerate() {
            let follows = history.draft.follow_up_of;
            let before = follows.and_then(|ticket| earlier.get(&ticket).copied());
            let first_received = before.map(|before| before.received);
            if follows.is_some() && first_received.is_none() {
                violations.push(format!("histories[{i}].ticket.follow_up_of"), "does not exist");
            }
            // Another system did not know what the house asks for today; what it says has to fit.
            let (said, set) = (history.characteristics.clone(), sets.of(&history.draft.filing));
            let known = match Characteristics::held(CHARACTERISTICS, said, set, Demand::WhatIsSaid) {
                Ok(known) => known,
                Err(wrong) => {
                    violations.absorb(&format!("histories[{i}]"), wrong);
                    Characteristics::default()
                }
            };
            let ever = before.map(|before| before.ever).unwrap_or_default();
            let draft = Draft { characteristics: known, ever, ..history.draft.clone() };
            match self.play_one(history, draft, first_received, stamp) {
                Ok(opening) => openings.push(opening),
                Err((step, refusal)) => violations.push(format!("histories[{i}].steps[{step}]"), refusal.to_string()),
            }
            // Hundreds of histories are not played while others wait for their turn.
            tokio::task::yield_now().await;
        }
        violations.into_result()?;
        Ok(openings)
    }

    /// Plays one history; `Err` names the step that was refused, after which nothing can be told of it.
    fn play_one(
        &self,
        history: &History,
        draft: Draft,
        earlier: Option<Timestamp>,
        stamp: &Stamp,
    ) -> Result<Opening, (usize, Refusal)> {
        let id = TicketId::from_uuid(self.ambient.uuid(stamp.recorded_at));
        let key = TrackingKey::from_entropy(self.ambient.bytes());
        let opened = Ticket::open(draft, id, key, earlier, history.opened);
        let receipt = Receipt::of(&opened, sha256);
        let mut chronicle = Chronicle::opened(opened, &receipt, stamp.clone(), &self.ambient);
        for (step, (at, event)) in history.steps.iter().enumerate() {
            let moment = Moment::Stated(*at);
            let happened = match event.clone() {
                Event::Said(said) => chronicle.say(said, moment, &self.policy),
                Event::Answered { point, text } => chronicle.answer(&point, text, moment),
                Event::Entered(step) => chronicle.enter(&step, moment),
                Event::Moved(destination) => {
                    let standing = chronicle.stored.ticket.state().standing();
                    let verb = destination.verb_from(standing, chronicle.heard_since_answer());
                    chronicle.apply(verb, moment, &self.policy)
                }
            };
            happened.map_err(|refusal| (step, refusal))?;
        }
        let proof = KeptProof::of(&self.proof_key.proof(id), self.ambient.bytes());
        let facts = chronicle.stored.ticket.facts();
        let sealed = self.sealer.seal(facts.id, facts.tracking_key, &receipt);
        Ok(Opening { claim: None, chronicle, proof, receipt, sealed, is_held: false })
    }

    fn with_proofs(&self, mut answer: pb::ImportTicketsResponse, known: &[Known]) -> pb::ImportTicketsResponse {
        for (told, known) in answer.tickets.iter_mut().zip(known) {
            told.proof = self.proof_to_tell(known.ticket, &known.proof);
        }
        answer
    }
}

/// Names the affairs that were not opened because their customer was erased. One that is here already is left as it is.
fn refuse_erased(origins: &[Origin<'_>], unopened: &HashSet<TicketId>) -> Result<(), Violations> {
    let mut violations = Violations::new();
    for (i, _) in origins.iter().enumerate().filter(|(_, origin)| unopened.contains(&origin.ticket)) {
        violations.push(format!("histories[{i}].ticket.customer"), "was erased");
    }
    violations.into_result()
}

fn origin<'a>(history: &'a History, opening: &Opening) -> Origin<'a> {
    Origin {
        source_system: history.source_system.as_str(),
        external_id: history.external_id.expose(),
        ticket: opening.chronicle.stored.ticket.facts().id,
        content_hash: history.content_hash,
    }
}

fn told((origin, known): (&Origin<'_>, &Known)) -> pb::ImportedTicket {
    let outcome = if known.ticket == origin.ticket {
        pb::ImportOutcome::Imported
    } else if known.content_hash == origin.content_hash {
        pb::ImportOutcome::AlreadyHere
    } else {
        pb::ImportOutcome::Differs
    };
    pb::ImportedTicket {
        ticket: known.ticket.name(),
        tracking_key: known.tracking_key.to_string(),
        proof: String::new(),
        outcome: outcome.into(),
    }
}
