//! Where an affair stands, with exactly the data of that state.

use jiff::Timestamp;

use crate::{Answer, CloseReason, OpenCure, Signpost, Standing, Ticket, Word};

/// The state of a ticket (TMF621).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Received, receipt given, nobody works on it yet.
    Acknowledged {
        /// Since when, in the world.
        since: Timestamp,
    },
    /// Somebody works on it.
    InProgress {
        /// Since when.
        since: Timestamp,
        /// Why work goes on; none when it just began.
        reason: Option<Word>,
    },
    /// Waits for the customer.
    Pending {
        /// Since when.
        since: Timestamp,
        /// For what.
        awaiting: Word,
        /// The request to complete the affair, where that is what it waits for.
        cure: Option<OpenCure>,
    },
    /// Waits for the firm or a third party; the customer's clocks go on.
    Held {
        /// Since when.
        since: Timestamp,
        /// For what.
        awaiting: Word,
    },
    /// Answered on every point, or never completed by the customer; the customer may object.
    Resolved {
        /// Since when.
        since: Timestamp,
        /// Why, where it was not by answering every point.
        reason: Option<Word>,
        /// How.
        resolution: Answer,
    },
    /// Over.
    Closed {
        /// Since when.
        since: Timestamp,
        /// How it had been resolved.
        resolution: Answer,
        /// Why it is over.
        reason: CloseReason,
    },
    /// Not taken up.
    Rejected {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: Word,
        /// Where the customer can turn to.
        signpost: Signpost,
    },
    /// Withdrawn by the customer.
    Cancelled {
        /// Since when.
        since: Timestamp,
        /// Why.
        reason: Word,
    },
}

impl State {
    /// The state without its data.
    pub const fn standing(&self) -> Standing {
        match self {
            Self::Acknowledged { .. } => Standing::Acknowledged,
            Self::InProgress { .. } => Standing::InProgress,
            Self::Pending { .. } => Standing::Pending,
            Self::Held { .. } => Standing::Held,
            Self::Resolved { .. } => Standing::Resolved,
            Self::Closed { .. } => Standing::Closed,
            Self::Rejected { .. } => Standing::Rejected,
            Self::Cancelled { .. } => Standing::Cancelled,
        }
    }

    /// Since when.
    pub const fn since(&self) -> Timestamp {
        match self {
            Self::Acknowledged { since }
            | Self::InProgress { since, .. }
            | Self::Pending { since, .. }
            | Self::Held { since, .. }
            | Self::Resolved { since, .. }
            | Self::Closed { since, .. }
            | Self::Rejected { since, .. }
            | Self::Cancelled { since, .. } => *since,
        }
    }

    /// The same state of an affair that is answered with this one, entered at `at`. The request to complete the affair stays with the one it
    /// was made in.
    pub(crate) fn entered_with_head(self, at: Timestamp) -> Self {
        match self {
            Self::Acknowledged { .. } => Self::Acknowledged { since: at },
            Self::InProgress { reason, .. } => Self::InProgress { since: at, reason },
            Self::Pending { awaiting, .. } => Self::Pending { since: at, awaiting, cure: None },
            Self::Held { awaiting, .. } => Self::Held { since: at, awaiting },
            Self::Resolved { reason, resolution, .. } => Self::Resolved { since: at, reason, resolution },
            Self::Closed { resolution, reason, .. } => Self::Closed { since: at, resolution, reason },
            Self::Rejected { reason, signpost, .. } => Self::Rejected { since: at, reason, signpost },
            Self::Cancelled { reason, .. } => Self::Cancelled { since: at, reason },
        }
    }

    /// The machine-readable reason it was entered with.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Acknowledged { .. } => None,
            Self::InProgress { reason, .. } | Self::Resolved { reason, .. } => reason.as_ref().map(Word::as_str),
            Self::Pending { awaiting, .. } | Self::Held { awaiting, .. } => Some(awaiting.as_str()),
            Self::Closed { reason, .. } => Some(reason.as_str()),
            Self::Rejected { reason, .. } | Self::Cancelled { reason, .. } => Some(reason.as_str()),
        }
    }

    /// Whether the customer has an answer: not where the affair ended because they did not complete it.
    pub fn is_answered(&self) -> bool {
        match self {
            Self::Resolved { reason, .. } => {
                reason.as_ref().is_none_or(|reason| reason.as_str() != Ticket::CURE_LAPSED)
            }
            Self::Closed { .. } => true,
            _ => false,
        }
    }

    /// How it was resolved, where the state knows.
    pub const fn resolution(&self) -> Option<&Answer> {
        match self {
            Self::Resolved { resolution, .. } | Self::Closed { resolution, .. } => Some(resolution),
            _ => None,
        }
    }

    /// The request to complete the affair that runs, where one does.
    pub const fn cure(&self) -> Option<OpenCure> {
        match self {
            Self::Pending { cure, .. } => *cure,
            _ => None,
        }
    }

    /// Where the customer can turn to, where the state knows.
    pub const fn signpost(&self) -> Option<&Signpost> {
        match self {
            Self::Rejected { signpost, .. } => Some(signpost),
            _ => None,
        }
    }
}
