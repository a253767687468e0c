//! Signing receipts, and holding a sealed text against the house's key.

use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
pub use seal::Broken;
use ticketing_domain::{RECEIPT, Receipt, Seal, Sealed, TicketId, TrackingKey};

/// Signs receipts with the key that signs the ledger's checkpoints. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sealer(seal::Sealer);

impl Sealer {
    /// Signs with this key.
    pub(crate) fn new(key: Arc<Ed25519KeyPair>) -> Self {
        Self(seal::Sealer::new(key))
    }

    /// The seal of a receipt and its signature. Ed25519 signs the same statement the same way every time.
    pub(crate) fn seal(&self, ticket: TicketId, key: TrackingKey, receipt: &Receipt) -> (Seal, Vec<u8>) {
        let (received, content_hash) = (receipt.received, receipt.content_hash);
        let seal = Seal { ticket, key, received, content_hash, key_id: self.0.key_id().to_owned() };
        let signature = self.0.sign(&seal.statement());
        (seal, signature)
    }
}

/// Holds a sealed text against a public key of Ed25519, 32 bytes; answers what was sealed.
///
/// # Errors
/// [`Broken`].
pub fn verify<'a>(file: &'a str, public_key: &[u8]) -> Result<Sealed<'a>, Broken> {
    Ok(Sealed::of(seal::verify(&RECEIPT, file, public_key)?)?)
}
