//! Signed statements of where the ledger stood, kept outside Postgres.
//!
//! A superuser can rewrite every row and re-seal the chain; what he cannot rewrite is a checkpoint
//! signed with a key the database never sees, in a place the database never writes.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use jiff::Timestamp;
use kernel::Ambient;
pub use seal::key_id;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::figures;
use crate::sequencer::Ledger;

/// Time between two checkpoints.
const INTERVAL: Duration = Duration::from_secs(60);
const DOMAIN: &str = "ventanilla.ledger.checkpoint.v1";

/// One signed checkpoint, one line of JSON in the checkpoint file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Name of the ledger.
    pub source: String,
    /// Position of the last entry covered.
    pub position: i64,
    /// Hash of that entry, hex.
    pub hash: String,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// First 16 hex digits of SHA-256 of the public key.
    pub key_id: String,
    /// Ed25519 signature, hex.
    pub signature: String,
}

/// Why checkpoints could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The file.
    #[error("the checkpoint file {path} cannot be used")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line that is no checkpoint.
    #[error("line {line} of {path} is no checkpoint")]
    Line {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
    },
    /// The ledger.
    #[error(transparent)]
    Store(#[from] postgres::StoreError),
}

impl Checkpoint {
    /// Signs that `source` had `hash` at `position`.
    pub fn sign(key: &Ed25519KeyPair, source: &str, position: i64, hash: &[u8], now: Timestamp) -> Self {
        let mut checkpoint = Self {
            source: source.to_owned(),
            position,
            hash: hex::encode(hash),
            signed_at: now,
            key_id: key_id(key.public_key().as_ref()),
            signature: String::new(),
        };
        checkpoint.signature = hex::encode(key.sign(checkpoint.statement().as_bytes()).as_ref());
        checkpoint
    }

    /// Whether `public_key` signed exactly this.
    pub fn holds(&self, public_key: &[u8]) -> bool {
        let Ok(signature) = hex::decode(&self.signature) else { return false };
        self.key_id == key_id(public_key)
            && UnparsedPublicKey::new(&ED25519, public_key).verify(self.statement().as_bytes(), &signature).is_ok()
    }

    fn statement(&self) -> String {
        // Every part has a fixed alphabet without line breaks, but the source: it is ours.
        format!(
            "{DOMAIN}\n{}\n{}\n{}\n{}\n{}",
            self.source,
            self.position,
            self.hash,
            self.signed_at.as_microsecond(),
            self.key_id
        )
    }
}

/// The checkpoint file of a ledger in a folder.
pub fn file_of(folder: &Path, source: &str) -> PathBuf {
    folder.join(format!("{source}.checkpoints.jsonl"))
}

/// Reads a checkpoint file; an absent one holds none. A last line without its line break was torn by
/// a crash while it was written and never became a checkpoint.
///
/// # Errors
/// [`CheckpointError`].
pub fn read(path: &Path) -> Result<Vec<Checkpoint>, CheckpointError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(CheckpointError::File { path: path.to_owned(), source }),
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole
        .lines()
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_str(line).map_err(|_| CheckpointError::Line { path: path.to_owned(), line: index + 1 })
        })
        .collect()
}

/// Signs the head every minute and once at the end. Cheap to clone.
#[derive(Clone)]
pub struct Notary {
    ledger: Ledger,
    ambient: Ambient,
    key: Arc<Ed25519KeyPair>,
    folder: PathBuf,
}

impl Notary {
    /// Signs `ledger` with `key` into a file of `folder`.
    pub fn new(ledger: Ledger, ambient: Ambient, key: Arc<Ed25519KeyPair>, folder: PathBuf) -> Self {
        Self { ledger, ambient, key, folder }
    }

    /// Signs until cancelled.
    pub async fn run(self, cancel: CancellationToken) {
        let mut last = match self.resume() {
            Ok(position) => position,
            Err(error) => {
                tracing::error!(
                    source = self.ledger.source(),
                    error = kernel::chain(&error),
                    "the earlier checkpoints cannot be read"
                );
                0
            }
        };
        figures::signed(self.ledger.source(), last);
        loop {
            let ended = tokio::select! {
                () = cancel.cancelled() => true,
                () = tokio::time::sleep(INTERVAL) => false,
            };
            // What was committed before the end belongs under the last signature.
            if ended && let Err(error) = self.ledger.sequence_waiting().await {
                tracing::warn!(
                    source = self.ledger.source(),
                    error = kernel::chain(&error),
                    "the last checkpoint leaves out what waits"
                );
            }
            match self.sign(last).await {
                Ok(position) => {
                    last = position;
                    figures::signed(self.ledger.source(), position);
                }
                Err(error) => tracing::error!(
                    source = self.ledger.source(),
                    error = kernel::chain(&error),
                    "no checkpoint was written"
                ),
            }
            if ended {
                break;
            }
        }
    }

    /// Signs the head if it moved past `last`; answers the position that is covered.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub async fn sign(&self, last: i64) -> Result<i64, CheckpointError> {
        let (position, hash) = self.ledger.position().await?;
        if position <= last {
            return Ok(last);
        }
        let checkpoint = Checkpoint::sign(&self.key, self.ledger.source(), position, &hash, self.ambient.now());
        let path = self.file();
        let fault = |source| CheckpointError::File { path: path.clone(), source };
        let mut line = serde_json::to_vec(&checkpoint).map_err(|e| fault(e.into()))?;
        line.push(b'\n');
        std::fs::create_dir_all(&self.folder).map_err(fault)?;
        let mut file = OpenOptions::new().append(true).create(true).open(&path).map_err(fault)?;
        file.write_all(&line).and_then(|()| file.sync_data()).map_err(fault)?;
        Ok(position)
    }

    /// The position that is signed already; a torn last line is taken away first.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn resume(&self) -> Result<i64, CheckpointError> {
        let path = self.file();
        let checkpoints = read(&path)?;
        if let Ok(bytes) = std::fs::read(&path)
            && bytes.last().is_some_and(|byte| *byte != b'\n')
        {
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            OpenOptions::new()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_len(whole as u64))
                .map_err(|source| CheckpointError::File { path, source })?;
        }
        Ok(checkpoints.last().map_or(0, |checkpoint| checkpoint.position))
    }

    fn file(&self) -> PathBuf {
        file_of(&self.folder, self.ledger.source())
    }
}
