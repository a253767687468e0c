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
//! * **While an affair is resolved a clock of the house's own begins nothing, and nothing is owed.** Is the resolution found not to hold, what came
//!   meanwhile holds: the customer's oldest word that nobody answered asks for the next reply from when it was said, the house's last word is what
//!   its next is counted from, and what the house met, or the customer let fall, while it was resolved stays so. What would have been due before the
//!   reopening counts from the reopening instead. A clock that waited for what starts it waits again.
//! * **What lengthens a term while it stands still, or is put off, counts when it goes on.**
//! * **A restart and a cured file begin a new run.** Runs are numbered by `epoch`; every threshold is passed once a run at most.
//! * **A displaced clock** stands still where it was displaced, breached if it was due before; reinstated, it is what it would be had it never
//!   been displaced.
//! * **A clock of the house's own** may wait for what starts it, and start again: from the customer's next word, say. Whatever it was due for before
//!   stays judged. What ends it before it ever started lets it fall away: nobody was owed anything.
//! * **A forfeit** (a promise declared broken) ends the clock and counts as a breach at the due instant, even when it was
//!   declared before.

mod fold;
mod lives;
mod moved;
mod shape;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::rule::Does;
use crate::{Calendar, Pause, Rule, Run, Term, Uncountable};

pub use fold::{STILL_TO_START, displaced_since, replay};
pub use lives::{Life, lives};
pub use moved::Move;
pub use shape::Shape;

/// When a clock warns before it falls due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Threshold {
    /// So many hundredths of the term are used up, 1 to 99.
    Share(u8),
    /// So many minutes are left, by any clock on a wall; at once where the whole run is shorter.
    Lead(u32),
}

/// A word that is no threshold's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a threshold, as `warning75` or `lead120`")]
pub struct NotAThreshold;

impl TryFrom<String> for Threshold {
    type Error = NotAThreshold;

    fn try_from(word: String) -> Result<Self, NotAThreshold> {
        Self::from_word(&word).ok_or(NotAThreshold)
    }
}

impl From<Threshold> for String {
    fn from(threshold: Threshold) -> Self {
        threshold.word()
    }
}

/// The share of a term in percent from which on what it counts is in danger.
const DANGER: u8 = 75;

impl Threshold {
    /// Whether what warns by it is in danger from then on, and its customer told: from three quarters of the term on, or by what is left.
    pub const fn is_of_danger(self) -> bool {
        self.nearness() >= DANGER
    }

    /// How near the end is when it warns, as a share of the term in percent; what warns by what is left is as near as danger.
    pub const fn nearness(self) -> u8 {
        match self {
            Self::Share(percent) => percent,
            Self::Lead(_) => DANGER,
        }
    }

    /// The word it is stored by, e.g. `warning75` or `lead120`.
    pub fn word(self) -> String {
        match self {
            Self::Share(percent) => format!("warning{percent}"),
            Self::Lead(minutes) => format!("lead{minutes}"),
        }
    }

    /// The threshold a stored word means.
    pub fn from_word(word: &str) -> Option<Self> {
        if let Some(percent) = word.strip_prefix("warning") {
            return percent.parse().ok().filter(|percent| (1..=99).contains(percent)).map(Self::Share);
        }
        word.strip_prefix("lead")?.parse().ok().filter(|minutes| *minutes > 0).map(Self::Lead)
    }
}

/// When a clock warns unless its rule says otherwise.
pub const THRESHOLDS: [Threshold; 3] = [Threshold::Share(50), Threshold::Share(75), Threshold::Share(90)];

/// What happened, as the clock needs to know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// The term starts.
    Started,
    /// Nothing is owed yet: what starts it is still to come. The first entry of a clock of the house's own.
    Awaited,
    /// What starts it came, again maybe: it counts from here, unless it counts already.
    Begun,
    /// What starts it came, and makes it go on too: it goes on where it stood still, and else is as if begun.
    TakenUp,
    /// The whole term counts again from here, whatever was left of it.
    Renewed,
    /// What starts and renews it came: the whole term counts from here, whether it counted, waited or had ended.
    BegunAnew,
    /// The obligation starts with a due instant of its own.
    StartedUntil(Timestamp),
    /// It waits on somebody else, on this ground; the rule says what that does.
    Hindered(String),
    /// The ground fell away.
    Unhindered,
    /// This ground is taken back: it is as if it had never been.
    Withdrawn(String),
    /// The obligation was met.
    Fulfilled,
    /// It was met by what the customer was told: said once, it stays said, whatever becomes of the resolution.
    MetByWord,
    /// The affair was resolved, which meets a policy of the house: nothing begins any more until that does not hold.
    Closed,
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
            Self::Awaited => "awaited",
            Self::Begun => "begun",
            Self::TakenUp => "taken_up",
            Self::Renewed => "renewed",
            Self::BegunAnew => "begun_anew",
            Self::StartedUntil(_) => "started_until",
            Self::Hindered(_) => "hindered",
            Self::Unhindered => "unhindered",
            Self::Withdrawn(_) => "withdrawn",
            Self::Fulfilled => "fulfilled",
            Self::MetByWord => "met_by_word",
            Self::Closed => "closed",
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

