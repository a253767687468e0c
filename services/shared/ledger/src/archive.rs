//! Closed months of the ledger in signed files outside Postgres.
//!
//! ```text
//! ledger_from_1 [1, 4811], closed  --ledger-archive-->  ticketing.2026-06.jsonl.gz   every entry, no personal part
//!                                                       ticketing.months.jsonl       a signed manifest, beside the file and beside the checkpoints
//!                                                       ledger_kept                  what the service goes on asking for
//! ```
//!
//! A file is what [`export`](crate::verify::export) writes, so that the archive and an export of what is left are one chain. Personal parts stay where
//! they can be destroyed: in `ledger_personal`, by their positions.

mod file;
mod moving;

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use jiff::Timestamp;
use jiff::civil::Date;
use postgres::StoreError;
use seal::key_id;
use serde::{Deserialize, Serialize};

pub(crate) use file::MonthFile;
pub(crate) use moving::kept_sha256;
pub use moving::{Order, archive, drop_archived};

use crate::verify::{Exported, Fault};

const DOMAIN: &str = "ventanilla.ledger.month.v1";

/// What a service goes on asking its archived entries for; the rest of them is in the files alone. Every entry that had a personal part is kept,
/// without its content, so that the part is found when it is to be destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// Whether every entry is kept: what happened, when and by whom.
    pub every_entry: bool,
    /// Entries that are kept with their content, by the full names of their messages.
    pub content_of_types: &'static [&'static str],
    /// Entries that are kept with their content, by the beginning of their aggregate's name, e.g. `cases/`.
    pub content_of_aggregates: &'static [&'static str],
}

impl Kept {
    /// Nothing but what is to be found when personal parts are destroyed.
    pub const NOTHING: Self = Self { every_entry: false, content_of_types: &[], content_of_aggregates: &[] };

    /// What is kept of an entry; `None` where nothing is.
    fn of(self, entry: &Exported) -> Option<KeptEntry> {
        let content = self.content_of_types.contains(&entry.r#type.as_str())
            || self.content_of_aggregates.iter().any(|beginning| entry.aggregate.starts_with(beginning));
        let committed = !entry.commitment.is_empty();
        (self.every_entry || content || committed).then(|| KeptEntry {
            position: entry.position,
            aggregate: entry.aggregate.clone(),
            r#type: entry.r#type.clone(),
            occurred_at: entry.occurred_at,
            recorded_at: entry.recorded_at,
            actor_kind: entry.actor_kind.clone(),
            actor_id: entry.actor_id.clone(),
            actor_department: entry.actor_department.clone(),
            traceparent: entry.traceparent.clone(),
            committed,
            payload: content.then(|| entry.payload.clone()),
        })
    }
}

/// One row of `ledger_kept`, as it is digested.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct KeptEntry {
    pub position: i64,
    pub aggregate: String,
    pub r#type: String,
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
    pub actor_kind: String,
    pub actor_id: String,
    pub actor_department: String,
    pub traceparent: String,
    pub committed: bool,
    /// Hex.
    pub payload: Option<String>,
}

/// SHA-256 over rows of `ledger_kept` in order, each as a line of JSON.
pub(crate) struct KeptDigest(Context);

impl KeptDigest {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn push(&mut self, entry: &KeptEntry) -> io::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        self.0.update(&line);
        Ok(())
    }

    /// In hex.
    pub(crate) fn finish(self) -> String {
        hex::encode(self.0.finish())
    }
}

/// What is signed of one archived month: one line of JSON in the file of manifests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the ledger.
    pub source: String,
    /// The first day of the month (UTC).
    pub month: Date,
    /// Position of its first entry.
    pub first_position: i64,
    /// Position of its last entry.
    pub last_position: i64,
    /// Hash of the entry before its first, hex.
    pub prev_hash: String,
    /// Hash of its last entry, hex.
    pub hash: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// SHA-256 of what the database keeps of the month, hex.
    pub kept_sha256: String,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// First 16 hex digits of SHA-256 of the public key.
    pub key_id: String,
    /// Ed25519 signature, hex.
    pub signature: String,
}

impl Manifest {
    /// The same, signed with `key`.
    #[must_use]
    pub fn signed(mut self, key: &Ed25519KeyPair) -> Self {
        self.key_id = key_id(key.public_key().as_ref());
        self.signature = hex::encode(key.sign(self.statement().as_bytes()).as_ref());
        self
    }

    /// Whether `public_key` signed exactly this.
    pub fn holds(&self, public_key: &[u8]) -> bool {
        let Ok(signature) = hex::decode(&self.signature) else { return false };
        self.key_id == key_id(public_key)
            && UnparsedPublicKey::new(&ED25519, public_key).verify(self.statement().as_bytes(), &signature).is_ok()
    }

    /// Name of the file that holds the month.
    pub fn file_name(&self) -> String {
        file_name(&self.source, self.month)
    }

    /// Whether both tell of the same entries.
    fn agrees(&self, other: &Self) -> bool {
        let told = |of: &Self| (of.first_position, of.last_position, of.prev_hash.clone(), of.hash.clone());
        told(self) == told(other)
    }

