//! What happens to an affair, and what each rule makes of it.
//!
//! The history of an affair is kept beside those of its clocks, so that a clock that is started late (the affair is filed as something else, or
//! was split off another) is the clock it would have been from the first receipt on.

use jiff::Timestamp;

use crate::clock::{Entry, Happening};
use crate::rule::{Ends, Rule};

/// What happened to an affair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// It waits on somebody, on this ground.
    Waits(String),
    /// Work on it was taken up again.
    Works,
    /// The customer was written or spoken to.
    Answered,
    /// It was resolved, or refused with reasons.
    Resolved,
    /// The customer withdrew it.
    Cancelled,
    /// The resolution did not hold.
    Reopened,
}

impl Event {
    /// The word that is stored.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Waits(_) => "waits",
            Self::Works => "works",
            Self::Answered => "answered",
            Self::Resolved => "resolved",
            Self::Cancelled => "cancelled",
            Self::Reopened => "reopened",
        }
    }

    /// On what ground it waits; empty for every other event.
    pub fn ground(&self) -> &str {
        match self {
            Self::Waits(ground) => ground,
            _ => "",
        }
    }

    /// The event a stored word means, on this ground.
    pub fn from_word(word: &str, ground: String) -> Option<Self> {
        Some(match word {
            "waits" => Self::Waits(ground),
            "works" => Self::Works,
            "answered" => Self::Answered,
            "resolved" => Self::Resolved,
            "cancelled" => Self::Cancelled,
            "reopened" => Self::Reopened,
            _ => return None,
        })
    }

    /// What it is to a clock of this rule; `None` when the rule says nothing about it.
    pub fn to_clock_of(&self, rule: &Rule) -> Option<Happening> {
        let answers_all = matches!(rule.ends, Ends::Resolved | Ends::FirstAnswer | Ends::Decision);
        match self {
            // Waiting moves a clock only where its rule names the reason as a ground.
            Self::Waits(ground) => rule.effect_of(ground).map(|_| Happening::Hindered(ground.clone())),
            Self::Works => Some(Happening::Unhindered),
            Self::Answered => (rule.ends == Ends::FirstAnswer).then_some(Happening::Fulfilled),
            Self::Resolved => answers_all.then_some(Happening::Fulfilled),
            Self::Cancelled => Some(Happening::Cancelled),
            Self::Reopened => answers_all.then_some(Happening::Reopened),
        }
    }
}

/// An event and when it happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When, in the world.
    pub at: Timestamp,
    /// What.
    pub event: Event,
}

/// What this history is to a clock of this rule, without what the clock knows already.
pub fn unknown_to(rule: &Rule, history: &[Happened], known: &[Entry]) -> Vec<Entry> {
    let entry = |happened: &Happened| Some(Entry { at: happened.at, what: happened.event.to_clock_of(rule)? });
    history.iter().filter_map(entry).filter(|entry| !known.contains(entry)).collect()
}