/// Whether a clock of these entries is told nothing new by one more: it is the same as the last at its instant. What happened once more after something else
/// did at that instant happened twice.
pub fn is_said(entries: &[Entry], entry: &Entry) -> bool {
    entries.iter().rev().find(|said| said.at == entry.at) == Some(entry)
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

/// Why a clock fell away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fall {
    /// What it was owed for was withdrawn, or is owed no more.
    Withdrawn,
    /// It was declared that it will not be met.
    Forfeited,
    /// Its rule does not govern the affair any more.
    Displaced,
    /// It was over before what starts it came.
    NeverStarted,
    /// What would meet it came before what starts it: nothing was owed, and the affair goes on.
    MetBefore,
}

/// A run whose due instant passed without fulfilment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breach {
    /// Which run.
    pub epoch: i32,
    /// Where it counted from: what it is known by, since a late entry may change the count of the runs before it.
    pub origin: Timestamp,
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
    /// Where the first run counts from; none while what starts it is still to come.
    pub first_run: Option<Timestamp>,
    /// The present run, from 1.
    pub epoch: i32,
    /// Where the present run counts from; while deferred, where it would have.
    pub origin: Timestamp,
    /// How far the present run may go.
    pub length: Length,
    /// Spans of the present run that did not count.
    pub pauses: Vec<Pause>,
    /// What lengthens it once it goes on; none while it runs.
    pub longer: Vec<Term>,
    /// State.
    pub state: State,
    /// Why it fell away, where it did.
    pub fell: Option<Fall>,
    /// Its affair is resolved, as far as a policy of the house is told.
    pub closed: bool,
    /// The resolution ended it, and nothing before or since: it is taken back with it.
    pub by_closing: bool,
    /// A word of the house met it, at any time of this run: a reopening does not take that back.
    pub by_word: bool,
    /// While its affair is resolved: since when something is asked for that it would count from, were the resolution found not to hold.
    pub asked: Option<Timestamp>,
    /// Runs that ended in a breach *before the last entry*; the present run's own is for [`Replay::breach_by`].
    pub breaches: Vec<Breach>,
}

impl Replay {
    /// The first breach of any run, as it stands at an instant.
    pub fn breach_by(&self, now: Timestamp) -> Option<Breach> {
        self.breaches.first().copied().or_else(|| self.open_breach(now))
    }

    /// Whether a run that was due at an instant is breached, as it stands at another.
    pub fn is_breached_for(&self, due: Timestamp, now: Timestamp) -> bool {
        self.breaches.iter().copied().chain(self.open_breach(now)).any(|breach| breach.at == due)
    }

    fn open_breach(&self, now: Timestamp) -> Option<Breach> {
        match self.state {
            State::Running { due } if due < now => Some(Breach { epoch: self.epoch, origin: self.origin, at: due }),
            _ => None,
        }
    }

    /// The instants at which the present run warns; none while it stands still.
    ///
    /// # Errors
    /// [`Uncountable`], as for the due instant itself.
    pub fn thresholds(&self, terms: Terms<'_>) -> Result<Vec<(Threshold, Timestamp)>, Uncountable> {
        let Some(due) = self.state.due() else { return Ok(Vec::new()) };
        let instant = |threshold: &Threshold| match *threshold {
            Threshold::Share(percent) => self.share(percent, due, terms.calendar),
            Threshold::Lead(minutes) => {
                let at = due.checked_sub(SignedDuration::from_mins(i64::from(minutes)));
                Ok(at.map_err(|_| Uncountable::OutOfRange)?.max(self.origin.min(due)))
            }
        };
        terms.rule.warnings.iter().map(|threshold| Ok((*threshold, instant(threshold)?))).collect()
    }

    /// What would lengthen the present run at `now`, and until when; nothing unless it runs, is in time, and may go on longer than it does.
    ///
    /// # Errors
    /// [`Uncountable`], as for the due instant itself.
    pub fn extensions(&self, terms: Terms<'_>, now: Timestamp) -> Result<Vec<(String, Timestamp)>, Uncountable> {
        let State::Running { due } = self.state else { return Ok(Vec::new()) };
        let mut longer = Vec::new();
        for effect in &terms.rule.effects {
            let Does::Extend { max_total } = effect.does else { continue };
            let run =
                Run { term: max_total, origin: self.origin, calendar: terms.calendar, pauses: &self.pauses }.due()?;
            if now <= due && due < run {
                longer.extend(effect.grounds.iter().map(|ground| (ground.clone(), run)));
            }
        }
        Ok(longer)
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
                let share = self.origin.checked_add(SignedDuration::from_micros(micros));
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
