//! The states of a case and what belongs to each.

use jiff::Timestamp;
use kernel::Personal;

use crate::vocabulary::{Ground, Stage};

/// A refusal that was proposed to the claimant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The ground.
    pub ground: Ground,
    /// Reasons given.
    pub reasons: Personal<String>,
    /// Until when the claimant may answer.
    pub allegations_due: Timestamp,
    /// When the answer arrived.
    pub allegations_at: Option<Timestamp>,
}

/// Where a case stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Arrived; nobody looked at it yet.
    Received,
    /// In the registry.
    Registered,
    /// The claimant was asked to complete it.
    NeedsCure {
        /// Until when.
        due: Timestamp,
    },
    /// Not completed in time.
    ArchivedUncured {
        /// Reasons given.
        reasons: Personal<String>,
        /// Where the claimant may turn.
        signpost: String,
        /// When.
        refused_at: Timestamp,
    },
    /// A refusal was proposed.
    InadmissibleProposed(Proposal),
    /// Refused.
    Inadmissible {
        /// What was proposed, with the final reasons.
        proposal: Proposal,
        /// Where the claimant may turn.
        signpost: String,
        /// When.
        refused_at: Timestamp,
    },
    /// Admitted; the firm's time runs.
    Admitted {
        /// Until when the firm may state its position.
        statement_due: Timestamp,
    },
    /// The firm stated its position.
    EntityAllegations {
        /// Until when it may add to it.
        statement_due: Timestamp,
    },
    /// Under investigation.
    Investigation {
        /// Until when the firm could speak.
        statement_due: Timestamp,
    },
    /// A draft exists.
    Drafted {
        /// Until when the firm could speak.
        statement_due: Timestamp,
    },
    /// Decided.
    Decided {
        /// Until when the firm could speak.
        statement_due: Timestamp,
    },
    /// The parties were told.
    Notified {
        /// Until when the firm could speak.
        statement_due: Timestamp,
    },
    /// Over.
    Closed {
        /// Until when the firm could speak.
        statement_due: Timestamp,
    },
    /// The claimant stopped.
    Withdrawn,
    /// The firm gave in.
    Rectified,
}

impl State {
    /// The stage it is.
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Received => Stage::Received,
            Self::Registered => Stage::Registered,
            Self::NeedsCure { .. } => Stage::NeedsCure,
            Self::ArchivedUncured { .. } => Stage::ArchivedUncured,
            Self::InadmissibleProposed(_) => Stage::InadmissibleProposed,
            Self::Inadmissible { .. } => Stage::Inadmissible,
            Self::Admitted { .. } => Stage::Admitted,
            Self::EntityAllegations { .. } => Stage::EntityAllegations,
            Self::Investigation { .. } => Stage::Investigation,
            Self::Drafted { .. } => Stage::Drafted,
            Self::Decided { .. } => Stage::Decided,
            Self::Notified { .. } => Stage::Notified,
            Self::Closed { .. } => Stage::Closed,
            Self::Withdrawn => Stage::Withdrawn,
            Self::Rectified => Stage::Rectified,
        }
    }

    /// The refusal, proposed or final, if the state holds one.
    pub const fn proposal(&self) -> Option<&Proposal> {
        match self {
            Self::InadmissibleProposed(proposal) | Self::Inadmissible { proposal, .. } => Some(proposal),
            _ => None,
        }
    }

    /// Until when the firm may, or could, state its position.
    pub const fn statement_due(&self) -> Option<Timestamp> {
        match self {
            Self::Admitted { statement_due }
            | Self::EntityAllegations { statement_due }
            | Self::Investigation { statement_due }
            | Self::Drafted { statement_due }
            | Self::Decided { statement_due }
            | Self::Notified { statement_due }
            | Self::Closed { statement_due } => Some(*statement_due),
            _ => None,
        }
    }
}
