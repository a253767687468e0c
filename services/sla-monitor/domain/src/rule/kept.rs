//! The form a rule that ships is kept in: all that it says, with the readings it was under.

use super::Rule;
use crate::data::DataError;

impl Rule {
    /// The whole of a rule that ships as a text that stands alone, its version aside; [`Rule::parse`] reads it back.
    ///
    /// # Errors
    /// [`DataError`] where it cannot be written down, which is the case of none that was read from a file.
    pub fn text(&self) -> Result<String, DataError> {
        toml::to_string(self).map_err(|error| DataError::new(&self.id, &error.to_string()))
    }

    /// Reads a rule that was kept under a version.
    ///
    /// # Errors
    /// [`DataError`] says what is wrong with it, or what a newer release says in it that this one does not know.
    pub fn parse(text: &str, version: i32) -> Result<Self, DataError> {
        let read: Self =
            toml::from_str(text).map_err(|error| DataError::new("a rule that is kept", error.message()))?;
        Ok(Self { version, ..read })
    }
}
