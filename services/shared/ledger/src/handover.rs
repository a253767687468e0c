//! The change of a ledger's signing key, as who knows the former key alone can follow it.
//!
//! The key that goes signs one last checkpoint, and with it the key that comes. Who trusted the one has reason to trust the other from that
//! line on, and to trust the former one for nothing that comes after it.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use seal::key_id;
use serde::{Deserialize, Serialize};

const DOMAIN: &str = "ventanilla.ledger.handover.v1";

/// The word of a key that another signs after it. Part of the last checkpoint that it signs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    /// Public key (Ed25519) that signs from here on, hex.
    pub to: String,
    /// Ed25519 signature of the key that goes over its last checkpoint and the key that comes, hex.
    pub signature: String,
}

impl Handover {
    /// The word of `key`, below the statement of its last checkpoint, that `to` signs after it.
    pub(crate) fn sign(key: &Ed25519KeyPair, checkpoint: &str, to: &[u8]) -> Self {
        let to = hex::encode(to);
        let signature = hex::encode(key.sign(statement(checkpoint, &to).as_bytes()).as_ref());
        Self { to, signature }
    }

    /// Whether `public_key` said so below exactly this checkpoint.
    pub(crate) fn holds(&self, checkpoint: &str, public_key: &[u8]) -> bool {
        let Ok(signature) = hex::decode(&self.signature) else { return false };
        let statement = statement(checkpoint, &self.to);
        self.successor().is_some()
            && UnparsedPublicKey::new(&ED25519, public_key).verify(statement.as_bytes(), &signature).is_ok()
    }

    /// The key that comes; `None` where it is none.
    pub fn successor(&self) -> Option<Vec<u8>> {
        seal::unhex(&self.to).filter(|key| key.len() == 32)
    }
}

fn statement(checkpoint: &str, to: &str) -> String {
    format!("{DOMAIN}\n{checkpoint}\n{to}")
}

/// Keys that signed a ledger before the one that does.
#[derive(Clone, Default)]
pub struct Former {
    public: Vec<Vec<u8>>,
    handing: Option<Arc<Ed25519KeyPair>>,
}

impl Former {
    /// These public keys, and the one that signed last, which hands over what it signed where it still can.
    pub fn new(public: Vec<Vec<u8>>, handing: Option<Arc<Ed25519KeyPair>>) -> Self {
        Self { public, handing }
    }

    /// Their public keys, each once.
    pub fn public_keys(&self) -> Vec<Vec<u8>> {
        let handing = self.handing.iter().map(|key| key.public_key().as_ref().to_vec());
        let mut keys: Vec<Vec<u8>> = handing.collect();
        for key in &self.public {
            if !keys.contains(key) {
                keys.push(key.clone());
            }
        }
        keys
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.public.is_empty() && self.handing.is_none()
    }

    /// Whether one of them goes by this id.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.public_keys().iter().any(|key| key_id(key) == id)
    }

    pub(crate) fn handing(&self) -> Option<&Ed25519KeyPair> {
        self.handing.as_deref()
    }
}

impl fmt::Debug for Former {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<String> = self.public_keys().iter().map(|key| key_id(key)).collect();
        f.debug_struct("Former").field("keys", &ids).field("hands_over", &self.handing.is_some()).finish()
    }
}
