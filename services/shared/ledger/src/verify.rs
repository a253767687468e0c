//! Proves a ledger from an export and its checkpoints alone, or names the first bad entry.

mod proof;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};

use futures::TryStreamExt;
use jiff::Timestamp;
use postgres::{Db, StoreError};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use uuid::Uuid;

use crate::archive::Archive;
use crate::chain::{Chained, GENESIS, commitment, entry_hash};
use crate::checkpoint::{Checkpoint, Handover, key_id};
use crate::rows::{self, EntryRow, entry_columns};

/// One line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exported {
    /// Place in the ledger.
    pub position: i64,
    /// Id of the entry.
    pub entry_id: Uuid,
    /// Resource name of the aggregate.
    pub aggregate: String,
    /// Full name of the payload's message.
    pub r#type: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// When it was written.
    pub recorded_at: Timestamp,
    /// Kind of the actor.
    pub actor_kind: String,
    /// Opaque id of the actor.
    pub actor_id: String,
    /// Department of the actor; empty when none.
    pub actor_department: String,
    /// Trace context.
    pub traceparent: String,
    /// Payload, hex.
    pub payload: String,
    /// Commitment to the personal part, hex; empty when there never was one.
    pub commitment: String,
    /// Hash of the entry before, hex.
    pub prev_hash: String,
    /// Hash of the entry, hex.
    pub hash: String,
    /// Salt, hex; empty when erased or not exported.
    #[serde(default)]
    pub salt: String,
    /// Personal part, hex; empty when erased or not exported.
    #[serde(default)]
    pub personal: String,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Entries that were read.
    pub entries: i64,
    /// Checkpoints that were held against them.
    pub checkpoints: usize,
    /// Personal parts whose commitment was checked.
    pub personal_parts: i64,
    /// Personal parts that are gone; the chain holds without them.
    pub erased_parts: i64,
    /// Archived months whose manifests follow each other up to the first entry that was read.
    pub archived_months: usize,
    /// Those of them whose files were read.
    pub months_read: usize,
    /// The last position that was come to: what lies beyond it is not proved.
    pub end: i64,
    /// The first thing that is wrong; `None` when all holds.
    pub fault: Option<Fault>,
}

/// What is wrong, and where first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A line of the export is no entry.
    #[error("line {line} of the export is no ledger entry")]
    Unreadable {
        /// Line number from 1.
        line: i64,
    },
    /// An entry is missing, doubled or out of order.
    #[error("entry {found} stands where entry {expected} belongs")]
    Position {
        /// The position that should follow.
        expected: i64,
        /// The position found.
        found: i64,
    },
    /// The entry does not follow the one before.
    #[error("entry {position} does not follow the entry before it")]
    Broken {
        /// Its position.
        position: i64,
    },
    /// The entry's content does not give its hash.
    #[error("entry {position} was altered")]
    Altered {
        /// Its position.
        position: i64,
    },
    /// The personal part is not the one committed to.
    #[error("the personal part of entry {position} was altered")]
    PersonalAltered {
        /// Its position.
        position: i64,
    },
    /// The chain is whole but is not the one that was signed: it was sealed anew at or before this.
    #[error("entry {position} is not the one that was signed; the ledger was sealed anew after position {last_good}")]
    Resealed {
        /// The position that was signed.
        position: i64,
        /// Last position a checkpoint confirms.
        last_good: i64,
    },
    /// The ledger ends before a signed position.
    #[error("the ledger ends at {end} but position {signed} was signed: its tail was cut off")]
    CutOff {
        /// Last position found.
        end: i64,
        /// Position a checkpoint covers.
        signed: i64,
    },
    /// A checkpoint's own signature does not hold.
    #[error("the checkpoint of position {position} was not signed by a known key")]
    Checkpoint {
        /// Its position.
        position: i64,
    },
    /// Nothing tells of entries that are not in the ledger.
    #[error("entry {position} is archived and no manifest tells of it")]
    MonthMissing {
        /// Their first position.
        position: i64,
    },
    /// The manifest's signature does not hold.
    #[error("the manifest of {month} was not signed by a known key")]
    MonthUnsigned {
        /// The month.
        month: String,
    },
    /// The file is not there or damaged.
    #[error("the file of {month} cannot be read")]
    MonthUnread {
        /// The month.
        month: String,
    },
    /// The file is another.
    #[error("the file of {month} is not the one that was signed")]
    MonthAltered {
        /// The month.
        month: String,
    },
    /// What the database keeps of a month was changed.
    #[error("what the database keeps of {month} is not what was archived")]
    KeptAltered {
        /// The month.
        month: String,
    },
    /// A checkpoint is signed by a key that was not to sign any more.
    #[error("the checkpoint of position {position} was signed with a key that had been handed over before")]
    HandedOver {
        /// Its position.
        position: i64,
    },
}

