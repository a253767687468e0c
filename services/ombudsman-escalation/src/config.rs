//! What this service is told at start.

use jiff::SignedDuration;
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
    /// Keys that were in use before, 64 hex digits each, apart by spaces or commas: what was closed under them can still be
    /// read, and claimants' codes that were told under them still open their cases. One is taken away once `GetDraftKeys` tells of no draft under it.
    #[serde(default = "none")]
    pub former_office_keys: SecretString,
    /// Ids of keys that are lost for good, apart by spaces or commas. The office starts only when it has the key of every draft,
    /// or is told here that it will never have it.
    #[serde(default)]
    pub lost_draft_keys: String,
    /// Days after its end during which a case may still be claimed about, and so is not erased (GDPR art. 17.3.e).
    #[serde(default = "keep_ended_days")]
    pub keep_ended_days: u16,
    /// Whether the office is a body accredited under Ley 7/2017: only then is anything heard under `es.adr`. A defender paid by one firm is none.
    #[serde(default)]
    pub accredited: bool,
    /// What the office is called on the documents that it hands out.
    #[serde(default = "office_name")]
    pub office_name: String,
}

fn office_name() -> String {
    "Defensor de la Clientela".to_owned()
}

fn none() -> SecretString {
    SecretString::from(String::new())
}

/// Five years: the term of personal actions (Código Civil, art. 1964.2), and what the yearly reports are kept for.
fn keep_ended_days() -> u16 {
    1_827
}

/// The office's key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "office_key, and each of former_office_keys, must be 64 hexadecimal digits; make one with: openssl rand -hex 32"
)]
pub struct NotAKey;

impl Settings {
    /// The office on this database, with this key.
    pub fn new(database: postgres::Settings, office_key: &[u8; 32]) -> Self {
        let office_key = SecretString::from(hex::encode(office_key));
        Self {
            database,
            office_key,
            former_office_keys: none(),
            lost_draft_keys: String::new(),
            keep_ended_days: keep_ended_days(),
            accredited: false,
            office_name: office_name(),
        }
    }

    /// The same, with keys that were in use before.
    #[must_use]
    pub fn with_former_keys(self, former: &[[u8; 32]]) -> Self {
        let former: Vec<String> = former.iter().map(hex::encode).collect();
        Self { former_office_keys: SecretString::from(former.join(" ")), ..self }
    }

    pub(crate) fn keep_ended(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.keep_ended_days))
    }

    /// The bytes of the office's key.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn key(&self) -> Result<[u8; 32], NotAKey> {
        key_of(self.office_key.expose_secret())
    }

    /// The bytes of the keys that were in use before.
    ///
    /// # Errors
    /// [`NotAKey`].
    pub fn former_keys(&self) -> Result<Vec<[u8; 32]>, NotAKey> {
        words(self.former_office_keys.expose_secret()).map(key_of).collect()
    }

    /// Ids of keys that are lost for good.
    pub(crate) fn lost_keys(&self) -> Vec<&str> {
        words(&self.lost_draft_keys).collect()
    }
}

fn key_of(text: &str) -> Result<[u8; 32], NotAKey> {
    let mut key = [0; 32];
    hex::decode_to_slice(text, &mut key).map_err(|_| NotAKey)?;
    Ok(key)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty())
}
