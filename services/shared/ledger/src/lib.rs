//! The ledger: outbox, audit log and event feed in one.
//!
//! ```text
//! writer's transaction -> ledger_inbox -> sequencer -> ledger (gap-free, chained) -> feed -> followers
//! ```
//!
//! A writer appends [`Draft`]s in the transaction of their effect. The [`Sequencer`](Ledger::sequence)
//! gives them positions in commit order and chains their hashes. [`Feed`] serves them, [`Follower`]
//! applies another service's entries exactly once, however they come (a [`Carrier`] may bring them), [`checkpoint`] signs the head outside Postgres,
//! and [`verify`] proves or disproves it all from files alone. Of closed [`months`] the [`archive`] takes what nobody asks for any more.

pub mod archive;
mod carried;
mod chain;
pub mod checkpoint;
mod draft;
mod feed;
mod figures;
mod follower;
mod forget;
mod handover;
pub mod months;
mod received;
mod rest;
mod rows;
mod sequencer;
mod standing;
mod steps;
pub mod verify;

pub use carried::{Carried, CarriedBeat, CarriedEntry, Carrier, CarrierError, Forged};
pub use chain::{Chained, GENESIS, commitment, entry_hash};
pub use draft::{Columns, Draft, Stamp, append};
pub use feed::{Feed, Tail};
pub use follower::{Applying, FeedChannel, Follower, FollowerError, Reaction, ReactionError};
pub use forget::{forget, forget_entries};
pub use received::Received;
pub use rest::rest;
pub use sequencer::{Ledger, LedgerStanding};
pub use standing::{SourceStanding, Standings};
pub use steps::{Affairs, MOST_STEPS, Part, Subjects};