/// Checks entries one by one as they are read.
pub struct Verifier {
    expected: i64,
    prev_hash: [u8; 32],
    signed: BTreeMap<i64, String>,
    last_good: i64,
    keys: Vec<Vec<u8>>,
    pub(crate) verdict: Verdict,
}

impl Verifier {
    /// Holds the entries to come against these checkpoints of `source`, in the order in which they were signed: by one of the keys, or by one that
    /// such a key handed over to. A key that handed over is believed no more, until it is handed over to again.
    pub fn new(source: &str, checkpoints: &[Checkpoint], public_keys: &[Vec<u8>]) -> Self {
        let mut verdict = Verdict::default();
        let mut signed = BTreeMap::new();
        let (mut keys, mut over) = (public_keys.to_vec(), BTreeSet::new());
        for checkpoint in checkpoints {
            let position = checkpoint.position;
            let holds = checkpoint.source == source && keys.iter().any(|key| checkpoint.holds(key));
            // Two checkpoints of one position must agree; the first that disagrees is the fault.
            let before = signed.insert(position, checkpoint.hash.clone());
            if !holds || before.is_some_and(|hash| hash != checkpoint.hash) {
                verdict.fault.get_or_insert(Fault::Checkpoint { position });
            } else if over.contains(&checkpoint.key_id) {
                verdict.fault.get_or_insert(Fault::HandedOver { position });
            } else if let Some(successor) = checkpoint.handover.as_ref().and_then(Handover::successor) {
                over.insert(checkpoint.key_id.clone());
                over.remove(&key_id(&successor));
                keys.push(successor);
            }
            verdict.checkpoints += 1;
        }
        Self { expected: 1, prev_hash: GENESIS, signed, last_good: 0, keys, verdict }
    }

    /// The same for entries that begin after `position`, whose hash is taken as it is.
    pub(crate) fn after(mut self, position: i64, hash: [u8; 32]) -> Self {
        (self.expected, self.prev_hash, self.last_good) = (position + 1, hash, position);
        self
    }

    /// Checks the next entry; after the first fault the rest is not looked at.
    pub fn check(&mut self, entry: &Exported) {
        if self.verdict.fault.is_some() {
            return;
        }
        self.verdict.fault = self.fault_of(entry);
        self.verdict.entries += 1;
    }

    /// The last position that was checked, and its hash.
    pub(crate) fn stands(&self) -> (i64, &[u8]) {
        (self.expected - 1, &self.prev_hash)
    }

    /// The first thing that is wrong so far.
    pub(crate) fn fault(&self) -> Option<&Fault> {
        self.verdict.fault.as_ref()
    }

    /// Notes what is wrong, unless something was before.
    pub(crate) fn fail(&mut self, fault: Fault) {
        self.verdict.fault.get_or_insert(fault);
    }

    /// Keys that are believed, those that were handed over to among them.
    pub(crate) fn keys(&self) -> &[Vec<u8>] {
        &self.keys
    }

    /// Takes entries as checked up to `position`, whose hash this is. What was signed of that position must agree.
    pub(crate) fn pass_to(&mut self, position: i64, hash: [u8; 32]) {
        if self.signed.get(&position).is_some_and(|signed| *signed != hex::encode(hash)) {
            self.fail(Fault::Resealed { position, last_good: self.last_good });
        }
        (self.expected, self.prev_hash) = (position + 1, hash);
    }

    /// Closes the check of what ends before the ledger does: what is signed of later positions is not looked for.
    pub(crate) fn finish_early(self) -> Verdict {
        Verdict { end: self.expected - 1, ..self.verdict }
    }

    /// Notes a line that is no entry.
    pub fn unreadable(&mut self) {
        let line = self.verdict.entries + 1;
        self.verdict.fault.get_or_insert(Fault::Unreadable { line });
    }

    /// Closes the check: no signed position may lie beyond the end.
    pub fn finish(mut self) -> Verdict {
        if self.verdict.fault.is_none()
            && let Some((&signed, _)) = self.signed.last_key_value()
            && signed >= self.expected
        {
            self.verdict.fault = Some(Fault::CutOff { end: self.expected - 1, signed });
        }
        self.finish_early()
    }

