//! Names of sets: they say what each is made for, so that no two can be made for the same affairs.

use std::fmt;
use std::str::FromStr;

use crate::{Filing, Slug, TicketType};

/// A set of characteristics: of a type, or of a type about one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct CharacteristicSetId {
    ticket_type: TicketType,
    topic: Option<String>,
}

/// Why a name is none of a set. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be characteristicSets/{{type}} or characteristicSets/{{type}}-{{topic}}, e.g. characteristicSets/reclamacion-billing"
)]
pub struct CharacteristicSetIdError;

const COLLECTION: &str = "characteristicSets/";

impl CharacteristicSetId {
    /// Of the sets that may be made for such affairs, the closest first.
    pub fn for_filing(filing: &Filing) -> Vec<Self> {
        let ticket_type = filing.ticket_type;
        let closest = filing.topic.as_ref().map(|topic| Self { ticket_type, topic: Some(topic.as_str().to_owned()) });
        closest.into_iter().chain([Self { ticket_type, topic: None }]).collect()
    }

    /// The id behind the collection, as it is stored.
    ///
    /// # Errors
    /// [`CharacteristicSetIdError`].
    pub fn of(id: &str) -> Result<Self, CharacteristicSetIdError> {
        // No type has a hyphen: the first one ends it.
        let (kind, topic) = id.split_once('-').map_or((id, None), |(kind, topic)| (kind, Some(topic)));
        let ticket_type = TicketType::from_word(kind).ok_or(CharacteristicSetIdError)?;
        if topic.is_some_and(|topic| topic.parse::<Slug>().is_err()) {
            return Err(CharacteristicSetIdError);
        }
        Ok(Self { ticket_type, topic: topic.map(str::to_owned) })
    }

    /// The type of affairs it is made for.
    pub const fn ticket_type(&self) -> TicketType {
        self.ticket_type
    }

    /// What they are about; anything where none is said.
    pub fn topic(&self) -> Option<&str> {
        self.topic.as_deref()
    }

    /// Its name.
    pub fn name(&self) -> String {
        format!("{COLLECTION}{self}")
    }
}

impl FromStr for CharacteristicSetId {
    type Err = CharacteristicSetIdError;

    fn from_str(name: &str) -> Result<Self, CharacteristicSetIdError> {
        name.strip_prefix(COLLECTION).ok_or(CharacteristicSetIdError).and_then(Self::of)
    }
}

impl fmt::Display for CharacteristicSetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.topic {
            Some(topic) => write!(f, "{}-{topic}", self.ticket_type),
            None => write!(f, "{}", self.ticket_type),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_it_is_made_for() {
        let id: CharacteristicSetId = "characteristicSets/reclamacion-second-line".parse().unwrap();
        assert_eq!((id.ticket_type(), id.topic()), (TicketType::Reclamacion, Some("second-line")));
        assert_eq!(id.name(), "characteristicSets/reclamacion-second-line");
        let of_all: CharacteristicSetId = "characteristicSets/baja".parse().unwrap();
        assert_eq!((of_all.ticket_type(), of_all.topic()), (TicketType::Baja, None));
        for bad in [
            "",
            "reclamacion",
            "characteristicSets/",
            "characteristicSets/x",
            "characteristicSets/baja-",
            "characteristicSets/baja-A",
        ] {
            assert_eq!(bad.parse::<CharacteristicSetId>(), Err(CharacteristicSetIdError), "{bad:?}");
        }
    }

    #[test]
    fn no_type_has_the_hyphen_that_ends_it() {
        assert!(TicketType::ALL.iter().all(|kind| !kind.as_str().contains('-')));
    }
}
