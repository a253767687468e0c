//! Signed statements of where the ledger stood, kept outside Postgres.
//!
//! A superuser can rewrite every row and re-seal the chain; what he cannot rewrite is a checkpoint
//! signed with a key the database never sees, in a place the database never writes.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Seek, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use jiff::{SignedDuration, Timestamp};
use kernel::Ambient;
pub use seal::key_id;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::figures;
pub use crate::handover::{Former, Handover};
use crate::sequencer::Ledger;

/// Time between two checkpoints.
const INTERVAL: Duration = Duration::from_secs(60);
/// How old the last checkpoint has to be before a replica takes its turn: a little less than the time between two, so that the
/// replica that signed it is not kept from the next.
const TURN: SignedDuration = SignedDuration::from_secs(55);
/// Bytes of the end of a file that are looked at first: a line has less than three hundred, and one that hands over twice as many.
const END: u64 = 4_096;
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
    /// Which key signs after this one; absent but of the last checkpoint that a key signs. Who reads checkpoints without knowing of it reads one like any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handover: Option<Handover>,
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
    /// The last whole line is no checkpoint.
    #[error("the last line of {path} is no checkpoint")]
    End {
        /// The file.
        path: PathBuf,
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
            handover: None,
        };
        checkpoint.signature = hex::encode(key.sign(checkpoint.statement().as_bytes()).as_ref());
        checkpoint
    }

    /// The same as the last that `key` signs: the public key `to` signs after it.
    #[must_use]
    pub fn handing_over(self, key: &Ed25519KeyPair, to: &[u8]) -> Self {
        Self { handover: Some(Handover::sign(key, &self.statement(), to)), ..self }
    }

    /// Whether `public_key` signed exactly this, and handed over what it says it did.
    pub fn holds(&self, public_key: &[u8]) -> bool {
        let Ok(signature) = hex::decode(&self.signature) else { return false };
        let statement = self.statement();
        self.key_id == key_id(public_key)
            && UnparsedPublicKey::new(&ED25519, public_key).verify(statement.as_bytes(), &signature).is_ok()
            && self.handover.as_ref().is_none_or(|handover| handover.holds(&statement, public_key))
    }

    /// Whether the key `to` is told to sign after it.
    fn is_handed_to(&self, to: &[u8]) -> bool {
        self.handover.as_ref().and_then(Handover::successor).is_some_and(|key| key == to)
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

/// Reads a checkpoint file whole; an absent one holds none. A last line without its line break was torn by
/// a crash while it was written and never became a checkpoint.
///
/// # Errors
/// [`CheckpointError`].
pub fn read(path: &Path) -> Result<Vec<Checkpoint>, CheckpointError> {
    let mut all = Vec::new();
    each(path, |checkpoint| all.push(checkpoint))?;
    Ok(all)
}

/// The checkpoints of a file that cover more than `position`, after those by which keys were handed over before it; where none covers more,
/// the last one however little it covers. Every line is read, and no more of them is held than that.
///
/// # Errors
/// As [`read`].
pub fn since(path: &Path, position: i64) -> Result<Vec<Checkpoint>, CheckpointError> {
    let (mut kept, mut last) = (Vec::new(), None);
    each(path, |checkpoint| {
        let covers = checkpoint.position > position;
        if covers || checkpoint.handover.is_some() {
            last = None;
            kept.push(checkpoint);
        } else if kept.last().is_none_or(|kept| kept.position <= position) {
            last = Some(checkpoint);
        }
    })?;
    kept.extend(last);
    Ok(kept)
}

/// Gives each checkpoint of a file, line by line.
fn each(path: &Path, mut take: impl FnMut(Checkpoint)) -> Result<(), CheckpointError> {
    let fault = |source| CheckpointError::File { path: path.to_owned(), source };
    let mut file = match File::open(path) {
        Ok(file) => BufReader::new(file),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fault(error)),
    };
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        file.read_until(b'\n', &mut line).map_err(fault)?;
        if line.pop() != Some(b'\n') {
            break;
        }
        let checkpoint = serde_json::from_slice(&line);
        take(checkpoint.map_err(|_| CheckpointError::Line { path: path.to_owned(), line: number })?);
    }
    Ok(())
}

