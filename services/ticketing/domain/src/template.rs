//! Texts with places that are filled in from an affair.

use std::fmt;
use std::str::FromStr;

/// The places that texts of one kind have.
pub trait Place: Copy + PartialEq + 'static {
    /// Every one.
    const ALL: &'static [Self];
    /// Every one as it is written in a text, for who wrote another.
    const SPELLED: &'static str;

    /// The word it stands under between braces.
    fn as_str(self) -> &'static str;
}

/// What a place in a macro is filled in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// The key the affair is followed by.
    TrackingKey,
    /// Its subject.
    Subject,
    /// The department that works on it.
    Department,
    /// What customers are told its owner is called.
    OwnerName,
    /// When it was first presented.
    Received,
    /// By when it is to be answered.
    AnswerDue,
}

impl Place for Placeholder {
    const ALL: &'static [Self] =
        &[Self::TrackingKey, Self::Subject, Self::Department, Self::OwnerName, Self::Received, Self::AnswerDue];
    const SPELLED: &'static str = "{tracking_key}, {subject}, {department}, {owner_name}, {received}, {answer_due}";

    fn as_str(self) -> &'static str {
        match self {
            Self::TrackingKey => "tracking_key",
            Self::Subject => "subject",
            Self::Department => "department",
            Self::OwnerName => "owner_name",
            Self::Received => "received",
            Self::AnswerDue => "answer_due",
        }
    }
}

impl fmt::Display for Placeholder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a place in a notice is filled in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticePlace {
    /// The key the affair is followed by.
    TrackingKey,
    /// Its subject.
    Subject,
    /// The department that works on it.
    Department,
    /// When the promise is due.
    PromiseDue,
    /// What is promised instead.
    NewDue,
    /// Why the promise is not kept.
    Cause,
    /// What is done for the customer.
    Remedy,
    /// What they can do when a term of law is missed.
    Recourse,
}

impl Place for NoticePlace {
    const ALL: &'static [Self] = &[
        Self::TrackingKey,
        Self::Subject,
        Self::Department,
        Self::PromiseDue,
        Self::NewDue,
        Self::Cause,
        Self::Remedy,
        Self::Recourse,
    ];
    const SPELLED: &'static str =
        "{tracking_key}, {subject}, {department}, {promise_due}, {new_due}, {cause}, {remedy}, {recourse}";

    fn as_str(self) -> &'static str {
        match self {
            Self::TrackingKey => "tracking_key",
            Self::Subject => "subject",
            Self::Department => "department",
            Self::PromiseDue => "promise_due",
            Self::NewDue => "new_due",
            Self::Cause => "cause",
            Self::Remedy => "remedy",
            Self::Recourse => "recourse",
        }
    }
}

/// A text with places to fill in. `{{` and `}}` are braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template<P = Placeholder>(Vec<Piece<P>>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<P> {
    Text(String),
    Place(P),
}

/// Why a text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace that opens or closes nothing.
    #[error("has a brace by itself at character {at}; write {{{{ or }}}} for a brace")]
    Brace {
        /// From 1.
        at: usize,
    },
    /// Nothing is filled in there.
    #[error("has a placeholder that is none of {known} at character {at}")]
    Unknown {
        /// Where its brace is, from 1.
        at: usize,
        /// What there is.
        known: &'static str,
    },
}

impl<P: Place> Template<P> {
    /// The places it has, as often as it has them.
    pub fn places(&self) -> impl Iterator<Item = P> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Place(place) => Some(*place),
        })
    }

    /// How many characters it has at the most, when each place is filled in with `longest` of them at the most.
    pub fn longest(&self, longest: impl Fn(P) -> usize) -> usize {
        let length = |piece: &Piece<P>| match piece {
            Piece::Text(said) => said.chars().count(),
            Piece::Place(place) => longest(*place),
        };
        self.0.iter().map(length).fold(0, usize::saturating_add)
    }

    /// The text with everything filled in.
    ///
    /// # Errors
    /// The first placeholder that `fill` has nothing for.
    pub fn fill(&self, mut fill: impl FnMut(P) -> Option<String>) -> Result<String, P> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(said) => text.push_str(said),
                Piece::Place(place) => text.push_str(&fill(*place).ok_or(*place)?),
            }
        }
        Ok(text)
    }
}

