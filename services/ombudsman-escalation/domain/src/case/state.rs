//! The states of a case and what belongs to each.

use jiff::Timestamp;
use kernel::{Department, Personal};

use crate::admissibility::Repetition;
use crate::vocabulary::{BoundBy, Ground, Stage};

/// A refusal that was proposed to the claimant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The ground.
    pub ground: Ground,
    /// Reasons given.
    pub reasons: Personal<String>,
    /// When it was proposed: what the claimant sent before answers nothing of it. `None` from before that was kept.
    pub proposed_at: Option<Timestamp>,
    /// What it repeats, where that is the ground. `None` from before that was kept.
    pub repeats: Option<Repetition>,
    /// Until when the claimant may answer.
    pub allegations_due: Timestamp,
    /// When the answer arrived.
    pub allegations_at: Option<Timestamp>,
}

impl Proposal {
    /// The same, answered by what reached the office then; itself where that came before it was proposed, or it was answered.
    pub fn answered(self, reached_at: Timestamp) -> Self {
        let answers = self.proposed_at.is_none_or(|proposed| proposed <= reached_at);
        Self { allegations_at: self.allegations_at.or(answers.then_some(reached_at)), ..self }
    }
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
    /// The firm must do as decided.
    Binding {
        /// Until when the firm could speak.
        statement_due: Timestamp,
        /// Since when and why.
        bound: Bound,
    },
    /// Nobody must do as decided.
    NotBinding {
        /// Until when the firm could speak.
        statement_due: Timestamp,
    },
    /// Orders run.
    Compliance {
        /// Until when the firm could speak.
        statement_due: Timestamp,
        /// Since when it binds and why.
        bound: Bound,
    },
    /// Every order was carried out.
    Complied {
        /// Until when the firm could speak.
        statement_due: Timestamp,
        /// Since when it binds and why.
        bound: Bound,
    },
    /// An order was not carried out in time.
    Overdue {
        /// Until when the firm could speak.
        statement_due: Timestamp,
        /// Since when it binds and why.
        bound: Bound,
    },
    /// That was reported.
    Reported {
        /// Until when the firm could speak.
        statement_due: Timestamp,
        /// Since when it binds and why.
        bound: Bound,
    },
    /// Over.
    Closed {
        /// Where it stood when it was closed.
        after: Stage,
        /// Until when the firm could speak; `None` where it was never asked.
        statement_due: Option<Timestamp>,
    },
    /// The claimant stopped.
    Withdrawn {
        /// Until when the firm could speak; `None` where the case was not admitted yet.
        statement_due: Option<Timestamp>,
    },
    /// The office goes on by itself: what it finds is for the firm, and nothing is decided on the claim.
    OwnInitiative {
        /// Until when the firm could speak.
        statement_due: Timestamp,
        /// Since when.
        since: Timestamp,
    },
    /// The firm gave in.
    Rectified {
        /// The entry of the dossier that proves it.
        proof: u64,
    },
    /// Another is competent.
    ForwardedInternally {
        /// Who, as the claimant was told.
        signpost: String,
        /// When.
        forwarded_at: Timestamp,
    },
    /// The office abstains while other proceedings run.
    Stayed {
        /// Until when the firm may speak, had it gone on; `None` where the case was not admitted yet.
        statement_due: Option<Timestamp>,
        /// Where it goes on.
        from: Stage,
        /// Since when.
        since: Timestamp,
    },
    /// An offer of the firm.
    Conciliation {
        /// Until when the firm could speak.
        statement_due: Timestamp,
        /// The offer.
        offer: Offer,
    },
    /// The claimant accepted.
    Settled {
        /// Until when the firm could speak.
        statement_due: Timestamp,
        /// What was offered.
        offer: Offer,
        /// When it was accepted.
        settled_at: Timestamp,
    },
}

/// An offer of the firm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// Its entry in the dossier.
    pub entry: u64,
    /// When it was made.
    pub offered_at: Timestamp,
    /// When the claimant was told, and the time this gives.
    pub told: Option<Told>,
    /// What is left to be done once it is accepted; `None` where nothing is.
    pub promise: Option<Promise>,
}

/// That the firm has to do something once its offer is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// Who of the firm does it.
    pub debtor: Department,
    /// Within how many calendar days.
    pub days: i64,
}

/// That the claimant was told an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// Before this nobody may accept.
    pub reflect_until: Timestamp,
    /// Until when it may be accepted.
    pub open_until: Timestamp,
}

/// That a decision binds the firm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub by: BoundBy,
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
            Self::Withdrawn { .. } => Stage::Withdrawn,
            Self::Rectified { .. } => Stage::Rectified,
            Self::ForwardedInternally { .. } => Stage::ForwardedInternally,
            Self::Stayed { .. } => Stage::Stayed,
            Self::Conciliation { .. } => Stage::Conciliation,
            Self::Settled { .. } => Stage::Settled,
            Self::OwnInitiative { .. } => Stage::OwnInitiative,
            Self::Binding { .. } => Stage::Binding,
            Self::NotBinding { .. } => Stage::NotBinding,
            Self::Compliance { .. } => Stage::Compliance,
            Self::Complied { .. } => Stage::Complied,
            Self::Overdue { .. } => Stage::Overdue,
            Self::Reported { .. } => Stage::Reported,
        }
    }

    /// Whether the claim was decided.
    pub const fn is_decided(&self) -> bool {
        match self {
            Self::Closed { after, .. } => after.is_decided(),
            state => state.stage().is_decided(),
        }
    }

    /// Since when the decision binds the firm, and why; `None` where it does not.
    pub const fn bound(&self) -> Option<Bound> {
        match self {
            Self::Binding { bound, .. }
            | Self::Compliance { bound, .. }
            | Self::Complied { bound, .. }
            | Self::Overdue { bound, .. }
            | Self::Reported { bound, .. } => Some(*bound),
            _ => None,
        }
    }

    /// The offer that is before the claimant, or was accepted.
    pub const fn offer(&self) -> Option<&Offer> {
        match self {
            Self::Conciliation { offer, .. } | Self::Settled { offer, .. } => Some(offer),
            _ => None,
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
            | Self::Binding { statement_due, .. }
            | Self::NotBinding { statement_due }
            | Self::Compliance { statement_due, .. }
            | Self::Complied { statement_due, .. }
            | Self::Overdue { statement_due, .. }
            | Self::Reported { statement_due, .. }
            | Self::OwnInitiative { statement_due, .. }
            | Self::Conciliation { statement_due, .. }
            | Self::Settled { statement_due, .. } => Some(*statement_due),
            Self::Closed { statement_due, .. }
            | Self::Withdrawn { statement_due }
            | Self::Stayed { statement_due, .. } => *statement_due,
            _ => None,
        }
    }
}
