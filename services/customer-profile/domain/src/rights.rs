//! Why data is erased, or kept and not used: the closed lists of the General Data Protection Regulation (EU 2016/679).

/// Why data is erased (art. 17.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErasureGround {
    /// 17.1.a: no longer needed for what it was collected for.
    NoLongerNeeded,
    /// 17.1.b: the person withdrew the consent it rested on.
    ConsentWithdrawn,
    /// 17.1.c: the person objected, and nothing overrides it.
    Objection,
    /// 17.1.d: it was processed unlawfully.
    Unlawful,
    /// 17.1.e: the law demands it.
    LegalDuty,
    /// 17.1.f: it was collected from a child.
    Child,
}

impl ErasureGround {
    /// Every ground.
    pub const ALL: [Self; 6] =
        [Self::NoLongerNeeded, Self::ConsentWithdrawn, Self::Objection, Self::Unlawful, Self::LegalDuty, Self::Child];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoLongerNeeded => "no_longer_needed",
            Self::ConsentWithdrawn => "consent_withdrawn",
            Self::Objection => "objection",
            Self::Unlawful => "unlawful",
            Self::LegalDuty => "legal_duty",
            Self::Child => "child",
        }
    }

    /// The ground with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.as_str() == word)
    }
}

/// Why data is kept and not used (art. 18.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestrictionGround {
    /// 18.1.a: the person says it is not right, and that is being checked.
    AccuracyContested,
    /// 18.1.b: it was processed unlawfully, and the person does not want it erased.
    Unlawful,
    /// 18.1.c: the firm needs it no longer, and the person does, for a claim.
    NeededForClaim,
    /// 18.1.d: the person objected, and that is being weighed.
    ObjectionPending,
}

impl RestrictionGround {
    /// Every ground.
    pub const ALL: [Self; 4] = [Self::AccuracyContested, Self::Unlawful, Self::NeededForClaim, Self::ObjectionPending];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccuracyContested => "accuracy_contested",
            Self::Unlawful => "unlawful",
            Self::NeededForClaim => "needed_for_claim",
            Self::ObjectionPending => "objection_pending",
        }
    }

    /// The ground with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ground| ground.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ground_is_read_back_from_its_word() {
        assert!(ErasureGround::ALL.into_iter().all(|ground| ErasureGround::stored(ground.as_str()) == Some(ground)));
        assert!(
            RestrictionGround::ALL.into_iter().all(|ground| RestrictionGround::stored(ground.as_str()) == Some(ground))
        );
        assert_eq!(ErasureGround::stored("whim"), None);
    }
}
