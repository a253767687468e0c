//! The dossier's chain: each entry is bound to the one before, its content by a salted commitment, so
//! that content can be taken out while the chain still proves the rest.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{Context, SHA256};
use jiff::Timestamp;
use kernel::{Actor, ResourceId};

use crate::CaseId;
use crate::vocabulary::{DossierKind, Visibility};

/// A SHA-256 value.
pub type Hash = [u8; 32];

/// What the first entry follows.
pub const GENESIS: Hash = [0; 32];

/// The chained part of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The case.
    pub case: CaseId,
    /// Place in the chain, from 1.
    pub sequence: u64,
    /// What it is.
    pub kind: DossierKind,
    /// Who may see it.
    pub visibility: Visibility,
    /// Who added it.
    pub actor: Actor,
    /// When, in whole microseconds.
    pub recorded_at: Timestamp,
    /// Media type of the content.
    pub content_type: String,
    /// Commitment to the content.
    pub commitment: Hash,
    /// Hash of the entry before.
    pub prev_hash: Hash,
}

/// An entry with its hash, and its content while it is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The chained part.
    pub entry: Entry,
    /// Its hash.
    pub hash: Hash,
    /// Salt and content; `None` once redacted.
    pub content: Option<Content>,
}

/// The erasable part of an entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// Makes the commitment say nothing about a content that could be guessed.
    pub salt: [u8; 32],
    /// The content.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[personal]")
    }
}

impl Content {
    /// What binds the content to its entry.
    pub fn commitment(&self) -> Hash {
        let mut digest = Context::new(&SHA256);
        digest.update(b"ventanilla.dossier.content.v1");
        digest.update(&self.salt);
        digest.update(&self.bytes);
        hash(digest)
    }
}

/// Where a chain ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Sequence of the last entry; 0 for none.
    pub sequence: u64,
    /// Hash of the last entry.
    pub hash: Hash,
}

impl Head {
    /// The end of a chain without entries.
    pub const EMPTY: Self = Self { sequence: 0, hash: GENESIS };
}

/// Which of these offers the claimant was told: after a notice comes nobody's but the last offer before it. Sequences with their kinds, in order.
pub fn told_offers(entries: &[(u64, DossierKind)]) -> BTreeSet<u64> {
    let mut told = BTreeSet::new();
    let mut offered = None;
    for (sequence, kind) in entries {
        match kind {
            DossierKind::Offer => offered = Some(*sequence),
            DossierKind::OfferNotice => told.extend(offered.take()),
            _ => {}
        }
    }
    told
}

/// What somebody wants to add.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What it is.
    pub kind: DossierKind,
    /// Who may see it.
    pub visibility: Visibility,
    /// Media type of the content.
    pub content_type: String,
    /// The content with its salt.
    pub content: Content,
}

impl Draft {
    /// Chains it after `head`.
    pub fn seal(self, case: CaseId, head: Head, actor: &Actor, now: Timestamp) -> Sealed {
        let entry = Entry {
            case,
            sequence: head.sequence + 1,
            kind: self.kind,
            visibility: self.visibility,
            actor: actor.clone(),
            recorded_at: now,
            content_type: self.content_type,
            commitment: self.content.commitment(),
            prev_hash: head.hash,
        };
        Sealed { hash: entry.hash(), entry, content: Some(self.content) }
    }
}

impl Sealed {
    /// The chain's end after this entry.
    pub const fn head(&self) -> Head {
        Head { sequence: self.entry.sequence, hash: self.hash }
    }
}

