//! Promises: who promised what, when it falls due, and how it ended.

use jiff::Timestamp;
use kernel::{Actor, Channel};

use crate::{Cause, ClockId, PromiseId, PromiseStanding, PromiseText, Refusal};

/// What is promised.
#[derive(Debug, Clone)]
pub struct PromiseDraft {
    /// In the words used.
    pub text: PromiseText,
    /// When it falls due.
    pub due: Timestamp,
    /// By which channel it was made.
    pub channel: Channel,
    /// The promise it takes the place of.
    pub replaces: Option<PromiseId>,
}

/// One promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Its id.
    pub id: PromiseId,
    /// In the words used.
    pub text: PromiseText,
    /// When it falls due.
    pub due: Timestamp,
    /// By which channel it was made.
    pub channel: Channel,
    /// The promise it takes the place of.
    pub replaces: Option<PromiseId>,
    /// Who promised.
    pub by: Actor,
    /// When it was made, in the world.
    pub made: Timestamp,
    /// Where it stands.
    pub state: PromiseState,
}

/// Where a promise stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PromiseState {
    /// Given, not yet due.
    Made,
    /// Its clock has warned.
    AtRisk {
        /// When.
        since: Timestamp,
        /// The clock.
        clock: ClockId,
    },
    /// Kept in time.
    Kept {
        /// When.
        at: Timestamp,
    },
    /// Replaced by another.
    Renegotiated {
        /// When.
        at: Timestamp,
    },
    /// Not kept, and the customer was told in time.
    BrokenAnnounced {
        /// When it was told.
        at: Timestamp,
        /// What the customer was told.
        cause: Cause,
    },
    /// Not kept, and nobody told the customer.
    BrokenSilent {
        /// When that was noted.
        at: Timestamp,
        /// What is known of why.
        cause: Option<Cause>,
    },
}

/// How a promise is said to have ended.
#[derive(Debug, Clone)]
pub enum Settlement {
    /// Kept.
    Kept,
    /// The customer was told that it will be broken.
    Announced {
        /// Why, in words for the customer.
        cause: Cause,
    },
    /// It was broken and nobody told the customer.
    Silent {
        /// What is known of why.
        cause: Option<Cause>,
    },
}

impl PromiseState {
    /// The state without its data.
    pub const fn standing(&self) -> PromiseStanding {
        match self {
            Self::Made => PromiseStanding::Made,
            Self::AtRisk { .. } => PromiseStanding::AtRisk,
            Self::Kept { .. } => PromiseStanding::Kept,
            Self::Renegotiated { .. } => PromiseStanding::Renegotiated,
            Self::BrokenAnnounced { .. } => PromiseStanding::BrokenAnnounced,
            Self::BrokenSilent { .. } => PromiseStanding::BrokenSilent,
        }
    }

    /// When it ended.
    pub const fn settled(&self) -> Option<Timestamp> {
        match self {
            Self::Made | Self::AtRisk { .. } => None,
            Self::Kept { at }
            | Self::Renegotiated { at }
            | Self::BrokenAnnounced { at, .. }
            | Self::BrokenSilent { at, .. } => Some(*at),
        }
    }

    /// Why it was broken.
    pub const fn cause(&self) -> Option<&Cause> {
        match self {
            Self::BrokenAnnounced { cause, .. } => Some(cause),
            Self::BrokenSilent { cause, .. } => cause.as_ref(),
            _ => None,
        }
    }
}

impl Promise {
    /// A promise made at `at`. That it is due later than that is checked where requests are parsed.
    pub fn make(draft: PromiseDraft, id: PromiseId, by: Actor, at: Timestamp) -> Self {
        let PromiseDraft { text, due, channel, replaces } = draft;
        Self { id, text, due, channel, replaces, by, made: at, state: PromiseState::Made }
    }

    /// Says how it ended.
    ///
    /// # Errors
    /// [`Refusal`] when it has ended, or when the time of day contradicts what is said.
    pub fn settle(mut self, settlement: Settlement, at: Timestamp) -> Result<Self, Refusal> {
        self.refuse_if_over()?;
        self.state = match settlement {
            Settlement::Kept => {
                self.refuse_if_past_due(at)?;
                PromiseState::Kept { at }
            }
            Settlement::Announced { cause } => {
                self.refuse_if_past_due(at)?;
                PromiseState::BrokenAnnounced { at, cause }
            }
            Settlement::Silent { .. } if at < self.due => return Err(Refusal::PromiseNotDue { due: self.due }),
            Settlement::Silent { cause } => PromiseState::BrokenSilent { at, cause },
        };
        Ok(self)
    }

    /// Gives way to another promise.
    ///
    /// # Errors
    /// [`Refusal`] when it has ended or is past due: what is broken cannot be bargained away.
    pub fn renegotiate(mut self, at: Timestamp) -> Result<Self, Refusal> {
        self.refuse_if_over()?;
        self.refuse_if_past_due(at)?;
        self.state = PromiseState::Renegotiated { at };
        Ok(self)
    }

    /// Notes that its clock has warned; `None` when it had warned before or the promise has ended.
    pub fn warn(mut self, clock: ClockId, since: Timestamp) -> Option<Self> {
        if self.state != PromiseState::Made {
            return None;
        }
        self.state = PromiseState::AtRisk { since, clock };
        Some(self)
    }

    fn refuse_if_over(&self) -> Result<(), Refusal> {
        match self.state {
            PromiseState::Made | PromiseState::AtRisk { .. } => Ok(()),
            _ => Err(Refusal::PromiseOver { state: self.state.standing() }),
        }
    }

    fn refuse_if_past_due(&self, at: Timestamp) -> Result<(), Refusal> {
        if at > self.due { Err(Refusal::PromisePastDue { due: self.due }) } else { Ok(()) }
    }
}
