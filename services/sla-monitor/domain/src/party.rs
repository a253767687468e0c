//! Time that a party to a case has for something: to complete the complaint, to answer, to accept.
//!
//! The office says from when to when, since it is the office that told the party; the count of the rule proves it where both agree. Nobody owes
//! anything: time that is not used lapses, and is a breach of nobody. A minimum to think is given when it is over, and nothing lapses.

use jiff::{SignedDuration, Timestamp};

use crate::clock::{Happening, Terms};
use crate::{Replay, Run, State};

/// How the time of a party stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It may still be used.
    Running,
    /// It was used, in time or late; or, of a minimum to think, it was given in full.
    Fulfilled {
        /// When.
        at: Timestamp,
    },
    /// What it was for is over, before the time was.
    FellAway {
        /// When.
        at: Timestamp,
    },
    /// It is over, unused.
    Lapsed,
}

impl Stage {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Fulfilled { .. } => "fulfilled",
            Self::FellAway { .. } => "cancelled",
            Self::Lapsed => "lapsed",
        }
    }

    /// When it ended; `None` while it runs, and once it lapsed.
    pub const fn settled(self) -> Option<Timestamp> {
        match self {
            Self::Fulfilled { at } | Self::FellAway { at } => Some(at),
            Self::Running | Self::Lapsed => None,
        }
    }
}

/// How the time of a party stands, and when it lapsed where it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stands {
    /// How it stands.
    pub stage: Stage,
    /// The last instant at which it would have been used in time; it stays where the party acted later.
    pub lapsed: Option<Timestamp>,
}

/// What starts the time of a party that was given at `at` and is over from the instant `over_at` on: the term of the rule, where counting it leads
/// there, and else the instant itself.
pub fn given(terms: Terms<'_>, at: Timestamp, over_at: Timestamp) -> Happening {
    let last = over_at.checked_sub(SignedDuration::from_micros(1)).unwrap_or(over_at);
    let counted = terms.rule.term.and_then(|term| {
        let run = Run { term, origin: at, calendar: terms.calendar, pauses: &[] };
        run.due().ok()
    });
    if counted == Some(last) { Happening::Started } else { Happening::StartedUntil(last) }
}

/// How the time of a party stands at an instant.
pub fn stands(replayed: &Replay, terms: Terms<'_>, now: Timestamp) -> Stands {
    let over = replayed.breach_by(now).map(|breach| breach.at);
    if let (true, Some(at)) = (terms.rule.at_least, over) {
        return Stands { stage: Stage::Fulfilled { at }, lapsed: None };
    }
    let stage = match (&replayed.state, over) {
        (State::Fulfilled { at, .. }, _) => Stage::Fulfilled { at: *at },
        (_, Some(_)) => Stage::Lapsed,
        (State::Cancelled { at }, None) => Stage::FellAway { at: *at },
        (State::Running { .. } | State::Paused { .. } | State::Scheduled { .. }, None) => Stage::Running,
    };
    Stands { stage, lapsed: over }
}