impl Entry {
    /// Hash over the canonical form: every field behind its length, so that no two entries share one.
    pub fn hash(&self) -> Hash {
        let mut digest = Context::new(&SHA256);
        digest.update(b"ventanilla.dossier.entry.v1");
        let department = self.actor.department.as_ref().map_or("", |department| department.as_str());
        let case = self.case.uuid();
        let fields: [&[u8]; 11] = [
            case.as_bytes(),
            &self.sequence.to_be_bytes(),
            self.kind.as_str().as_bytes(),
            self.visibility.as_str().as_bytes(),
            self.actor.kind.as_str().as_bytes(),
            self.actor.id.as_bytes(),
            department.as_bytes(),
            &self.recorded_at.as_microsecond().to_be_bytes(),
            self.content_type.as_bytes(),
            &self.commitment,
            &self.prev_hash,
        ];
        for field in fields {
            digest.update(&u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(field);
        }
        hash(digest)
    }
}

fn hash(digest: Context) -> Hash {
    let mut out = GENESIS;
    out.copy_from_slice(digest.finish().as_ref());
    out
}

/// The first thing that is wrong with a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Sequence of the entry.
    pub sequence: u64,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What can be wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// It is not there.
    Missing,
    /// It does not follow the entry before.
    BrokenLink,
    /// Its hash is not the hash of what it says.
    Altered,
    /// Its content is not what was committed to.
    ContentAltered,
    /// The chain ends elsewhere than the head says.
    HeadMismatch,
    /// Another hash was recorded when it was added, or none.
    NotAsRecorded,
    /// Its content should be there and is not.
    ContentMissing,
}

/// Recomputes a chain, in the order given, and holds its end against the head that was kept elsewhere. Where content was taken out nothing is said of it.
///
/// # Errors
/// The first entry that is not what was written.
pub fn verify(case: CaseId, entries: &[Sealed], head: Head) -> Result<(), Fault> {
    verify_whole(case, entries, head, |_| false)
}

/// The same, where the content of some entries has to be there.
///
/// # Errors
/// The first entry that is not what was written, or lacks what it has to have.
pub fn verify_whole(
    case: CaseId,
    entries: &[Sealed],
    head: Head,
    has_content: impl Fn(&Entry) -> bool,
) -> Result<(), Fault> {
    let mut last = Head::EMPTY;
    for sealed in entries {
        let expected = last.sequence + 1;
        let fault = |kind| Err(Fault { sequence: expected, kind });
        let entry = &sealed.entry;
        if entry.sequence != expected {
            return fault(FaultKind::Missing);
        }
        if entry.prev_hash != last.hash {
            return fault(FaultKind::BrokenLink);
        }
        if entry.case != case || entry.hash() != sealed.hash {
            return fault(FaultKind::Altered);
        }
        match &sealed.content {
            Some(content) if content.commitment() != entry.commitment => return fault(FaultKind::ContentAltered),
            None if has_content(entry) => return fault(FaultKind::ContentMissing),
            _ => {}
        }
        last = sealed.head();
    }
    if last.sequence < head.sequence {
        return Err(Fault { sequence: last.sequence + 1, kind: FaultKind::Missing });
    }
    if last != head {
        let sequence = if last.sequence > head.sequence { head.sequence + 1 } else { last.sequence };
        return Err(Fault { sequence, kind: FaultKind::HeadMismatch });
    }
    Ok(())
}

/// Holds a chain that is whole in itself against the hashes that were recorded elsewhere as its entries were
/// added: whoever made the whole chain anew is found by the first entry that differs.
///
/// # Errors
/// The first entry that is not the one recorded, or that is recorded and not there.
pub fn hold_against(entries: &[Sealed], recorded: &[(u64, Hash)]) -> Result<(), Fault> {
    let recorded: BTreeMap<u64, Hash> = recorded.iter().copied().collect();
    for sealed in entries {
        let sequence = sealed.entry.sequence;
        if recorded.get(&sequence) != Some(&sealed.hash) {
            return Err(Fault { sequence, kind: FaultKind::NotAsRecorded });
        }
    }
    match recorded.keys().find(|sequence| **sequence > entries.len() as u64) {
        Some(sequence) => Err(Fault { sequence: *sequence, kind: FaultKind::Missing }),
        None => Ok(()),
    }
}