    fn fault_of(&mut self, entry: &Exported) -> Option<Fault> {
        let position = entry.position;
        if position != self.expected {
            return Some(Fault::Position { expected: self.expected, found: position });
        }
        let altered = Some(Fault::Altered { position });
        let (Ok(payload), Ok(committed)) = (hex::decode(&entry.payload), hex::decode(&entry.commitment)) else {
            return altered;
        };
        if hex::decode(&entry.prev_hash).ok().as_deref() != Some(self.prev_hash.as_slice()) {
            return Some(Fault::Broken { position });
        }
        let hash = entry_hash(&self.prev_hash, &chained(entry, &payload, &committed));
        if hex::encode(hash) != entry.hash {
            return altered;
        }
        if let Some(fault) = self.personal_fault(entry, &committed) {
            return Some(fault);
        }
        if let Some(signed) = self.signed.get(&position) {
            if *signed != entry.hash {
                return Some(Fault::Resealed { position, last_good: self.last_good });
            }
            self.last_good = position;
        }
        self.prev_hash = hash;
        self.expected += 1;
        None
    }

    fn personal_fault(&mut self, entry: &Exported, committed: &[u8]) -> Option<Fault> {
        let fault = Some(Fault::PersonalAltered { position: entry.position });
        if entry.salt.is_empty() && entry.personal.is_empty() {
            self.verdict.erased_parts += i64::from(!committed.is_empty());
            return None;
        }
        let (Ok(salt), Ok(personal)) = (hex::decode(&entry.salt), hex::decode(&entry.personal)) else { return fault };
        if commitment(&salt, &personal) != committed {
            return fault;
        }
        self.verdict.personal_parts += 1;
        None
    }
}

fn chained<'a>(entry: &'a Exported, payload: &'a [u8], committed: &'a [u8]) -> Chained<'a> {
    Chained {
        position: entry.position,
        entry_id: entry.entry_id,
        aggregate: &entry.aggregate,
        kind: &entry.r#type,
        occurred_at: entry.occurred_at,
        recorded_at: entry.recorded_at,
        actor_kind: &entry.actor_kind,
        actor_id: &entry.actor_id,
        actor_department: &entry.actor_department,
        traceparent: &entry.traceparent,
        payload,
        commitment: committed,
    }
}

/// Checks an export, one JSON entry a line.
///
/// # Errors
/// When the export cannot be read at all.
pub fn verify_export(
    source: &str,
    export: impl BufRead,
    checkpoints: &[Checkpoint],
    public_keys: &[Vec<u8>],
) -> std::io::Result<Verdict> {
    let mut verifier = Verifier::new(source, checkpoints, public_keys);
    for line in export.lines() {
        match serde_json::from_str::<Exported>(&line?) {
            Ok(entry) => verifier.check(&entry),
            Err(_) => verifier.unreadable(),
        }
    }
    Ok(verifier.finish())
}

/// Why an export could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place it is written to.
    #[error("the export cannot be written")]
    Write(#[from] std::io::Error),
}

impl From<sqlx::Error> for ExportError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Writes the whole ledger, one JSON entry a line; personal parts only when asked for. Answers how
/// many entries were written; memory does not grow with them.
///
/// # Errors
/// [`ExportError`].
pub async fn export(db: &Db, personal: bool, mut out: impl Write) -> Result<i64, ExportError> {
    let mut rows = sqlx::query(concat!(
        "select ",
        entry_columns!(),
        ", p.salt, p.personal from ledger l
         left join ledger_personal p on $1 and p.position = l.position order by l.position",
    ))
    .bind(personal)
    .fetch(db.reader());
    let mut written = 0;
    while let Some(row) = rows.try_next().await? {
        let (prev_hash, hash): (Vec<u8>, Vec<u8>) = (row.try_get("prev_hash")?, row.try_get("hash")?);
        let entry = exported(row.try_get("position")?, EntryRow::read(&row)?, &prev_hash, &hash);
        serde_json::to_writer(&mut out, &entry).map_err(std::io::Error::from)?;
        out.write_all(b"\n")?;
        written += 1;
    }
    out.flush()?;
    Ok(written)
}

/// Checks the ledger where it stands.
///
/// # Errors
/// [`StoreError`].
pub async fn verify_database(
    db: &Db,
    source: &str,
    checkpoints: &[Checkpoint],
    public_keys: &[Vec<u8>],
) -> Result<Verdict, StoreError> {
    verify_all(db, source, checkpoints, public_keys, &Archive::default()).await
}

