//! What every use case of the office works with.

use kernel::Ambient;
use ledger::Ledger;
use postgres::Db;
use server::Peers;

use crate::seal::Keyring;

/// The office's own things. Cheap to clone.
#[derive(Clone)]
pub struct Office {
    /// The schema.
    pub db: Db,
    /// The office's ledger.
    pub ledger: Ledger,
    /// Clock and chance.
    pub ambient: Ambient,
    /// The other services.
    pub peers: Peers,
    /// The office's keys.
    pub seal: Keyring,
}
