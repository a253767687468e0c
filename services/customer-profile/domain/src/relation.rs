//! How two customers who are not one person stand to each other.

/// What is said of one of two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationKind {
    /// They live together.
    Household,
    /// The one may speak for the other.
    Represents,
    /// The other may speak for the one.
    RepresentedBy,
}

impl RelationKind {
    /// The same relation, said of the other.
    #[must_use]
    pub const fn inverse(self) -> Self {
        match self {
            Self::Household => Self::Household,
            Self::Represents => Self::RepresentedBy,
            Self::RepresentedBy => Self::Represents,
        }
    }

    /// Whether it takes something that shows it: who speaks for another acts on their rights.
    pub const fn needs_evidence(self) -> bool {
        !matches!(self, Self::Household)
    }

    /// The word that is stored; only of what is said in one direction. [`Self::RepresentedBy`] is stored as its inverse.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Household => "household",
            Self::Represents | Self::RepresentedBy => "represents",
        }
    }

    /// What a stored word says of the first of the two.
    pub fn stored(word: &str) -> Option<Self> {
        [Self::Household, Self::Represents].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// The two in the order in which a relation is stored: who speaks for the other comes first, and of those who live together
/// the lesser id, so that both ways of saying it are one.
pub fn ordered<Id: Ord>(kind: RelationKind, one: Id, other: Id) -> (RelationKind, Id, Id) {
    let swapped = match kind {
        RelationKind::Represents => false,
        RelationKind::RepresentedBy => true,
        RelationKind::Household => other < one,
    };
    if swapped { (kind.inverse(), other, one) } else { (kind, one, other) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use RelationKind::{Household, RepresentedBy, Represents};

    #[test]
    fn a_relation_is_one_from_whichever_side_it_is_said() {
        for kind in [Household, Represents, RepresentedBy] {
            assert_eq!(ordered(kind, 1, 2), ordered(kind.inverse(), 2, 1));
            assert_eq!(kind.inverse().inverse(), kind);
            let (stored, first, second) = ordered(kind, 2, 1);
            assert_eq!(RelationKind::stored(stored.as_str()), Some(stored));
            assert_eq!([first, second].iter().sum::<i32>(), 3);
        }
        assert_eq!(ordered(RepresentedBy, 1, 2), (Represents, 2, 1));
        assert_eq!(RelationKind::stored("cousin"), None);
    }

    #[test]
    fn who_speaks_for_another_shows_by_what_right() {
        assert!(Represents.needs_evidence() && RepresentedBy.needs_evidence() && !Household.needs_evidence());
    }
}
