//! What other services' ledgers do to clocks. Each reaction turns an entry into what happened; what that does to a clock is
//! decided by the pure replay, and written with its ledger entries in the transaction that moves the cursor.

pub mod ombudsman;
pub mod ticketing;

mod effects;
mod parties;

use kernel::ResourceId;
use ledger::ReactionError;
use prost_types::Timestamp as WireTime;

/// A name that an entry must hold.
fn named<Id: ResourceId>(field: &'static str, name: &str) -> Result<Id, ReactionError> {
    Id::parse(name).map_err(|_| ReactionError::Undecodable(field))
}

/// A name that an entry may leave out.
fn maybe_named<Id: ResourceId>(field: &'static str, name: &str) -> Result<Option<Id>, ReactionError> {
    if name.is_empty() { Ok(None) } else { named(field, name).map(Some) }
}

/// An instant that an entry must hold, as the database keeps it.
fn instant(field: &'static str, time: Option<&WireTime>) -> Result<jiff::Timestamp, ReactionError> {
    let mut violations = kernel::Violations::new();
    server::parse::time(&mut violations, field, time).ok_or(ReactionError::Undecodable(field))
}
