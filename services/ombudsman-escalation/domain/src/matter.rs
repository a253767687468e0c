//! What a case is about, as the office counts it: its motive, what is claimed in money, the language of the claimant.

use std::fmt;
use std::str::FromStr;

use kernel::Language;

/// The largest amount of one point or claim, in minor units: what fifty of them make can be added up.
pub const LARGEST: i64 = 1_000_000_000_000;

/// An amount of money above nothing, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    minor: i64,
    currency: String,
}

/// What no amount is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAmount {
    /// Not a currency.
    #[error("must be three capital letters of ISO 4217")]
    Currency,
    /// Too little or too much.
    #[error("must be 1 to {LARGEST}")]
    Size,
}

impl Amount {
    /// So much of a currency.
    ///
    /// # Errors
    /// [`NotAnAmount`].
    pub fn new(minor: i64, currency: &str) -> Result<Self, NotAnAmount> {
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(NotAnAmount::Currency);
        }
        if !(1..=LARGEST).contains(&minor) {
            return Err(NotAnAmount::Size);
        }
        Ok(Self { minor, currency: currency.to_owned() })
    }

    /// An amount that was added up, as it is stored.
    pub fn stored(minor: i64, currency: String) -> Self {
        Self { minor, currency }
    }

    /// How much, in minor units.
    pub const fn minor(&self) -> i64 {
        self.minor
    }

    /// Decimals of its currency (ISO 4217): two, but where it has none or three.
    pub fn decimals(&self) -> u32 {
        match self.currency.as_str() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            _ => 2,
        }
    }

    /// Of what.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// All of these together, which are of one currency.
    pub fn sum<'a>(amounts: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        amounts.into_iter().fold(None, |sum: Option<Self>, amount| match sum {
            None => Some(amount.clone()),
            Some(sum) => Some(Self { minor: sum.minor.saturating_add(amount.minor), ..sum }),
        })
    }
}

/// Slug of why people complain, e.g. `billing`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Motive(String);

/// What no motive is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a slug: lower case letters, digits and hyphens, 64 at most, no hyphen first")]
pub struct NotAMotive;

impl FromStr for Motive {
    type Err = NotAMotive;

    fn from_str(text: &str) -> Result<Self, NotAMotive> {
        let slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(slug) && !text.starts_with('-') {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAMotive)
        }
    }
}

impl Motive {
    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Motive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a case is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// Why the claimant complains; `None` while nobody said it.
    pub motive: Option<Motive>,
    /// Language of the claimant.
    pub language: Language,
    /// What is asked for in money.
    pub claimed: Option<Amount>,
}
