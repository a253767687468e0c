//! What a broker carries of a ledger, and how it is held against the ledger's key. Pure.
//!
//! A broker is not believed: each entry and each beat is signed by the ledger that it is of, the hash of an entry is computed anew, and
//! personal parts are never handed to it. Who reads what was carried needs the ledger's key alone, which the ledger itself tells
//! (`GetHead`).

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use futures::stream::BoxStream;
use jiff::Timestamp;
use prost::Message as _;
use seal::Sealer;
use uuid::Uuid;
use ventanilla_proto::ledger::v1::Entry;

use crate::chain::{self, Chained};
use crate::rows;

const ENTRY_DOMAIN: &str = "ventanilla.ledger.carried.v1";
const BEAT_DOMAIN: &str = "ventanilla.ledger.beat.v1";

/// One thing that was carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Carried {
    /// An entry, in the order of its ledger.
    Entry(CarriedEntry),
    /// Where the head is.
    Beat(CarriedBeat),
}

/// One entry as it is carried: never its personal part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedEntry {
    /// Place in the ledger.
    pub position: i64,
    /// Hash of the entry.
    pub hash: [u8; 32],
    /// The ledger's word that it has this hash at this position.
    pub signature: Vec<u8>,
    /// The entry without its personal part, encoded; empty where it is too large to be carried, so that who hears of it asks the ledger.
    pub body: Vec<u8>,
}

/// Where the head was at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedBeat {
    /// Position of the last entry.
    pub position: i64,
    /// Its hash.
    pub hash: [u8; 32],
    /// When that was so, to the microsecond.
    pub as_of: Timestamp,
    /// The ledger's word for it.
    pub signature: Vec<u8>,
}

/// What was carried is not what its ledger said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// The key of the ledger did not sign this.
    #[error("the ledger's key did not sign it")]
    Signature,
    /// The entry is not the one that was signed.
    #[error("the entry does not have the hash that was signed")]
    Entry,
    /// The entry does not follow the one before it.
    #[error("the entry does not follow the one that was carried before it")]
    Chain,
}

/// Why nothing is carried.
#[derive(Debug, thiserror::Error)]
pub enum CarrierError {
    /// The broker.
    #[error("the broker cannot be used")]
    Broker(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Nobody hands anything of this ledger to the broker.
    #[error("nothing is heard of the ledger over the broker")]
    Silent,
}

/// Brings what ledgers handed to a broker. Whoever follows a ledger goes on without it when it ends or fails.
#[tonic::async_trait]
pub trait Carrier: Send + Sync + 'static {
    /// Begins to bring what `source` hands over: a beat first, then entries after a position, or as near before or behind it as the
    /// broker has any, and further beats among them. Ends where the broker does.
    ///
    /// # Errors
    /// [`CarrierError`].
    async fn open(&self, source: &'static str, after: i64) -> Result<BoxStream<'static, Carried>, CarrierError>;
}

impl CarriedEntry {
    /// An entry to be handed to a broker; one whose encoded form is larger than `most` bytes goes without it.
    ///
    /// # Errors
    /// [`Forged::Entry`] when the entry has no hash.
    pub fn sign(sealer: &Sealer, source: &str, entry: &Entry, most: usize) -> Result<Self, Forged> {
        let hash: [u8; 32] = entry.hash.as_slice().try_into().map_err(|_| Forged::Entry)?;
        let bare = Entry { personal: Vec::new(), salt: Vec::new(), ..entry.clone() };
        let body = if bare.encoded_len() > most { Vec::new() } else { bare.encode_to_vec() };
        let signature = sealer.sign(&entry_statement(source, entry.position, &hash));
        Ok(Self { position: entry.position, hash, signature, body })
    }

    /// The entry, if it is the one that the ledger `source` signed; `None` when its ledger has to be asked for it.
    ///
    /// # Errors
    /// [`Forged`].
    pub fn open(&self, source: &str, key: &[u8]) -> Result<Option<Entry>, Forged> {
        holds(key, &entry_statement(source, self.position, &self.hash), &self.signature)?;
        if self.body.is_empty() {
            return Ok(None);
        }
        let entry = Entry::decode(self.body.as_slice()).map_err(|_| Forged::Entry)?;
        if entry.position != self.position || hash_of(&entry) != Some(self.hash) || entry.hash != self.hash {
            return Err(Forged::Entry);
        }
        // Nothing binds a personal part to the signature: one that was slipped in is not read.
        Ok(Some(Entry { personal: Vec::new(), salt: Vec::new(), ..entry }))
    }
}

impl CarriedBeat {
    /// A beat to be handed to a broker.
    pub fn sign(sealer: &Sealer, source: &str, position: i64, hash: [u8; 32], as_of: Timestamp) -> Self {
        let signature = sealer.sign(&beat_statement(source, position, &hash, as_of));
        Self { position, hash, as_of, signature }
    }

    /// Whether the ledger `source` said so.
    ///
    /// # Errors
    /// [`Forged::Signature`].
    pub fn check(&self, source: &str, key: &[u8]) -> Result<(), Forged> {
        holds(key, &beat_statement(source, self.position, &self.hash, self.as_of), &self.signature)
    }
}

/// The hash that an entry has by what stands in it; `None` where it is no entry of this ledger design.
fn hash_of(entry: &Entry) -> Option<[u8; 32]> {
    let actor = entry.actor.as_ref()?;
    let prev_hash: [u8; 32] = entry.prev_hash.as_slice().try_into().ok()?;
    let chained = Chained {
        position: entry.position,
        entry_id: Uuid::parse_str(&entry.entry_id).ok()?,
        aggregate: &entry.aggregate,
        kind: &entry.r#type,
        occurred_at: rows::instant(entry.occurred_time.as_ref()?)?,
        recorded_at: rows::instant(entry.recorded_time.as_ref()?)?,
        actor_kind: rows::actor_word(actor.kind)?.as_str(),
        actor_id: &actor.id,
        actor_department: &actor.department,
        traceparent: &entry.traceparent,
        payload: &entry.payload,
        commitment: &entry.commitment,
    };
    Some(chain::entry_hash(&prev_hash, &chained))
}

// Every part has a fixed alphabet without line breaks, but the source: it is ours.
fn entry_statement(source: &str, position: i64, hash: &[u8; 32]) -> String {
    format!("{ENTRY_DOMAIN}\n{source}\n{position}\n{}", hex::encode(hash))
}

fn beat_statement(source: &str, position: i64, hash: &[u8; 32], as_of: Timestamp) -> String {
    format!("{BEAT_DOMAIN}\n{source}\n{position}\n{}\n{}", hex::encode(hash), as_of.as_microsecond())
}

fn holds(key: &[u8], statement: &str, signature: &[u8]) -> Result<(), Forged> {
    UnparsedPublicKey::new(&ED25519, key).verify(statement.as_bytes(), signature).map_err(|_| Forged::Signature)
}
