//! Typed ids and the resource names they travel as (AIP-122: `tickets/{id}`).

use uuid::Uuid;

/// A UUID that names one kind of thing.
pub trait ResourceId: Copy + Eq + std::hash::Hash + Ord + std::fmt::Debug + Send + Sync + 'static {
    /// The collection the resource name starts with, e.g. `tickets`.
    const COLLECTION: &'static str;

    /// The id around a UUID.
    fn from_uuid(uuid: Uuid) -> Self;

    /// The UUID inside.
    fn uuid(self) -> Uuid;

    /// The resource name, e.g. `tickets/018f…`.
    fn name(self) -> String {
        format!("{}/{}", Self::COLLECTION, self.uuid().as_hyphenated())
    }

    /// Parses a resource name.
    ///
    /// # Errors
    /// [`IdError`] when the collection is another one or the id is no hyphenated UUID.
    fn parse(name: &str) -> Result<Self, IdError> {
        let id = name
            .strip_prefix(Self::COLLECTION)
            .and_then(|rest| rest.strip_prefix('/'))
            .ok_or(IdError::Collection { expected: Self::COLLECTION })?;
        // Only the hyphenated form: the same thing must not have several names.
        if id.len() != 36 {
            return Err(IdError::Uuid { expected: Self::COLLECTION });
        }
        Uuid::try_parse(id).map(Self::from_uuid).map_err(|_| IdError::Uuid { expected: Self::COLLECTION })
    }
}

/// Why a resource name was not understood. Holds no part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Another collection, or none.
    #[error("must be a resource name of the form {expected}/{{uuid}}")]
    Collection {
        /// The collection that belongs here.
        expected: &'static str,
    },
    /// The collection fits, the id does not.
    #[error("the part after {expected}/ must be a UUID in its hyphenated form")]
    Uuid {
        /// The collection that belongs here.
        expected: &'static str,
    },
}

/// Declares a typed id: `typed_id!(/// One affair. TicketId, "tickets");`
#[macro_export]
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $collection:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name($crate::Uuid);

        impl $crate::ResourceId for $name {
            const COLLECTION: &'static str = $collection;
            fn from_uuid(uuid: $crate::Uuid) -> Self {
                Self(uuid)
            }
            fn uuid(self) -> $crate::Uuid {
                self.0
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!($collection, "/{}"), self.0.as_hyphenated())
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self, f)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    typed_id!(
        /// For this test.
        ThingId,
        "things"
    );

    #[test]
    fn a_name_is_read_back_as_the_id_that_wrote_it() {
        let id = ThingId::from_uuid(Uuid::from_u128(42));
        assert_eq!(ThingId::parse(&id.name()), Ok(id));
    }

    #[test]
    fn refuses_another_collection_and_another_spelling() {
        let simple = format!("things/{}", Uuid::from_u128(42).simple());
        assert!(matches!(ThingId::parse("others/x"), Err(IdError::Collection { .. })));
        assert!(matches!(ThingId::parse("things"), Err(IdError::Collection { .. })));
        assert!(matches!(ThingId::parse("things/x"), Err(IdError::Uuid { .. })));
        assert!(matches!(ThingId::parse(&simple), Err(IdError::Uuid { .. })));
    }
}
