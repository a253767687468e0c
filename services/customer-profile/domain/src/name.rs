//! Names, and when two of them count as equal.

use kernel::Personal;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A person's or an organisation's name, as its source has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonName {
    /// In parts; at least one is not empty.
    Parts {
        /// Given name or names.
        given: Personal<String>,
        /// First surname.
        first_surname: Personal<String>,
        /// Second surname.
        second_surname: Personal<String>,
    },
    /// In one field.
    Whole(Personal<String>),
}

/// Why a name was refused. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Both forms.
    #[error("must have either the parts or full_name, not both")]
    TwoForms,
    /// Nothing.
    #[error("must have at least one part, or full_name")]
    Empty,
    /// Longer than a name.
    #[error("must have at most 200 characters in each part")]
    TooLong,
    /// Control characters.
    #[error("must have no control characters")]
    Control,
}

impl PersonName {
    /// A name from its four fields.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with them.
    pub fn new(given: &str, first_surname: &str, second_surname: &str, full: &str) -> Result<Self, NameError> {
        let fields = [given, first_surname, second_surname, full].map(str::trim);
        if fields.iter().any(|f| f.chars().count() > 200) {
            return Err(NameError::TooLong);
        }
        if fields.iter().any(|f| f.chars().any(char::is_control)) {
            return Err(NameError::Control);
        }
        let [given, first, second, full] = fields.map(|f| Personal::new(f.to_owned()));
        let parts = [&given, &first, &second].iter().any(|f| !f.expose().is_empty());
        match (parts, !full.expose().is_empty()) {
            (true, true) => Err(NameError::TwoForms),
            (false, false) => Err(NameError::Empty),
            (true, false) => Ok(Self::Parts { given, first_surname: first, second_surname: second }),
            (false, true) => Ok(Self::Whole(full)),
        }
    }

    /// What equal names have in common; `None` for a single word, which tells nobody from another.
    pub fn key(&self) -> Option<NameKey> {
        let text = match self {
            Self::Parts { given, first_surname, second_surname } => {
                format!("{} {} {}", given.expose(), first_surname.expose(), second_surname.expose())
            }
            Self::Whole(full) => match full.expose().split_once(',') {
                Some((surnames, given)) => format!("{given} {surnames}"),
                None => full.expose().clone(),
            },
        };
        let words = words(&text);
        (words.len() >= 2).then(|| NameKey(words.join(" ").into()))
    }

    /// Whether two names are one, in whatever spelling.
    pub fn is_like(&self, other: &Self) -> bool {
        self == other || self.key().is_some_and(|key| Some(key) == other.key())
    }
}

/// The words of a text, without accents, case and punctuation.
pub(crate) fn words(text: &str) -> Vec<String> {
    let folded: String = text
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    folded.split_whitespace().map(str::to_owned).collect()
}

/// A name without accents, case, punctuation and field borders: `María García-López` and
/// `GARCIA LOPEZ, MARIA` have the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Personal<String>);

impl NameKey {
    /// A key that was stored.
    pub fn stored(text: String) -> Self {
        Self(text.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        self.0.expose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(text: &str) -> Option<String> {
        PersonName::new("", "", "", text).unwrap().key().map(|k| k.as_str().to_owned())
    }

    #[test]
    fn spellings_of_one_name_are_equal() {
        let parts = PersonName::new("María del Mar", "García", "Núñez", "").unwrap();
        let expected = Some("maria del mar garcia nunez".to_owned());
        assert_eq!(parts.key().map(|k| k.as_str().to_owned()), expected);
        for text in
            ["GARCÍA NÚÑEZ, MARÍA DEL MAR", "  Maria  del Mar Garcia-Nuñez", "Mari\u{301}a del Mar García Núñez"]
        {
            assert_eq!(whole(text), expected, "{text:?}");
        }
        assert_ne!(whole("María del Mar García"), expected);
    }

    #[test]
    fn one_word_is_no_evidence() {
        assert_eq!(whole("María"), None);
        assert_eq!(whole("---"), None);
    }

    #[test]
    fn a_name_has_one_form_and_is_not_empty() {
        assert_eq!(PersonName::new("Ana", "", "", "Ana"), Err(NameError::TwoForms));
        assert_eq!(PersonName::new(" ", "", "", ""), Err(NameError::Empty));
        assert_eq!(PersonName::new("A\u{0}", "", "", ""), Err(NameError::Control));
        assert_eq!(PersonName::new(&"a".repeat(201), "", "", ""), Err(NameError::TooLong));
    }
}
