//! What is hashed, and how. Pure.
//!
//! `hash = SHA-256(domain || prev_hash || canonical)`, where the canonical form is every chained
//! field in a fixed order, each as a 64-bit big-endian length and its bytes. Lengths make the form
//! injective: no two entries have the same canonical bytes. The personal part is bound through
//! `SHA-256(domain || salt || personal)`; with the salt gone the commitment tells nothing.

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use uuid::Uuid;

/// The hash before the first entry.
pub const GENESIS: [u8; 32] = [0; 32];

const ENTRY_DOMAIN: &[u8] = b"ventanilla.ledger.entry.v1";
const PERSONAL_DOMAIN: &[u8] = b"ventanilla.ledger.personal.v1";

/// The chained fields of one entry.
#[derive(Debug, Clone, Copy)]
pub struct Chained<'a> {
    /// Place in the ledger, from 1.
    pub position: i64,
    /// Id of the entry.
    pub entry_id: Uuid,
    /// Resource name of the aggregate.
    pub aggregate: &'a str,
    /// Full name of the payload's message.
    pub kind: &'a str,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// Kind of the actor.
    pub actor_kind: &'a str,
    /// Opaque id of the actor.
    pub actor_id: &'a str,
    /// Department of the actor; empty when none.
    pub actor_department: &'a str,
    /// Trace context; empty when none.
    pub traceparent: &'a str,
    /// Encoded payload.
    pub payload: &'a [u8],
    /// Commitment to the personal part; empty when there never was one.
    pub commitment: &'a [u8],
}

/// The hash of an entry that follows `prev_hash`.
pub fn entry_hash(prev_hash: &[u8; 32], entry: &Chained<'_>) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    hash.update(ENTRY_DOMAIN);
    hash.update(prev_hash);
    let mut field = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    field(&entry.position.to_be_bytes());
    field(entry.entry_id.as_bytes());
    field(entry.aggregate.as_bytes());
    field(entry.kind.as_bytes());
    field(&entry.occurred_at.as_microsecond().to_be_bytes());
    field(&entry.recorded_at.as_microsecond().to_be_bytes());
    field(entry.actor_kind.as_bytes());
    field(entry.actor_id.as_bytes());
    field(entry.actor_department.as_bytes());
    field(entry.traceparent.as_bytes());
    field(entry.payload);
    field(entry.commitment);
    finish(hash)
}

/// The commitment to a personal part under its salt.
pub fn commitment(salt: &[u8], personal: &[u8]) -> [u8; 32] {
    let mut hash = Context::new(&SHA256);
    hash.update(PERSONAL_DOMAIN);
    hash.update(&(salt.len() as u64).to_be_bytes());
    hash.update(salt);
    hash.update(personal);
    finish(hash)
}

fn finish(hash: Context) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(hash.finish().as_ref());
    out
}