/// The last whole line, under a lock for which other replicas wait until the file is closed. What a crash tore off behind it is cut off.
fn last_line(file: &mut File) -> io::Result<Vec<u8>> {
    if let Err(error) = file.lock() {
        // A file system that knows no locks: two that sign in one instant may leave two lines of one position.
        tracing::debug!(error = kernel::chain(&error), "the checkpoint file is written without a lock");
    }
    let (line, whole) = end(file)?;
    if whole < file.metadata()?.len() {
        file.set_len(whole)?;
    }
    Ok(line)
}

/// The last line that has its line break, and where it ends. Reads no more than the end, however long the file is.
fn end(file: &mut (impl Read + Seek)) -> io::Result<(Vec<u8>, u64)> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut looked = END;
    loop {
        let from = length.saturating_sub(looked);
        file.seek(SeekFrom::Start(from))?;
        let mut bytes = Vec::new();
        file.by_ref().take(length - from).read_to_end(&mut bytes)?;
        let mut breaks = (0..bytes.len()).rev().filter(|at| bytes[*at] == b'\n');
        match (breaks.next(), breaks.next()) {
            (Some(last), Some(before)) => return Ok((bytes[before + 1..last].to_vec(), from + last as u64 + 1)),
            (Some(last), None) if from == 0 => return Ok((bytes[..last].to_vec(), last as u64 + 1)),
            (None, _) if from == 0 => return Ok((Vec::new(), 0)),
            // What was torn off is longer than what was looked at.
            _ => looked *= 2,
        }
    }
}

/// Whose turn it is to sign, as the last line tells.
enum Turn<'a> {
    /// The key's own.
    Own,
    /// The key's own, once this one, which signed last, has handed over to it.
    After(&'a Ed25519KeyPair),
    /// Another key's, to which this one was handed over.
    Over,
}

/// Signs the head every minute and once at the end. Replicas of a service take turns at one file: each begins by reading its last line,
/// and leaves out what another signed meanwhile. Where another key signed last, that one hands over first, if it is here; and who still has a key
/// that was handed over signs no more. Cheap to clone.
#[derive(Clone)]
pub struct Notary {
    ledger: Ledger,
    ambient: Ambient,
    key: Arc<Ed25519KeyPair>,
    former: Former,
    folder: PathBuf,
}

impl Notary {
    /// Signs `ledger` with `key` into a file of `folder`.
    pub fn new(ledger: Ledger, ambient: Ambient, key: Arc<Ed25519KeyPair>, folder: PathBuf) -> Self {
        Self { ledger, ambient, key, former: Former::default(), folder }
    }

    /// The same after these keys.
    #[must_use]
    pub fn after(self, former: Former) -> Self {
        Self { former, ..self }
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
        match self.take_over().await {
            Ok(position) => last = last.max(position),
            Err(error) => tracing::error!(
                source = self.ledger.source(),
                error = kernel::chain(&error),
                "the key that signed before could not hand over yet"
            ),
        }
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
            let signed = if ended { self.sign(last).await } else { self.sign_in_turn(last).await };
            match signed {
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

    /// Signs the head if it moved past `last` and nobody else signed it meanwhile; answers the position that is covered.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub async fn sign(&self, last: i64) -> Result<i64, CheckpointError> {
        self.sign_after(last, SignedDuration::ZERO).await
    }

    /// The same unless a replica signed within the last minute: its line and the next cover what this one would.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub async fn sign_in_turn(&self, last: i64) -> Result<i64, CheckpointError> {
        self.sign_after(last, TURN).await
    }

