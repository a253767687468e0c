//! Ledgers over NATS JetStream, beside their own feeds.
//!
//! ```text
//! ledger -> Handing (one replica at a time) -> stream of the ledger, bounded -> Broker as Carrier -> follower
//!                                          \-> beats -----------------------/
//! ```
//!
//! The broker carries and wakes; what counts stays in the ledger. The owner of a ledger hands each entry over once, in order, signed and without its
//! personal part. A follower begins at its own cursor and asks the ledger for whatever does not come ([`ledger::Carrier`]), so that the broker may
//! be killed, emptied, replaced or switched off at any moment.

mod bringing;
mod connection;
mod figures;
mod handing;
mod message;
mod settings;
mod stream;

pub use connection::{Broker, BrokerError};
pub use handing::Handing;
pub use settings::{BrokerSettings, StreamSettings, TlsFiles};
pub use stream::{Standing, standing};
