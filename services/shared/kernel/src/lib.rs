//! The few shapes every crate of the house agrees on: typed ids, time and chance as arguments,
//! personal values that do not print, and the one way a refusal is classified.
//!
//! Nothing here does I/O, and nothing here knows a transport or a database.

mod ambient;
mod chain;
mod classify;
mod id;
mod party;
mod personal;
pub mod phrase;
mod sector;
mod violation;

pub use ambient::{Ambient, Clock, Entropy, FixedClock, Heard, SeededEntropy, SteadyClock, SystemClock, SystemEntropy};
pub use chain::chain;
pub use classify::{Classify, Kind, Severity};
pub use id::{IdError, ResourceId};
pub use party::{Actor, ActorKind, Channel, Department, Language, Role};
pub use personal::Personal;
pub use sector::{SECTORS, is_finance, is_sector};
pub use violation::{Violation, Violations};

/// Re-exported so that [`typed_id!`] works in crates that do not name `uuid` themselves.
pub use uuid::Uuid;