    fn statement(&self) -> String {
        // As a checkpoint's: fixed alphabets without line breaks, but for the source, which is ours.
        let Self { source, month, first_position, last_position, prev_hash, hash, sha256, kept_sha256, .. } = self;
        let (signed_at, key_id) = (self.signed_at, &self.key_id);
        format!(
            "{DOMAIN}\n{source}\n{month}\n{first_position}\n{last_position}\n{prev_hash}\n{hash}\n{sha256}\n{kept_sha256}\n{signed_at}\n{key_id}"
        )
    }
}

fn file_name(source: &str, month: Date) -> String {
    format!("{source}.{}.jsonl.gz", written(month))
}

/// A month as people write it: `2026-06`.
pub fn written(month: Date) -> String {
    month.strftime("%Y-%m").to_string()
}

/// The file of manifests of a ledger in a folder.
pub fn manifests_of(folder: &Path, source: &str) -> PathBuf {
    folder.join(format!("{source}.months.jsonl"))
}

/// Why nothing more was archived. What was archived before stays so.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A file or folder.
    #[error("{path} cannot be used")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line that is no manifest.
    #[error("line {line} of {path} is no manifest of a month")]
    Line {
        /// The file.
        path: PathBuf,
        /// Line number from 1.
        line: usize,
    },
    /// The checkpoints.
    #[error(transparent)]
    Checkpoints(#[from] crate::checkpoint::CheckpointError),
    /// No checkpoint covers the month yet.
    #[error("{month} ends at {last} and no checkpoint covers that position: it is archived once the service signed it")]
    Unsigned {
        /// The month.
        month: String,
        /// Its last position.
        last: i64,
    },
    /// Nothing was written after the month.
    #[error("{month} holds the last entry there is: it is archived once another follows")]
    Last {
        /// The month.
        month: String,
    },
    /// A follower has not applied the month.
    #[error(
        "{schema} has applied this ledger up to {position}, and {month} ends at {last}: it would never come to the rest"
    )]
    Followed {
        /// Whose cursor.
        schema: String,
        /// Where it stands.
        position: i64,
        /// The month.
        month: String,
        /// Its last position.
        last: i64,
    },
    /// The month does not hold.
    #[error("{month} is not archived, for it does not hold: {fault}")]
    Broken {
        /// The month.
        month: String,
        /// What is wrong.
        fault: Fault,
    },
    /// Another month of this name was archived before.
    #[error(
        "{month} was archived before with other entries: the database was put back to before that, and written to since (deploy/restore.md)"
    )]
    Contradicted {
        /// The month.
        month: String,
    },
    /// Somebody reads or holds the ledger for longer than it is worth waiting.
    #[error("others held the ledger at each of {tries} tries; see in pg_stat_activity who, and say it again")]
    Busy {
        /// How often it was tried.
        tries: u32,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for ArchiveError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Reads a file of manifests; an absent one holds none, and what a crash tore off at its end is none.
///
/// # Errors
/// [`ArchiveError::File`], [`ArchiveError::Line`].
pub fn read(path: &Path) -> Result<Vec<Manifest>, ArchiveError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(ArchiveError::File { path: path.to_owned(), source }),
    };
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    lines.pop();
    let line = |(at, line): (usize, &[u8])| {
        serde_json::from_slice(line).map_err(|_| ArchiveError::Line { path: path.to_owned(), line: at + 1 })
    };
    lines.into_iter().enumerate().map(line).collect()
}

/// Adds a manifest to a file of them, unless it tells of it already.
fn note(path: &Path, manifest: &Manifest) -> Result<(), ArchiveError> {
    if read(path)?.iter().any(|known| known == manifest) {
        return Ok(());
    }
    let add = || {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        // What a crash tore off is cut off.
        let whole = std::fs::read(path)?.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at as u64 + 1);
        file.set_len(whole)?;
        let mut line = serde_json::to_vec(manifest)?;
        line.push(b'\n');
        file.write_all(&line)?;
        file.sync_all()
    };
    add().map_err(|source| ArchiveError::File { path: path.to_owned(), source })
}

/// What is archived, as it is held against a ledger.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    /// Manifests, oldest first.
    pub manifests: Vec<Manifest>,
    /// Where the files are; `None` where they are not at hand.
    pub folder: Option<PathBuf>,
}

impl Archive {
    /// What `source` has in a folder of the archive: manifests and files.
    ///
    /// # Errors
    /// As [`read`].
    pub fn at(folder: &Path, source: &str) -> Result<Self, ArchiveError> {
        Ok(Self { manifests: read(&manifests_of(folder, source))?, folder: Some(folder.to_owned()) })
    }

    /// The same, held to what `elsewhere` tells of, beside the checkpoints say: a month that the folder does not tell of is missed in it. Of one that
    /// both tell of the folder's own word counts.
    #[must_use]
    pub fn held_to(self, elsewhere: Vec<Manifest>) -> Self {
        Self { manifests: [elsewhere, self.manifests].concat(), ..self }
    }
}
