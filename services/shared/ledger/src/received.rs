//! An entry of another service's ledger, as a reaction sees it.

use jiff::Timestamp;
use kernel::{Actor, Department};
use prost::{Message, Name};
use ventanilla_proto::ledger::v1::Entry;

use crate::draft::Stamp;
use crate::follower::ReactionError;
use crate::rows;

/// One entry, checked to be whole.
#[derive(Debug, Clone)]
pub struct Received {
    entry: Entry,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    actor: Actor,
}

impl Received {
    /// Reads an entry as it came over the wire.
    ///
    /// # Errors
    /// [`ReactionError::Undecodable`] when times or actor are missing or unknown.
    pub fn read(entry: Entry) -> Result<Self, ReactionError> {
        let time = |t: &Option<prost_types::Timestamp>| t.as_ref().and_then(rows::instant);
        let occurred_at = time(&entry.occurred_time).ok_or(ReactionError::Undecodable("occurred_time"))?;
        let recorded_at = time(&entry.recorded_time).ok_or(ReactionError::Undecodable("recorded_time"))?;
        let actor = entry.actor.as_ref().ok_or(ReactionError::Undecodable("actor"))?;
        let department = match actor.department.as_str() {
            "" => None,
            slug => Some(slug.parse::<Department>().map_err(|_| ReactionError::Undecodable("actor.department"))?),
        };
        let kind = rows::actor_word(actor.kind).ok_or(ReactionError::Undecodable("actor.kind"))?;
        let actor = Actor { kind, id: actor.id.clone(), department };
        Ok(Self { entry, occurred_at, recorded_at, actor })
    }

    /// Place in the source's ledger.
    pub fn position(&self) -> i64 {
        self.entry.position
    }

    /// The entry as it came.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Resource name of what the entry is about.
    pub fn aggregate(&self) -> &str {
        &self.entry.aggregate
    }

    /// Full name of the payload's message.
    pub fn kind(&self) -> &str {
        &self.entry.r#type
    }

    /// When it happened in the world.
    pub fn occurred_at(&self) -> Timestamp {
        self.occurred_at
    }

    /// When the source wrote it down.
    pub fn recorded_at(&self) -> Timestamp {
        self.recorded_at
    }

    /// Who did it.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Whether the payload is an `M`.
    pub fn is<M: Name>(&self) -> bool {
        self.entry.r#type == M::full_name()
    }

    /// The payload, when it is an `M`.
    ///
    /// # Errors
    /// [`ReactionError::Undecodable`] when it says it is one and is not.
    pub fn payload<M: Message + Name + Default>(&self) -> Result<Option<M>, ReactionError> {
        if !self.is::<M>() {
            return Ok(None);
        }
        M::decode(self.entry.payload.as_slice()).map(Some).map_err(|_| ReactionError::Undecodable("payload"))
    }

    /// The personal part; `None` when there never was one or it has been erased.
    pub fn personal<M: Message + Default>(&self) -> Option<M> {
        if self.entry.personal.is_empty() {
            return None;
        }
        M::decode(self.entry.personal.as_slice()).ok()
    }

    /// The stamp for what this service does because of the entry: the same actor and the same time
    /// in the world, in the trace of the reaction.
    pub fn stamp_for_effects(&self, now: Timestamp) -> Stamp {
        let here = telemetry::traceparent_of(&tracing::Span::current());
        Stamp {
            actor: self.actor.clone(),
            occurred_at: self.occurred_at,
            recorded_at: now,
            traceparent: if here.is_empty() { self.entry.traceparent.clone() } else { here },
        }
    }
}
