//! Signing receipts, and holding a sealed text against the house's key.

use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use ledger::checkpoint::key_id;
use ticketing_domain::{Receipt, Seal, SealError, Sealed, TicketId, TrackingKey};

use crate::proof::sha256;

/// Signs receipts with the key that signs the ledger's checkpoints. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sealer {
    key: Arc<Ed25519KeyPair>,
    key_id: String,
}

impl Sealer {
    /// Signs with this key.
    pub(crate) fn new(key: Arc<Ed25519KeyPair>) -> Self {
        let key_id = key_id(key.public_key().as_ref());
        Self { key, key_id }
    }

    /// The seal of a receipt and its signature. Ed25519 signs the same statement the same way every time.
    pub(crate) fn seal(&self, ticket: TicketId, key: TrackingKey, receipt: &Receipt) -> (Seal, Vec<u8>) {
        let (received, content_hash) = (receipt.received, receipt.content_hash);
        let seal = Seal { ticket, key, received, content_hash, key_id: self.key_id.clone() };
        let signature = self.key.sign(seal.statement().as_bytes()).as_ref().to_vec();
        (seal, signature)
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

/// Holds a sealed text against a public key of Ed25519, 32 bytes; answers what was sealed.
///
/// # Errors
/// [`Broken`].
pub fn verify<'a>(file: &'a str, public_key: &[u8]) -> Result<Sealed<'a>, Broken> {
    let sealed = Sealed::read(file)?;
    if sha256(sealed.text.as_bytes()) != sealed.seal.content_hash {
        return Err(Broken::Text);
    }
    if sealed.seal.key_id != key_id(public_key) {
        return Err(Broken::OtherKey);
    }
    let key = UnparsedPublicKey::new(&ED25519, public_key);
    let holds = key.verify(sealed.seal.statement().as_bytes(), &sealed.signature);
    holds.map(|()| sealed).map_err(|_| Broken::Signature)
}
