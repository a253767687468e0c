//! Filters that are kept under a name.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use kernel::{Actor, Department};

use crate::{Line, Refusal, Slug, TextError};

/// Id of a view.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ViewId(Slug);

impl ViewId {
    const COLLECTION: &str = "views/";

    /// The id under which it is kept.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The view kept under this id.
    ///
    /// # Errors
    /// [`TextError`] when it is no slug.
    pub fn of(id: &str) -> Result<Self, TextError> {
        id.parse().map(Self)
    }

    /// The resource name.
    pub fn name(&self) -> String {
        format!("{}{}", Self::COLLECTION, self.as_str())
    }
}

impl FromStr for ViewId {
    type Err = ViewIdError;

    fn from_str(name: &str) -> Result<Self, ViewIdError> {
        let slug = name.strip_prefix(Self::COLLECTION).and_then(|slug| slug.parse().ok());
        slug.map(Self).ok_or(ViewIdError)
    }
}

impl fmt::Display for ViewId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why the name of a view was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a resource name of the form views/{{slug}}")]
pub struct ViewIdError;

/// A filter that is kept under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View<F> {
    /// Its id.
    pub id: ViewId,
    /// What it is called.
    pub title: Line<100>,
    /// The department it is made for; none where it is for all.
    pub department: Option<Department>,
    /// Which affairs it shows.
    pub filter: F,
    /// Who made it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl<F> View<F> {
    /// Refuses that somebody changes it who neither made it nor is a supervisor.
    ///
    /// # Errors
    /// [`Refusal::NotYourView`].
    pub fn refuse_others(&self, who: &Actor, supervises: bool) -> Result<(), Refusal> {
        if supervises || (self.by.kind, &self.by.id) == (who.kind, &who.id) {
            Ok(())
        } else {
            Err(Refusal::NotYourView)
        }
    }
}
