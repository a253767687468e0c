//! Ids of this service's things, and of the neighbours' things it refers to.

use std::fmt;
use std::str::FromStr;

use kernel::{IdError, ResourceId, Uuid, typed_id};

use crate::{Slug, TextError};

typed_id!(
    /// One affair.
    TicketId,
    "tickets"
);
typed_id!(
    /// A customer, kept by customer-profile.
    CustomerId,
    "customers"
);
typed_id!(
    /// A contact, kept by customer-profile.
    InteractionId,
    "interactions"
);
typed_id!(
    /// A case of the ombudsman's office.
    CaseId,
    "cases"
);
typed_id!(
    /// What happened to many customers at once.
    IncidentId,
    "incidents"
);
typed_id!(
    /// A clock of sla-monitor.
    ClockId,
    "clocks"
);

/// Why a nested resource name was not understood. Holds no part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NestedIdError {
    /// The shape is another one.
    #[error("must be a resource name of the form tickets/{{uuid}}/{collection}/{{uuid}}")]
    Shape {
        /// The collection that belongs here.
        collection: &'static str,
    },
    /// The shape fits, one of the ids does not.
    #[error(transparent)]
    Id(#[from] IdError),
}

macro_rules! nested {
    ($(#[$doc:meta])* $name:ident, $collection:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name {
            /// The ticket it belongs to.
            pub ticket: TicketId,
            /// Its own id.
            pub id: Uuid,
        }

        impl $name {
            /// The resource name.
            pub fn name(self) -> String {
                format!(concat!("{}/", $collection, "/{}"), self.ticket.name(), self.id.as_hyphenated())
            }

            /// Parses a resource name.
            ///
            /// # Errors
            /// [`NestedIdError`] when the shape is another one or an id is no hyphenated UUID.
            pub fn parse(name: &str) -> Result<Self, NestedIdError> {
                let shape = NestedIdError::Shape { collection: $collection };
                let (ticket, id) = name.rsplit_once(concat!("/", $collection, "/")).ok_or(shape)?;
                let ticket = TicketId::parse(ticket)?;
                if id.len() != 36 {
                    return Err(shape);
                }
                Uuid::try_parse(id).map(|id| Self { ticket, id }).map_err(|_| shape)
            }
        }
    };
}

nested!(
    /// A message of a ticket.
    MessageId,
    "messages"
);
nested!(
    /// A request to complete a ticket.
    CureId,
    "cures"
);
nested!(
    /// What a ticket is to another.
    LinkId,
    "links"
);
nested!(
    /// What the customer of a ticket is given.
    RedressId,
    "redresses"
);
nested!(
    /// A promise of a ticket.
    PromiseId,
    "promises"
);

nested!(
    /// What the customer of a ticket is told before a promise is broken.
    NoticeId,
    "notices"
);

/// Why the name of what is named by people was not understood. Holds no part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a resource name of the form {collection}/{{slug}}")]
pub struct SlugIdError {
    /// The collection that belongs here.
    collection: &'static str,
}

/// The id of what is named by people: a slug.
pub trait SlugId: Sized + Clone + fmt::Display {
    /// What is kept under this id.
    ///
    /// # Errors
    /// [`TextError`] when it is no slug.
    fn of(id: &str) -> Result<Self, TextError>;

    /// The id under which it is kept.
    fn as_str(&self) -> &str;

    /// The resource name.
    fn name(&self) -> String;
}

macro_rules! named_by_people {
    ($(#[$doc:meta])* $name:ident, $collection:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name(Slug);

        impl SlugId for $name {
            fn of(id: &str) -> Result<Self, TextError> {
                id.parse().map(Self)
            }

            fn as_str(&self) -> &str {
                self.0.as_str()
            }

            fn name(&self) -> String {
                format!(concat!($collection, "/{}"), self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = SlugIdError;

            fn from_str(name: &str) -> Result<Self, SlugIdError> {
                let slug = name.strip_prefix(concat!($collection, "/")).and_then(|slug| slug.parse().ok());
                slug.map(Self).ok_or(SlugIdError { collection: $collection })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named_by_people!(
    /// A department, as it is named to people.
    DepartmentId,
    "departments"
);
named_by_people!(
    /// A process map.
    ProcessId,
    "processes"
);
named_by_people!(
    /// A filter that is kept under a name.
    ViewId,
    "views"
);

named_by_people!(
    /// What is said and done often, kept under a name.
    MacroId,
    "macros"
);

named_by_people!(
    /// Something that brings affairs about.
    RootCauseId,
    "causes"
);
named_by_people!(
    /// Something that customers are given.
    RedressItemId,
    "redressItems"
);
named_by_people!(
    /// The answer to a question.
    ArticleId,
    "articles"
);

named_by_people!(
    /// What customers are told before a promise is broken.
    NoticeTemplateId,
    "noticeTemplates"
);

/// The survey of a ticket: there is one, so it needs no id of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SurveyId(TicketId);

impl SurveyId {
    const COLLECTION: &str = "/survey";

    /// The survey of this ticket.
    pub const fn of(ticket: TicketId) -> Self {
        Self(ticket)
    }

    /// The ticket it is about.
    pub const fn ticket(self) -> TicketId {
        self.0
    }

    /// The resource name.
    pub fn name(self) -> String {
        self.0.name() + Self::COLLECTION
    }

    /// Parses a resource name.
    ///
    /// # Errors
    /// [`SurveyIdError`] when the shape is another one or the id is no hyphenated UUID.
    pub fn parse(name: &str) -> Result<Self, SurveyIdError> {
        let ticket = name.strip_suffix(Self::COLLECTION).ok_or(SurveyIdError::Shape)?;
        Ok(Self(TicketId::parse(ticket)?))
    }
}

/// Why the name of a survey was not understood. Holds no part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SurveyIdError {
    /// The shape is another one.
    #[error("must be a resource name of the form tickets/{{uuid}}/survey")]
    Shape,
    /// The shape fits, the id does not.
    #[error(transparent)]
    Id(#[from] IdError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_name_is_read_back() {
        let id = PromiseId { ticket: TicketId::from_uuid(Uuid::from_u128(1)), id: Uuid::from_u128(2) };
        assert_eq!(PromiseId::parse(&id.name()), Ok(id));
    }

    #[test]
    fn refuses_another_shape() {
        for bad in ["", "promises/x", "tickets/x/promises/y", &format!("tickets/{}", Uuid::nil())] {
            assert!(PromiseId::parse(bad).is_err(), "{bad}");
        }
    }
}
