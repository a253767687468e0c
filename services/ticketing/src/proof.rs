//! How a proof is made, kept and checked.
//!
//! The database keeps a salted hash alone. A retry of CreateTicket must be told the same proof, and
//! the kept answer must not hold it: so a proof is derived from the ticket's id under a secret of the
//! service, which the database never sees.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{self, SHA256};
use aws_lc_rs::hmac;
use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::ResourceId;
use secrecy::{ExposeSecret as _, SecretString};
use ticketing_domain::{Proof, TicketId};

/// The secret proofs are derived under.
#[derive(Clone)]
pub struct ProofKey(hmac::Key);

/// What is given as the secret is none. Holds no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "service.proof_key must be 64 or 128 hex digits: `ventanilla proof-key FILE` prints the one that belongs to a signing key, \
     `openssl rand -hex 32` makes one for a house that has told no proof yet"
)]
pub struct NoProofKey;

/// What is kept of a proof.
#[derive(Clone, Copy)]
pub struct KeptProof {
    /// Random, per ticket.
    pub salt: [u8; 16],
    /// SHA-256 over salt and proof.
    pub hash: [u8; 32],
}

impl ProofKey {
    /// The secret that belongs to the service's signing key, which is taken where none is given.
    pub fn of(signing_key: &Ed25519KeyPair) -> Self {
        Self::under(&signature(signing_key))
    }

    /// The secret that is given: 32 bytes, or the 64 that [`Self::text_of`] tells, in hex digits.
    ///
    /// # Errors
    /// [`NoProofKey`].
    pub fn given(text: &SecretString) -> Result<Self, NoProofKey> {
        let bytes = hex::decode(text.expose_secret().trim()).map_err(|_| NoProofKey)?;
        if matches!(bytes.len(), 32 | 64) { Ok(Self::under(&bytes)) } else { Err(NoProofKey) }
    }

    /// The secret that belongs to a signing key, as it is given to keep it when that key is changed.
    pub fn text_of(signing_key: &Ed25519KeyPair) -> SecretString {
        SecretString::from(hex::encode(signature(signing_key)))
    }

    fn under(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The proof of this ticket.
    pub fn proof(&self, ticket: TicketId) -> Proof {
        let tag = hmac::sign(&self.0, ticket.uuid().as_bytes());
        let mut bytes = [0; 6];
        bytes.copy_from_slice(&tag.as_ref()[..6]);
        Proof::from_entropy(bytes)
    }
}

impl KeptProof {
    /// What is kept of `proof` under a fresh salt.
    pub fn of(proof: &Proof, salt: [u8; 16]) -> Self {
        Self { salt, hash: hash(&salt, proof) }
    }

    /// Whether this is the proof that was kept; takes the same time for every wrong one.
    pub fn holds(&self, proof: &Proof) -> bool {
        verify_slices_are_equal(&self.hash, &hash(&self.salt, proof)).is_ok()
    }
}

/// Ed25519 signs the same text the same way every time, and this signature is told to nobody but who changes the key.
fn signature(signing_key: &Ed25519KeyPair) -> Vec<u8> {
    signing_key.sign(b"ventanilla.ticketing.proof.v1").as_ref().to_vec()
}

fn hash(salt: &[u8], proof: &Proof) -> [u8; 32] {
    let mut context = digest::Context::new(&SHA256);
    context.update(salt);
    context.update(proof.expose().as_bytes());
    to_array(&context.finish())
}

/// SHA-256, as receipts carry it.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    to_array(&digest::digest(&SHA256, bytes))
}

fn to_array(digest: &digest::Digest) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest.as_ref());
    out
}
