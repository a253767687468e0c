//! Calls, and what an abandoned one counts as.

use super::{Figure, Parameter, Published};
use crate::quantile::Durations;

/// What calls that the caller abandoned count as. The law says what share of calls is answered and does not say whether a call that was given
/// up is among them. A call that the house hung up is never an open question: it was not answered, however long it had waited (art. 8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Abandoned {
    /// Not answered if it had waited three minutes or more; given up earlier, it is neither, for the house could still have met its term.
    #[default]
    AfterTheTerm,
    /// Not answered, however early it was given up.
    Always,
}

impl Abandoned {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AfterTheTerm => "after_the_term",
            Self::Always => "always",
        }
    }

    /// What a stored word means.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::AfterTheTerm, Self::Always].into_iter().find(|reading| reading.as_str() == word)
    }
}

/// How calls ended, by how long each had waited, in microseconds. Days and lines add up by [`Calls::merge`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calls {
    /// Answered by somebody, or something, to whom the reason of the call can be told.
    pub answered: Durations,
    /// Given up by the caller.
    pub abandoned: Durations,
    /// Hung up by the house.
    pub hung_up: Durations,
}

/// The figure of calls answered, with the abandoned calls on which it depends.
#[derive(Debug, Clone, PartialEq)]
pub struct CallsAnswered {
    /// The figure.
    pub parameter: Parameter,
    /// What abandoned calls counted as.
    pub reading: Abandoned,
    /// Abandoned calls that counted as not answered.
    pub abandoned_counted: u64,
    /// Abandoned calls that counted as neither.
    pub abandoned_apart: u64,
    /// Calls that the house hung up, which counted as not answered.
    pub hung_up: u64,
}

impl Calls {
    /// Adds what was counted elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.answered.merge(&other.answered);
        self.abandoned.merge(&other.abandoned);
        self.hung_up.merge(&other.hung_up);
    }

    /// The share of calls answered in less time than law asks, of a full count.
    pub fn answered_in_time(&self, law: &'static Published, reading: Abandoned) -> Option<CallsAnswered> {
        let abandoned_apart = match reading {
            Abandoned::AfterTheTerm => self.abandoned.below(law.limit(Figure::CallsAnswered)),
            Abandoned::Always => 0,
        };
        let abandoned_counted = self.abandoned.count().saturating_sub(abandoned_apart);
        let hung_up = self.hung_up.count();
        let never = abandoned_counted.saturating_add(hung_up);
        let parameter = Parameter::durations(law, Figure::CallsAnswered, None, &self.answered, never, None)?;
        Some(CallsAnswered { parameter, reading, abandoned_counted, abandoned_apart, hung_up })
    }
}
