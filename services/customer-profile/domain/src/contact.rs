//! What kinds of contact there are, and who may read what was said in one.

use kernel::Department;

/// What kind of contact it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContactKind {
    /// Any contact that is not of a kind below.
    Contact {
        /// Something was offered or sold to the customer in it.
        offer_made: bool,
    },
    /// Somebody who leaves, or has left, is asked why; nothing is offered, for who leaves is listened to and not talked round.
    ExitInterview {
        /// Why, in the order the customer gave it; at least one, each once.
        reasons: Vec<ExitReason>,
    },
}

/// How many reasons an exit interview has at most.
pub const MOST_EXIT_REASONS: usize = 5;

/// Why what is told is no kind of contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAContact {
    /// An exit interview that gives no reason.
    #[error("must be 1 to 5 different reasons in an exit interview")]
    Reasons,
    /// Reasons in a contact that asked for none.
    #[error("must be empty in a contact that is no exit interview")]
    NoInterview,
    /// A retention pitch.
    #[error(
        "must be false in an exit interview: who leaves is listened to and not talked round; record what was offered as a contact of its own"
    )]
    Pitch,
}

impl ContactKind {
    /// The kind that is told; every reason why it is none.
    pub fn told(is_exit_interview: bool, reasons: Vec<ExitReason>, offer_made: bool) -> Result<Self, Vec<NotAContact>> {
        let different = reasons.iter().enumerate().all(|(at, reason)| !reasons[..at].contains(reason));
        let mut wrong = Vec::new();
        if is_exit_interview {
            if !(1..=MOST_EXIT_REASONS).contains(&reasons.len()) || !different {
                wrong.push(NotAContact::Reasons);
            }
            if offer_made {
                wrong.push(NotAContact::Pitch);
            }
        } else if !reasons.is_empty() {
            wrong.push(NotAContact::NoInterview);
        }
        match (wrong.is_empty(), is_exit_interview) {
            (false, _) => Err(wrong),
            (true, true) => Ok(Self::ExitInterview { reasons }),
            (true, false) => Ok(Self::Contact { offer_made }),
        }
    }

    /// Why the customer leaves; empty when nobody asked.
    pub fn exit_reasons(&self) -> &[ExitReason] {
        match self {
            Self::ExitInterview { reasons } => reasons,
            Self::Contact { .. } => &[],
        }
    }

    /// Whether something was offered or sold in it.
    pub const fn offer_made(&self) -> bool {
        matches!(self, Self::Contact { offer_made: true })
    }
}

/// Why a customer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExitReason {
    /// It costs too much.
    Price,
    /// The service or the product was not good enough.
    Quality,
    /// A complaint or a fault was not solved.
    Unsolved,
    /// Something was promised and not kept.
    BrokenPromise,
    /// How people were treated.
    Treatment,
    /// Invoices were wrong or not understood.
    Billing,
    /// Somebody else offers more.
    BetterOffer,
    /// It is not needed any more.
    NoNeed,
    /// The customer goes where it is not offered.
    Moved,
    /// Something else.
    Other,
}

impl ExitReason {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::Price,
        Self::Quality,
        Self::Unsolved,
        Self::BrokenPromise,
        Self::Treatment,
        Self::Billing,
        Self::BetterOffer,
        Self::NoNeed,
        Self::Moved,
        Self::Other,
    ];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Quality => "quality",
            Self::Unsolved => "unsolved",
            Self::BrokenPromise => "broken_promise",
            Self::Treatment => "treatment",
            Self::Billing => "billing",
            Self::BetterOffer => "better_offer",
            Self::NoNeed => "no_need",
            Self::Moved => "moved",
            Self::Other => "other",
        }
    }

    /// The reason with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// Who may read what was said in a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Discretion {
    /// Whoever serves the customer.
    Open,
    /// The department that had the contact, and who is trusted.
    Department,
    /// Who is trusted alone.
    Sealed,
}

impl Discretion {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Open, Self::Department, Self::Sealed];

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Department => "department",
            Self::Sealed => "sealed",
        }
    }

    /// The class with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == word)
    }

    /// Whether somebody of a department, or of none, may read what was said in a contact that `had_by` had.
    pub fn lets_read(self, had_by: &Department, reader: Option<&Department>, trusted: bool) -> bool {
        match self {
            Self::Open => true,
            Self::Department => trusted || reader == Some(had_by),
            Self::Sealed => trusted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_interview_has_reasons_and_no_offer_and_everything_wrong_is_said() {
        use ExitReason::{Price, Treatment};
        let interview = ContactKind::told(true, vec![Treatment, Price], false).unwrap();
        assert_eq!((interview.exit_reasons(), interview.offer_made()), (&[Treatment, Price][..], false));
        assert!(ContactKind::told(false, vec![], true).unwrap().offer_made());
        assert_eq!(ContactKind::told(true, vec![], true), Err(vec![NotAContact::Reasons, NotAContact::Pitch]));
        assert_eq!(ContactKind::told(true, vec![Price, Price], false), Err(vec![NotAContact::Reasons]));
        assert_eq!(ContactKind::told(true, ExitReason::ALL[..6].to_vec(), false), Err(vec![NotAContact::Reasons]));
        assert_eq!(ContactKind::told(false, vec![Price], false), Err(vec![NotAContact::NoInterview]));
    }

    #[test]
    fn words_are_kept_from_who_has_no_part_in_them() {
        let [billing, sales]: [Department; 2] = ["billing", "sales"].map(|slug| slug.parse().unwrap());
        let readers = [(Some(&billing), false), (Some(&sales), false), (None, false), (Some(&sales), true)];
        let reads = |class: Discretion| readers.map(|(reader, trusted)| class.lets_read(&billing, reader, trusted));
        assert_eq!(reads(Discretion::Open), [true; 4]);
        assert_eq!(reads(Discretion::Department), [true, false, false, true]);
        assert_eq!(reads(Discretion::Sealed), [false, false, false, true]);
    }

    #[test]
    fn every_word_is_read_back() {
        assert!(ExitReason::ALL.into_iter().all(|reason| ExitReason::stored(reason.as_str()) == Some(reason)));
        assert!(Discretion::ALL.into_iter().all(|class| Discretion::stored(class.as_str()) == Some(class)));
        assert_eq!((ExitReason::stored("weather"), Discretion::stored("secret")), (None, None));
    }
}
