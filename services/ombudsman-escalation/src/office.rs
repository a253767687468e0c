//! What every use case of the office works with.

use std::sync::Arc;

use kernel::Ambient;
use ledger::{Ledger, Standings};
use paper::PaperError;
use postgres::Db;
use server::Peers;
use tokio::sync::Semaphore;

use crate::error::Failure;
use crate::seal::Keyring;

/// The office's own things. Cheap to clone.
#[derive(Clone)]
pub struct Office {
    /// The schema.
    pub db: Db,
    /// The office's ledger.
    pub ledger: Ledger,
    /// How far the ledgers of other services are applied here.
    pub standings: Standings,
    /// Clock and chance.
    pub ambient: Ambient,
    /// The other services.
    pub peers: Peers,
    /// The office's keys.
    pub seal: Keyring,
    /// Signs decisions.
    pub sealer: seal::Sealer,
    /// What the office is called on its documents.
    pub name: Arc<str>,
    /// Whether it is an accredited body.
    pub accredited: bool,
    /// So many documents are set at once.
    pub papers: Arc<Semaphore>,
}

impl Office {
    /// Sets a document. That takes the processor for a while, so that it is done beside what answers other calls, and few at a time: whoever has gone
    /// away has still asked for it.
    pub(crate) async fn set<T: Send + 'static>(
        &self,
        set: impl FnOnce() -> Result<T, PaperError> + Send + 'static,
    ) -> Result<T, Failure> {
        let turn = Arc::clone(&self.papers).acquire_owned().await.map_err(|_| Failure::Document)?;
        let held = move || {
            let _turn = turn;
            set()
        };
        tokio::task::spawn_blocking(held).await.map_err(|_| Failure::Document)?.map_err(|_| Failure::Document)
    }
}
