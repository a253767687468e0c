//! What of judging is no number: the editions of the program that rules are made for. Rules name theirs, and keep it
//! until others are brought into force, so that a release that judges otherwise changes nobody unseen.

use serde::{Deserialize, Serialize};

/// An edition of the program that judges. Another is due whenever it judges the same records by the same weights otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Edition {
    /// What equal identifiers join nothing holds apart, and a birth date lowers the score alone.
    #[default]
    #[serde(rename = "exact-1")]
    First,
    /// Between whom a contradiction stands nothing is certain: another document that holds by itself, or a birth date that
    /// no slip of the pen explains; of who shares an account another given name, too.
    #[serde(rename = "exact-2")]
    Second,
    /// Who has one person's document, and neither a name nor a birth date in common, is asked about, too: one of them has
    /// somebody else's number.
    #[serde(rename = "exact-3")]
    Third,
}

impl Edition {
    /// The edition that new rules are made for.
    pub const CURRENT: Self = Self::Third;

    const ALL: [Self; 3] = [Self::First, Self::Second, Self::Third];

    /// The word that is stored, and that marks what equal identifiers link.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "exact-1",
            Self::Second => "exact-2",
            Self::Third => "exact-3",
        }
    }

    /// The edition with this stored word.
    pub fn stored(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edition| edition.as_str() == word)
    }

    /// Whether a contradiction is stronger than what agrees.
    pub const fn heeds_contradictions(self) -> bool {
        !matches!(self, Self::First)
    }

    /// Whether names and birth dates are stronger than one document.
    pub const fn heeds_names(self) -> bool {
        matches!(self, Self::Third)
    }
}