/// Checks the archived months and what is left of the ledger as one chain: what was archived by its manifests alone where the files are not at hand,
/// and what the database keeps of it.
///
/// # Errors
/// [`StoreError`].
pub async fn verify_all(
    db: &Db,
    source: &str,
    checkpoints: &[Checkpoint],
    public_keys: &[Vec<u8>],
    archive: &Archive,
) -> Result<Verdict, StoreError> {
    let mut verifier = Verifier::new(source, checkpoints, public_keys);
    let first: Option<i64> = sqlx::query_scalar("select min(position) from ledger").fetch_one(db.reader()).await?;
    proof::months(&mut verifier, Some(db), source, archive, first.unwrap_or(1)).await?;
    let mut rows = sqlx::query(concat!(
        "select ",
        entry_columns!(),
        ", p.salt, p.personal from ledger l left join ledger_personal p using (position) order by l.position",
    ))
    .fetch(db.reader());
    while let Some(row) = rows.try_next().await? {
        let (prev_hash, hash): (Vec<u8>, Vec<u8>) = (row.try_get("prev_hash")?, row.try_get("hash")?);
        verifier.check(&exported(row.try_get("position")?, EntryRow::read(&row)?, &prev_hash, &hash));
    }
    Ok(verifier.finish())
}

/// Checks archived months from their files alone, and after them an export of what is left, where there is one. Without one nothing is said of what was
/// signed beyond [`Verdict::end`].
///
/// # Errors
/// When the export cannot be read at all.
pub async fn verify_files(
    source: &str,
    archive: &Archive,
    export: Option<impl BufRead>,
    checkpoints: &[Checkpoint],
    public_keys: &[Vec<u8>],
) -> std::io::Result<Verdict> {
    let mut verifier = Verifier::new(source, checkpoints, public_keys);
    proof::months(&mut verifier, None, source, archive, i64::MAX).await.map_err(std::io::Error::other)?;
    let Some(export) = export else { return Ok(verifier.finish_early()) };
    for line in export.lines() {
        match serde_json::from_str::<Exported>(&line?) {
            Ok(entry) => verifier.check(&entry),
            Err(_) => verifier.unreadable(),
        }
    }
    Ok(verifier.finish())
}

/// Checks the last `count` entries where they stand, and takes what is before them as it is: a look that costs the same however
/// long the ledger is. Checkpoints of what is not read are left out.
///
/// # Errors
/// [`StoreError`].
pub async fn verify_tail(
    db: &Db,
    source: &str,
    checkpoints: &[Checkpoint],
    public_keys: &[Vec<u8>],
    count: i64,
) -> Result<Verdict, StoreError> {
    let end: i64 = sqlx::query_scalar("select coalesce(max(position), 0) from ledger").fetch_one(db.reader()).await?;
    // What is archived is not here to be read.
    let before = end.saturating_sub(count).max(rows::first(db.reader()).await? - 1);
    let hash = rows::hash_at(db.reader(), before).await?;
    // Of what is not read counts alone which of the keys was handed over by then.
    let counts = |signed: &&Checkpoint| {
        signed.position > before || signed.handover.is_some() && public_keys.iter().any(|key| signed.holds(key))
    };
    let of_these: Vec<Checkpoint> = checkpoints.iter().filter(counts).cloned().collect();
    let mut verifier = Verifier::new(source, &of_these, public_keys);
    verifier.verdict.checkpoints = of_these.iter().filter(|signed| signed.position > before).count();
    // Where the entry before is missing, the first one that is read says so.
    if let Some(hash) = hash.and_then(|hash| hash.try_into().ok()) {
        verifier = verifier.after(before, hash);
    }
    let mut rows = sqlx::query(concat!(
        "select ",
        entry_columns!(),
        ", p.salt, p.personal from ledger l left join ledger_personal p using (position)
         where l.position > $1 and l.position <= $2 order by l.position",
    ))
    .bind(before)
    .bind(end)
    .fetch(db.reader());
    while let Some(row) = rows.try_next().await? {
        let (prev_hash, hash): (Vec<u8>, Vec<u8>) = (row.try_get("prev_hash")?, row.try_get("hash")?);
        verifier.check(&exported(row.try_get("position")?, EntryRow::read(&row)?, &prev_hash, &hash));
    }
    Ok(verifier.finish())
}

pub(crate) fn exported(position: i64, row: EntryRow, prev_hash: &[u8], hash: &[u8]) -> Exported {
    let hexed = |bytes: Option<Vec<u8>>| bytes.map(hex::encode).unwrap_or_default();
    Exported {
        position,
        entry_id: row.entry_id,
        aggregate: row.aggregate,
        r#type: row.kind,
        occurred_at: row.occurred_at,
        recorded_at: row.recorded_at,
        actor_kind: row.actor_kind,
        actor_id: row.actor_id,
        actor_department: row.actor_department.unwrap_or_default(),
        traceparent: row.traceparent,
        payload: hex::encode(&row.payload),
        commitment: hexed(row.commitment),
        prev_hash: hex::encode(prev_hash),
        hash: hex::encode(hash),
        salt: hexed(row.salt),
        personal: hexed(row.personal),
    }
}
