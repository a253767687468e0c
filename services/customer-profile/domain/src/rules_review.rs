//! A look at what other rules of matching would change: how far it is, and what may be decided when.

/// How far a review is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewState {
    /// Records are being compared.
    Comparing,
    /// Every record was compared: somebody decides.
    Ready,
    /// The rules are in force, and records are being judged by them.
    Applying,
    /// Every record was judged by the rules.
    Applied,
    /// The rules are not to be.
    Dropped,
}

/// What somebody decides about a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewDecision {
    /// The rules come into force.
    Apply,
    /// They do not.
    Drop,
}

impl ReviewState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Comparing, Self::Ready, Self::Applying, Self::Applied, Self::Dropped];

    /// The word that is stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Comparing => "comparing",
            Self::Ready => "ready",
            Self::Applying => "applying",
            Self::Applied => "applied",
            Self::Dropped => "dropped",
        }
    }

    /// The state with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Where the decision leads to; `None` where it cannot be made. What would change must have been seen whole before rules
    /// come into force, and not before they are dropped.
    pub const fn decided(self, decision: ReviewDecision) -> Option<Self> {
        match (self, decision) {
            (Self::Ready, ReviewDecision::Apply) => Some(Self::Applying),
            (Self::Comparing | Self::Ready, ReviewDecision::Drop) => Some(Self::Dropped),
            _ => None,
        }
    }
}

/// What rules would change of two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeKind {
    /// A link would be asserted.
    Assert,
    /// A link would be revoked.
    Revoke,
    /// They would be proposed to a steward.
    Propose,
    /// Their proposal would be withdrawn.
    Withdraw,
}

/// What a link that would change rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ChangeBasis {
    /// An identifier that both records carry.
    Identifier,
    /// The score of comparing them.
    Score,
}

impl ChangeBasis {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "identifier",
            Self::Score => "score",
        }
    }

    /// The basis with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        [Self::Identifier, Self::Score].into_iter().find(|basis| basis.as_str() == word)
    }
}

impl ChangeKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Assert, Self::Revoke, Self::Propose, Self::Withdraw];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assert => "assert",
            Self::Revoke => "revoke",
            Self::Propose => "propose",
            Self::Withdraw => "withdraw",
        }
    }

    /// The kind with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_into_force_once_all_was_seen_and_are_dropped_before_they_do() {
        use ReviewDecision::{Apply, Drop};
        use ReviewState::{Applied, Applying, Comparing, Dropped, Ready};
        let may = |decision| ReviewState::ALL.map(|state| state.decided(decision));
        assert_eq!(may(Apply), [None, Some(Applying), None, None, None]);
        assert_eq!(may(Drop), [Some(Dropped), Some(Dropped), None, None, None]);
        assert!([Comparing, Ready, Applying, Applied, Dropped] == ReviewState::ALL);
    }

    #[test]
    fn every_word_is_read_back() {
        assert!(ReviewState::ALL.into_iter().all(|state| ReviewState::stored(state.as_str()) == Some(state)));
        assert!(ChangeKind::ALL.into_iter().all(|kind| ChangeKind::stored(kind.as_str()) == Some(kind)));
        assert_eq!((ReviewState::stored("gone"), ChangeKind::stored("")), (None, None));
    }
}
