//! What a clock comes to, and in what two tellings of the same clock differ.

use jiff::Timestamp;

use super::{Replay, Terms};
use crate::party::{Stage, stands};

/// What a clock comes to at an instant: all of it that is kept beside its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// State, as a word.
    pub state: String,
    /// The present run, from 1.
    pub epoch: i32,
    /// Where it counts from.
    pub origin: Timestamp,
    /// The last instant in time, where there is one.
    pub due: Option<Timestamp>,
    /// When it ended, where it has.
    pub settled: Option<Timestamp>,
    /// The first breach, as time has spoken; nobody breaches the time of a party.
    pub breached: Option<Timestamp>,
    /// When the time of a party lapsed, as time has spoken.
    pub lapsed: Option<Timestamp>,
}

impl Shape {
    /// Of what the house owes.
    pub fn of_house(replayed: &Replay, now: Timestamp) -> Self {
        Self {
            state: replayed.state.as_str().to_owned(),
            epoch: replayed.epoch,
            origin: replayed.origin,
            due: replayed.state.due(),
            settled: replayed.state.settled(),
            breached: replayed.breach_by(now).map(|breach| breach.at),
            lapsed: None,
        }
    }

    /// Of the time of a party. `started` is its clock from its first entry alone: the office gave that instant, and nothing moves it.
    pub fn of_party(replayed: &Replay, started: &Replay, terms: Terms<'_>, now: Timestamp) -> Self {
        let stands = stands(replayed, terms, now);
        Self {
            state: stands.stage.as_str().to_owned(),
            epoch: replayed.epoch,
            origin: replayed.origin,
            due: started.state.due(),
            settled: stands.stage.settled(),
            breached: None,
            lapsed: stands.lapsed,
        }
    }

    /// The same as time has spoken at an instant, whether or not anybody noted it: what the house owes is breached, and what a party has is over, lapsed or, where it is a
    /// minimum (`at_least`), given in full.
    #[must_use]
    pub fn by(mut self, now: Timestamp, of_party: bool, at_least: bool) -> Self {
        let Some(over) = self.due.filter(|due| self.state == Stage::Running.as_str() && *due < now) else {
            return self;
        };
        let given = Stage::Fulfilled { at: over };
        match (of_party, at_least) {
            (false, _) => self.breached = self.breached.or(Some(over)),
            (true, true) => (self.state, self.settled) = (given.as_str().to_owned(), given.settled()),
            (true, false) => (self.state, self.lapsed) = (Stage::Lapsed.as_str().to_owned(), Some(over)),
        }
        self
    }

    /// In what it differs from another telling, by the names that a clock has for it, in the order of this type.
    pub fn differs_from(&self, other: &Self) -> Vec<&'static str> {
        let differing = [
            ("state", self.state != other.state),
            ("epoch", self.epoch != other.epoch),
            ("origin_time", self.origin != other.origin),
            ("due_time", self.due != other.due),
            ("settled_time", self.settled != other.settled),
            ("breached_time", self.breached != other.breached),
            ("lapse_time", self.lapsed != other.lapsed),
        ];
        differing.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
    }
}