    /// Has the key that signed last hand over to this one, if it is here and has not done so; the head need not have moved. Answers the position
    /// that is covered.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub async fn take_over(&self) -> Result<i64, CheckpointError> {
        if self.former.handing().is_none() {
            return Ok(0);
        }
        let (position, hash) = self.ledger.position().await?;
        self.append_apart(0, (position, hash), TURN).await
    }

    async fn sign_after(&self, last: i64, age: SignedDuration) -> Result<i64, CheckpointError> {
        let (position, hash) = self.ledger.position().await?;
        if position <= last {
            return Ok(last);
        }
        self.append_apart(last, (position, hash), age).await
    }

    async fn append_apart(
        &self,
        last: i64,
        (position, hash): (i64, Vec<u8>),
        age: SignedDuration,
    ) -> Result<i64, CheckpointError> {
        let notary = self.clone();
        // Another replica holds the file for as long as its disk takes.
        let signed = tokio::task::spawn_blocking(move || notary.append(last, position, &hash, age)).await;
        signed.unwrap_or_else(|lost| Err(CheckpointError::File { path: self.file(), source: io::Error::other(lost) }))
    }

    fn append(&self, last: i64, position: i64, hash: &[u8], age: SignedDuration) -> Result<i64, CheckpointError> {
        let path = self.file();
        let fault = |source| CheckpointError::File { path: path.clone(), source };
        std::fs::create_dir_all(&self.folder).map_err(fault)?;
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(fault)?;
        let line = last_line(&mut file).map_err(fault)?;
        // Where nobody can read the line, who wrote what comes before it goes by what it knows.
        let before: Option<Checkpoint> = serde_json::from_slice(&line).ok();
        let now = self.ambient.now();
        let (mut hash, mut lines) = (hash.to_vec(), Vec::new());
        if let Some(before) = &before {
            let covered = Ok(before.position.max(last));
            match self.turn(before) {
                Turn::Over => {
                    tracing::warn!(
                        source = self.ledger.source(),
                        "another key signs this ledger now: this process has the one that was handed over, and signs no more"
                    );
                    return covered;
                }
                Turn::Own if before.position >= position => return covered,
                Turn::Own if now.duration_since(before.signed_at).abs() < age => return covered,
                Turn::Own => {}
                // A ledger that was put back: what it says now is not for the key that goes to sign.
                Turn::After(_) if before.position > position => return covered,
                Turn::After(handing) => {
                    if before.position == position {
                        // The key that goes says nothing else than it did.
                        hash = seal::unhex(&before.hash).unwrap_or(hash);
                    }
                    let checkpoint = Checkpoint::sign(handing, self.ledger.source(), position, &hash, now);
                    lines.push(checkpoint.handing_over(handing, self.public_key()));
                    tracing::info!(
                        source = self.ledger.source(),
                        position,
                        from = before.key_id,
                        to = key_id(self.public_key()),
                        "the signing key was handed over"
                    );
                }
            }
        }
        lines.push(Checkpoint::sign(&self.key, self.ledger.source(), position, &hash, now));
        let mut bytes = Vec::new();
        for line in &lines {
            serde_json::to_writer(&mut bytes, line).map_err(|e| fault(e.into()))?;
            bytes.push(b'\n');
        }
        file.write_all(&bytes).and_then(|()| file.sync_data()).map_err(fault)?;
        Ok(position)
    }

    /// Whose turn it is after this last line.
    fn turn(&self, before: &Checkpoint) -> Turn<'_> {
        let own = self.public_key();
        if before.is_handed_to(own) {
            return Turn::Own;
        }
        if before.holds(own) {
            return if before.handover.is_some() { Turn::Over } else { Turn::Own };
        }
        match self.former.handing() {
            Some(handing) if before.holds(handing.public_key().as_ref()) => Turn::After(handing),
            _ if self.former.knows(&before.key_id) => Turn::Own,
            // Nobody's that is known here: what this key was handed over to, where the file says so.
            _ if self.was_handed_over() => Turn::Over,
            _ => Turn::Own,
        }
    }

    /// Whether the file says that this key was handed over, and was not taken up again since. Reads all of it.
    fn was_handed_over(&self) -> bool {
        let own = self.public_key();
        let mut over = false;
        let read = each(&self.file(), |checkpoint| {
            over = (over || checkpoint.handover.is_some() && checkpoint.holds(own)) && !checkpoint.is_handed_to(own);
        });
        // A file that cannot be read keeps nobody from signing.
        read.is_ok() && over
    }

    fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }

    /// The position that is signed already; a torn last line is taken away first.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn resume(&self) -> Result<i64, CheckpointError> {
        let path = self.file();
        let line = match OpenOptions::new().read(true).append(true).open(&path) {
            Ok(mut file) => last_line(&mut file),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
            Err(error) => Err(error),
        };
        let line = line.map_err(|source| CheckpointError::File { path: path.clone(), source })?;
        if line.is_empty() {
            return Ok(0);
        }
        let last: Checkpoint = serde_json::from_slice(&line).map_err(|_| CheckpointError::End { path })?;
        Ok(last.position)
    }

    fn file(&self) -> PathBuf {
        file_of(&self.folder, self.ledger.source())
    }
}
