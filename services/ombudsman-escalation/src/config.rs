//! What this service is told at start.

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

/// Settings of the ombudsman's office.
#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    /// The schema `ombudsman`, by its own role.
    pub database: postgres::Settings,
    /// The office's own key, 64 hex digits: drafts are encrypted with it. Whoever runs the database or the
    /// firm's other services must not have it.
    pub office_key: SecretString,
}

/// The office's key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("office_key must be 64 hexadecimal digits; make one with: openssl rand -hex 32")]
pub struct NotAKey;

impl Settings {
    /// The office on this database, with this key.
    pub fn new(database: postgres::Settings, office_key: &[u8; 32]) -> Self {
        Self { database, office_key: SecretString::from(hex::encode(office_key)) }
    }

    /// The bytes of the office's key.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn key(&self) -> Result<[u8; 32], NotAKey> {
        let mut key = [0; 32];
        hex::decode_to_slice(self.office_key.expose_secret(), &mut key).map_err(|_| NotAKey)?;
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_sixty_four_hexadecimal_digits() {
        let with = |key: &str| {
            let database = postgres::Settings::new("postgres://localhost/x", "ombudsman");
            Settings { database, office_key: SecretString::from(key.to_owned()) }.key()
        };
        assert_eq!(with(&"0f".repeat(32)), Ok([15; 32]));
        assert_eq!(with("0f"), Err(NotAKey));
        assert_eq!(with(&"zz".repeat(32)), Err(NotAKey));
    }
}
