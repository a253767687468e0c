//! Texts with their limits. What people write is personal and does not print.

use std::fmt;
use std::str::FromStr;

use kernel::{Department, Personal};

/// What a person wrote: trimmed, `MIN` to `MAX` characters, no control characters but line breaks and tabs.
#[derive(Clone, PartialEq, Eq)]
pub struct Text<const MIN: usize, const MAX: usize>(Personal<String>);

/// Subject line.
pub type Subject = Text<1, 200>;
/// Text of a claim point.
pub type PointText = Text<1, 2_000>;
/// Answer to a claim point, and the resolution of a ticket.
pub type Answer = Text<1, 10_000>;
/// Body of a message.
pub type Body = Text<1, 20_000>;
/// What was promised.
pub type PromiseText = Text<1, 500>;
/// What a customer said of how an affair was handled.
pub type Verbatim = Text<1, 2_000>;
/// What a customer is asked to send.
pub type Missing = Text<1, 2_000>;
/// What happened to many customers at once, in one line that they may read.
pub type Title = Text<1, 200>;
/// What everybody affected is told.
pub type Told = Text<1, 2_000>;
/// Words that affairs are looked for by.
pub type Query = Text<1, 200>;
/// Why a promise was broken.
pub type Cause = Text<1, 2_000>;
/// Id of an affair in the system it comes from.
pub type ExternalId = Text<1, 200>;
/// Where a rejected customer can turn to. Shorter than a sentence, it points nowhere.
pub type Signpost = Text<20, 2_000>;

/// Why a text was refused. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Too short or too long.
    #[error("must have {min} to {max} characters")]
    Length {
        /// Fewest.
        min: usize,
        /// Most.
        max: usize,
    },
    /// A character that no keyboard writes.
    #[error("must not have control characters other than line breaks and tabs")]
    Control,
    /// A line that is more than one.
    #[error("must be one line without control characters")]
    ControlInLine,
    /// Not a machine word.
    #[error("must be a word of 1 to 63 characters of a-z, 0-9 and underscores, starting with a letter")]
    Word,
    /// Not a slug.
    #[error("must be 1 to 63 characters of a-z, 0-9 and inner hyphens, starting with a letter")]
    Slug,
    /// Not an opaque id.
    #[error("must be an opaque id of 1 to 200 visible ascii characters without spaces")]
    Owner,
}

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// The text itself. Never log or trace it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl<const MIN: usize, const MAX: usize> FromStr for Text<MIN, MAX> {
    type Err = TextError;

    fn from_str(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
            return Err(TextError::Control);
        }
        if !(MIN..=MAX).contains(&text.chars().count()) {
            return Err(TextError::Length { min: MIN, max: MAX });
        }
        Ok(Self(Personal::new(text.to_owned())))
    }
}

impl<const MIN: usize, const MAX: usize> fmt::Debug for Text<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

macro_rules! token {
    ($(#[$doc:meta])* $name:ident, $error:expr, $fits:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = TextError;

            fn from_str(text: &str) -> Result<Self, TextError> {
                let fits: fn(&str) -> bool = $fits;
                if fits(text) { Ok(Self(text.to_owned())) } else { Err($error) }
            }
        }
    };
}

token!(
    /// A machine-readable reason, e.g. `documents_missing`.
    Word,
    TextError::Word,
    |text| (1..=63).contains(&text.len())
        && text.as_bytes()[0].is_ascii_lowercase()
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
);
token!(
    /// A sector or topic, spelled like a department.
    Slug,
    TextError::Slug,
    |text| text.parse::<Department>().is_ok()
);
token!(
    /// Opaque id of a person who owns a ticket.
    Owner,
    TextError::Owner,
    |text| (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_and_not_bytes() {
        assert!("ñ".repeat(200).parse::<Subject>().is_ok());
        assert_eq!("ñ".repeat(201).parse::<Subject>(), Err(TextError::Length { min: 1, max: 200 }));
        assert_eq!("  \n ".parse::<Subject>(), Err(TextError::Length { min: 1, max: 200 }));
        assert_eq!("a\u{0}b".parse::<Subject>(), Err(TextError::Control));
    }

    #[test]
    fn a_text_does_not_print_itself() {
        assert_eq!(format!("{:?}", "me llamo Ana".parse::<Subject>().unwrap()), "[personal]");
    }

    #[test]
    fn a_reason_is_one_word() {
        assert!("documents_missing".parse::<Word>().is_ok());
        for bad in ["", "Documents", "a b", "1a", "_a"] {
            assert_eq!(bad.parse::<Word>(), Err(TextError::Word), "{bad}");
        }
    }
}