impl<P: Place> FromStr for Template<P> {
    type Err = TemplateError;

    fn from_str(text: &str) -> Result<Self, TemplateError> {
        let (mut pieces, mut said) = (Vec::new(), String::new());
        let mut characters = text.chars().enumerate().peekable();
        while let Some((at, character)) = characters.next() {
            let at = at + 1;
            let doubled = characters.peek().is_some_and(|(_, next)| *next == character);
            match character {
                '{' | '}' if doubled => {
                    characters.next();
                    said.push(character);
                }
                '}' => return Err(TemplateError::Brace { at }),
                '{' => {
                    let mut word = String::new();
                    loop {
                        match characters.next() {
                            Some((_, '}')) => break,
                            Some((_, letter)) => word.push(letter),
                            None => return Err(TemplateError::Brace { at }),
                        }
                    }
                    let place = P::ALL.iter().copied().find(|place| place.as_str() == word);
                    pieces.push(Piece::Text(std::mem::take(&mut said)));
                    pieces.push(Piece::Place(place.ok_or(TemplateError::Unknown { at, known: P::SPELLED })?));
                }
                other => said.push(other),
            }
        }
        pieces.push(Piece::Text(said));
        Ok(Self(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled_in_and_braces_stay() {
        let template: Template = "Su asunto {tracking_key} ({{{department}}}) ñ".parse().unwrap();
        let filled = template.fill(|place| Some(format!("<{place}>")));
        assert_eq!(filled.unwrap(), "Su asunto <tracking_key> ({<department>}) ñ");
        assert_eq!("".parse::<Template>().unwrap().fill(|_| None).unwrap(), "");
    }

    #[test]
    fn what_is_not_there_is_named() {
        let template: Template = "{subject} {owner_name}".parse().unwrap();
        let found =
            template.fill(|place| (place == Placeholder::Subject).then(|| "la factura {owner_name}".to_owned()));
        assert_eq!(found, Err(Placeholder::OwnerName));
    }

    #[test]
    fn what_is_filled_in_is_not_read_for_places() {
        let template: Template = "{subject}".parse().unwrap();
        assert_eq!(template.fill(|_| Some("{tracking_key}".to_owned())).unwrap(), "{tracking_key}");
    }

    #[test]
    fn a_brace_by_itself_and_an_unknown_place_are_told_with_where_they_are() {
        assert_eq!("año {".parse::<Template>(), Err(TemplateError::Brace { at: 5 }));
        assert_eq!("a } b".parse::<Template>(), Err(TemplateError::Brace { at: 3 }));
        assert_eq!("{nombre}".parse::<Template>(), Err(TemplateError::Unknown { at: 1, known: Placeholder::SPELLED }));
        assert_eq!(
            "{{{subjects}".parse::<Template>(),
            Err(TemplateError::Unknown { at: 3, known: Placeholder::SPELLED })
        );
    }
    #[test]
    fn a_macro_has_no_places_of_a_notice() {
        assert!("{cause}".parse::<Template>().is_err());
        assert!("{cause}".parse::<Template<NoticePlace>>().is_ok());
        assert!("{owner_name}".parse::<Template<NoticePlace>>().is_err());
        let every = |spelled: &str, words: Vec<&str>| {
            assert_eq!(spelled, words.iter().map(|word| format!("{{{word}}}")).collect::<Vec<_>>().join(", "));
        };
        every(Placeholder::SPELLED, Placeholder::ALL.iter().map(|place| place.as_str()).collect());
        every(NoticePlace::SPELLED, NoticePlace::ALL.iter().map(|place| place.as_str()).collect());
    }
}
