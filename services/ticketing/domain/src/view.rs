//! Filters that are kept under a name.

use jiff::Timestamp;
use kernel::{Actor, Department};

use crate::{Line, Refusal, ViewId};

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
