//! Signing texts, and holding a sealed text against the house's key.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use crate::{Form, SealError, Sealed};

/// The id of a public key.
pub fn key_id(public_key: &[u8]) -> String {
    hex::encode(&digest(&SHA256, public_key).as_ref()[..8])
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Signs with the key that signs the ledger's checkpoints. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    key: Arc<Ed25519KeyPair>,
    key_id: String,
}

impl Sealer {
    /// Signs with this key.
    pub fn new(key: Arc<Ed25519KeyPair>) -> Self {
        let key_id = key_id(key.public_key().as_ref());
        Self { key, key_id }
    }

    /// The id of the key it signs with.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Signs a statement. Ed25519 signs the same one the same way every time.
    pub fn sign(&self, statement: &str) -> Vec<u8> {
        self.key.sign(statement.as_bytes()).as_ref().to_vec()
    }
}

/// Why a sealed text does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// It is no sealed text.
    #[error(transparent)]
    Unreadable(#[from] SealError),
    /// The text is not the one that was sealed.
    #[error("the text is not the one that was sealed: its hash differs")]
    Text,
    /// It was sealed with another key.
    #[error("it was sealed with another key")]
    OtherKey,
    /// The key did not sign this.
    #[error("the signature does not hold")]
    Signature,
}

/// Holds a sealed text of a form against a public key of Ed25519, 32 bytes; answers what was sealed.
///
/// # Errors
/// [`Broken`].
pub fn verify<'a>(form: &'static Form, file: &'a str, public_key: &[u8]) -> Result<Sealed<'a>, Broken> {
    let sealed = Sealed::read(form, file)?;
    if sha256(sealed.text.as_bytes()) != sealed.seal.content_hash {
        return Err(Broken::Text);
    }
    if sealed.seal.key_id != key_id(public_key) {
        return Err(Broken::OtherKey);
    }
    let statement = sealed.seal.statement();
    let holds = UnparsedPublicKey::new(&ED25519, public_key).verify(statement.as_bytes(), &sealed.signature);
    holds.map(|()| sealed).map_err(|_| Broken::Signature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seal;

    static NOTE: Form = Form { statement: "ventanilla.test.note.v1", labels: &["note"] };
    static OTHER: Form = Form { statement: "ventanilla.test.other.v1", labels: &["note"] };

    fn sealed(form: &'static Form, sealer: &Sealer, text: &str) -> String {
        let (facts, content_hash) = (vec!["7".to_owned()], sha256(text.as_bytes()));
        let seal = Seal { form, facts, content_hash, key_id: sealer.key_id().to_owned() };
        seal.beneath(text, &sealer.sign(&seal.statement()))
    }

    #[test]
    fn what_was_signed_holds_and_nothing_else_does() {
        let key = |seed: u8| Arc::new(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap());
        let (house, stranger) = (key(1), key(2));
        let public = house.public_key().as_ref();
        let file = sealed(&NOTE, &Sealer::new(Arc::clone(&house)), "said\n");
        assert_eq!(verify(&NOTE, &file, public).unwrap().text, "said\n");
        assert_eq!(verify(&NOTE, &file.replace("said", "sad"), public), Err(Broken::Text));
        assert_eq!(verify(&NOTE, &file.replace("note: 7", "note: 8"), public), Err(Broken::Signature));
        assert_eq!(verify(&NOTE, &file, stranger.public_key().as_ref()), Err(Broken::OtherKey));
        assert_eq!(verify(&OTHER, &file, public), Err(Broken::Unreadable(SealError::Line { line: 1 })));
        let quoted = sealed(&NOTE, &Sealer::new(Arc::clone(&house)), &file);
        assert_eq!(verify(&NOTE, &quoted, public).unwrap().text, file, "a seal inside the text is part of the text");
    }
}
