//! The clock: a pure replay of what happened, under one rule and one calendar.
//!
//! `replay` takes the entries in any order and sorts them by when they happened, so that a late entry gives the same clock as
//! one in time. Rules that it follows:
//!
//! * **A breach is decided by instants.** A run whose due instant passed without fulfilment at or before it was breached *at*
//!   the due instant, whoever looked and whenever. An entry that arrives later and shows fulfilment in time undoes it, because
//!   nothing was breached.
//! * **What happens at the due instant is in time.**
//! * **A reopening at or before the due instant withdraws the fulfilment**: the run goes on with the same origin and the same
//!   due instant, so that an early empty answer gains no time. **A reopening after it begins a new run** from that instant with
//!   the whole term: the verdict of the run before stands.
//! * **A restart and a cured file begin a new run.** Runs are numbered by `epoch`; every threshold is passed once a run at most.
//! * **A displaced clock** stands still where it was displaced, breached if it was due before; reinstated, it is what it would be had it never
//!   been displaced.
//! * **A forfeit** (a promise declared broken) ends the clock and counts as a breach at the due instant, even when it was
//!   declared before.

mod fold;
mod moved;

use jiff::Timestamp;

use crate::{Calendar, Pause, Rule, Run, Term, Uncountable};

pub use fold::{is_displaced, replay};
pub use moved::Move;

/// Shares of a term at which a clock warns, in percent.
pub const THRESHOLDS: [u8; 3] = [50, 75, 90];

/// What happened, as the clock needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// The term starts.
    Started,
    /// The obligation starts with a due instant of its own.
    StartedUntil(Timestamp),
    /// It waits on somebody else, on this ground; the rule says what that does.
    Hindered(String),
    /// The ground fell away.
    Unhindered,
    /// The obligation was met.
    Fulfilled,
    /// It fell away.
    Cancelled,
    /// It will not be met any more.
    Forfeited,
    /// The fulfilment did not hold.
    Reopened,
    /// Its rule does not govern the affair any more: it is filed under another law.
    Displaced,
    /// Its rule governs the affair after all, as if it always had.
    Reinstated,
}

impl Happening {
    /// The word that is stored.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::StartedUntil(_) => "started_until",
            Self::Hindered(_) => "hindered",
            Self::Unhindered => "unhindered",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::Forfeited => "forfeited",
            Self::Reopened => "reopened",
            Self::Displaced => "displaced",
            Self::Reinstated => "reinstated",
        }
    }
}

/// One entry of a clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it happened in the world.
    pub at: Timestamp,
    /// What happened.
    pub what: Happening,
}

/// State of a clock, with what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// The start is put off until the ground falls away.
    Scheduled {
        /// Ground.
        ground: String,
        /// Since when.
        since: Timestamp,
    },
    /// Time counts.
    Running {
        /// The last instant in time.
        due: Timestamp,
    },
    /// Time stands still.
    Paused {
        /// Ground.
        ground: String,
        /// Since when.
        since: Timestamp,
    },
    /// Met, in time or late.
    Fulfilled {
        /// When.
        at: Timestamp,
        /// The last instant in time.
        due: Timestamp,
    },
    /// Fell away, or will not be met.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

impl State {
    /// The word that is stored.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Scheduled { .. } => "scheduled",
            Self::Running { .. } => "running",
            Self::Paused { .. } => "paused",
            Self::Fulfilled { .. } => "fulfilled",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// The last instant in time, where there is one.
    pub const fn due(&self) -> Option<Timestamp> {
        match self {
            Self::Running { due } | Self::Fulfilled { due, .. } => Some(*due),
            Self::Scheduled { .. } | Self::Paused { .. } | Self::Cancelled { .. } => None,
        }
    }

    /// When it ended, where it has.
    pub const fn settled(&self) -> Option<Timestamp> {
        match self {
            Self::Fulfilled { at, .. } | Self::Cancelled { at } => Some(*at),
            Self::Scheduled { .. } | Self::Running { .. } | Self::Paused { .. } => None,
        }
    }
}

/// A run whose due instant passed without fulfilment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// Which run.
    pub epoch: i32,
    /// Its due instant.
    pub at: Timestamp,
}

/// How far the present run may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// A term of the rule, extended or not.
    Term(Term),
    /// An instant that was fixed from the start.
    Until(Timestamp),
}

/// A clock as its entries make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The first start, which never moves.
    pub first_origin: Timestamp,
    /// The present run, from 1.
    pub epoch: i32,
    /// Where the present run counts from; while deferred, where it would have.
    pub origin: Timestamp,
    /// How far the present run may go.
    pub length: Length,
    /// Spans of the present run that did not count.
    pub pauses: Vec<Pause>,
    /// State.
    pub state: State,
    /// Runs that ended in a breach *before the last entry*; the present run's own is for [`Replay::breach_by`].
    pub breaches: Vec<Breach>,
}

impl Replay {
    /// The first breach of any run, as it stands at an instant.
    pub fn breach_by(&self, now: Timestamp) -> Option<Breach> {
        let open = match self.state {
            State::Running { due } if due < now => Some(Breach { epoch: self.epoch, at: due }),
            _ => None,
        };
        self.breaches.first().copied().or(open)
    }

    /// The instants at which shares of the present run are used up; none while it stands still.
    ///
    /// # Errors
    /// [`Uncountable`], as for the due instant itself.
    pub fn thresholds(&self, calendar: &Calendar) -> Result<Vec<(u8, Timestamp)>, Uncountable> {
        let Some(due) = self.state.due() else { return Ok(Vec::new()) };
        THRESHOLDS.into_iter().map(|percent| Ok((percent, self.share(percent, due, calendar)?))).collect()
    }

    fn share(&self, percent: u8, due: Timestamp, calendar: &Calendar) -> Result<Timestamp, Uncountable> {
        match self.length {
            Length::Term(term) => {
                let run = Run { term, origin: self.origin, calendar, pauses: &self.pauses };
                Ok(run.share(percent)?.min(due))
            }
            Length::Until(until) => {
                // A promise for an instant already past warns at once.
                let whole = until.duration_since(self.origin).as_micros().max(0) * i128::from(percent) / 100;
                let micros = i64::try_from(whole).map_err(|_| Uncountable::OutOfRange)?;
                let share = self.origin.checked_add(jiff::SignedDuration::from_micros(micros));
                share.map_err(|_| Uncountable::OutOfRange)
            }
        }
    }
}

/// The rule a clock runs under and the calendar it counts on.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// The calendar.
    pub calendar: &'a Calendar,
}

/// Why entries make no clock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreplayable {
    /// The first of them does not start it.
    #[error("the first entry of a clock starts it")]
    NeverStarted,
    /// The rule has no term to count, and no due instant was given.
    #[error("the rule {0} has no term to count")]
    NoTerm(String),
    /// The due instant cannot be computed.
    #[error(transparent)]
    Uncountable(#[from] Uncountable),
}
