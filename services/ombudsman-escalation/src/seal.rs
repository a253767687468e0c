//! Encrypting what the office deliberates: AES-256-GCM under the office's key, each text bound to its case
//! and revision, so that ciphertexts cannot be moved between rows.

use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use uuid::Uuid;

/// The office's key, ready to use. Cheap to clone.
#[derive(Clone)]
pub struct Seal(Arc<LessSafeKey>);

/// A text that does not open under the office's key, or could not be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text cannot be read with the office's key")]
pub struct Unsealable;

/// A closed text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    /// The nonce, never used twice.
    pub nonce: [u8; NONCE_LEN],
    /// Ciphertext and tag.
    pub ciphertext: Vec<u8>,
}

impl Seal {
    /// The seal that this key makes.
    ///
    /// # Panics
    /// Never: every 32 bytes are a key of AES-256.
    pub fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("32 bytes are a key of AES-256");
        Self(Arc::new(LessSafeKey::new(key)))
    }

    /// Closes a text for this case and revision. The nonce must be fresh random bytes.
    ///
    /// # Errors
    /// [`Unsealable`] when the text is longer than the cipher allows.
    pub fn close(&self, case: Uuid, revision: i32, nonce: [u8; NONCE_LEN], text: &str) -> Result<Closed, Unsealable> {
        let mut ciphertext = text.as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(Nonce::from(&nonce), Aad::from(bound_to(case, revision)), &mut ciphertext)
            .map_err(|_| Unsealable)?;
        Ok(Closed { nonce, ciphertext })
    }

    /// Opens a text that was closed for this case and revision.
    ///
    /// # Errors
    /// [`Unsealable`] when the key, the case, the revision or a byte is another.
    pub fn open(&self, case: Uuid, revision: i32, closed: Closed) -> Result<String, Unsealable> {
        let mut bytes = closed.ciphertext;
        let text = self
            .0
            .open_in_place(Nonce::from(&closed.nonce), Aad::from(bound_to(case, revision)), &mut bytes)
            .map_err(|_| Unsealable)?;
        String::from_utf8(text.to_vec()).map_err(|_| Unsealable)
    }
}

fn bound_to(case: Uuid, revision: i32) -> [u8; 20] {
    let mut aad = [0; 20];
    aad[..16].copy_from_slice(case.as_bytes());
    aad[16..].copy_from_slice(&revision.to_be_bytes());
    aad
}
