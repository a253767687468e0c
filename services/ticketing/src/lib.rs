//! ticketing: the affairs of customers, from the receipt to the answer, with what was said and promised.
//!
//! `usecase/` holds one file per RPC, `store/` the SQL, `grpc/` the edge, `reactions/` what is done about
//! other services' ledgers. What is decided stands in the domain crate beside this one.

mod assemble;
pub mod config;
mod document;
mod entry;
mod error;
mod grpc;
mod guesses;
pub mod proof;
mod reactions;
pub mod replay;
mod rights;
pub mod seal;
mod store;
pub mod usecase;
mod workers;

use ledger::archive::Kept;

pub use assemble::{AssembleError, assemble, migrations};
pub use config::Settings;
pub use error::Error;
pub use store::message::{Direction, Way};

/// The service's schema in Postgres.
pub const SCHEMA: &str = "ticketing";

/// The name its ledger is known by.
pub const SOURCE: &str = "ticketing";
/// What it goes on asking for of archived months: the steps of every affair, and what its opening says of its receipt.
pub const KEPT: Kept =
    Kept { every_entry: true, content_of_types: &["ventanilla.ticketing.v1.TicketOpened"], ..Kept::NOTHING };
/// Settings of its process unless a file or the environment says otherwise.
pub const DEFAULTS: &str = include_str!("../default.toml");
