//! A dossier that somebody took away, whole or redacted, held against itself: no service and no database is needed.

use kernel::{ResourceId as _, Violations};
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::dossier::{
    Content, Entry, Fault, FaultKind, Hash, Head, Sealed, verify as recompute, verify_whole,
};
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use server::parse;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::document::{self, Held};
use crate::grpc::vocabulary::{dossier_kind, visibility};

/// A dossier in which nothing was altered, taken out, added or moved since its head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intact {
    /// The case.
    pub case: CaseId,
    /// How many entries it has.
    pub entries: usize,
    /// Those without content here: redacted, erased, or not for who took the dossier away. What they say is not proven.
    pub bare: Vec<u64>,
    /// Those whose text the office's key signed; none where no key was given.
    pub signed: Vec<u64>,
    /// Whether the file says that the words of the case were destroyed, which the office's ledger proves and the file does not.
    pub erased: bool,
    /// Hash of the last entry. Whoever got it from elsewhere knows that the chain was not made anew.
    pub head: Hash,
}

/// What somebody has of a dossier from elsewhere than the file.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// Hash of its last entry.
    pub head: Option<Hash>,
    /// The office's public keys of Ed25519, the one in use and those before it: a case may have seen more than one.
    pub keys: &'a [Vec<u8>],
}

/// Why a dossier does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The file is none.
    #[error("the file is no dossier: {field} {fault}")]
    NoDossier {
        /// Where.
        field: String,
        /// What is wrong there.
        fault: String,
    },
    /// The first entry that is not what was written, since nothing of the kind can be written.
    #[error("entry {sequence} was altered: {field} {fault}")]
    Unreadable {
        /// Its place.
        sequence: u64,
        /// Which part of it.
        field: String,
        /// What is wrong there.
        fault: String,
    },
    /// The first entry that is not what was written.
    #[error("entry {} {}", .0.sequence, told(.0.kind))]
    Fault(Fault),
    /// The first entry that the office should have signed and did not. Its chain holds: it was made anew.
    #[error("entry {sequence} is no paper of this case that the key signed: {because}")]
    Unsigned {
        /// Its place.
        sequence: u64,
        /// What the key says to it.
        because: NotSigned,
    },
}

/// Why a text of a dossier is none that the office signed for its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// The seal.
    #[error(transparent)]
    Seal(#[from] document::Broken),
    /// It holds, and belongs to another case.
    #[error("it belongs to another case")]
    OfAnotherCase,
}

const fn told(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Missing => "is not there",
        FaultKind::BrokenLink => "does not follow the entry before it",
        FaultKind::Altered => "was altered: its hash is not the hash of what it says",
        FaultKind::ContentAltered => "was altered: its content is not what was committed to",
        FaultKind::HeadMismatch => "is not the one that the head names",
        FaultKind::NotAsRecorded => "is not the one that was recorded when it was added",
        FaultKind::ContentMissing => "lacks its content, which is for who took the dossier away and was not destroyed",
    }
}

/// Recomputes the chain of a dossier up to its head, or up to the one that is known from elsewhere; with its keys, holds what the office
/// signs against them as well: decisions, corrections, acknowledgements.
///
/// # Errors
/// [`Broken`], naming the first entry that is not what was written.
pub fn verify(export: &pb::DossierExport, known: Known<'_>) -> Result<Intact, Broken> {
    let mut violations = Violations::new();
    let case = parse::name::<CaseId>(&mut violations, "case_name", &export.case_name);
    let head = hash(&mut violations, "head_hash", &export.head_hash);
    let (Some(case), Some(head)) = (case, head) else {
        let (field, fault) = first(&violations);
        return Err(Broken::NoDossier { field, fault });
    };
    let mut entries = Vec::with_capacity(export.entries.len());
    for entry in &export.entries {
        let mut violations = Violations::new();
        match read(&mut violations, case, entry).filter(|_| violations.is_empty()) {
            Some(sealed) => entries.push(sealed),
            None => {
                // What stands before it comes first.
                recompute(case, &entries, entries.last().map_or(Head::EMPTY, Sealed::head)).map_err(Broken::Fault)?;
                let (field, fault) = first(&violations);
                return Err(Broken::Unreadable { sequence: entries.len() as u64 + 1, field, fault });
            }
        }
    }
    // Bundles from before the number was told end where they end.
    let length = u64::try_from(export.entry_count).ok().filter(|count| *count > 0).unwrap_or(entries.len() as u64);
    let last = Head { sequence: length, hash: known.head.unwrap_or(head) };
    let (audience, erased) = (export.audience(), export.erase_time.is_some());
    verify_whole(case, &entries, last, |entry| !erased && is_for(audience, entry)).map_err(Broken::Fault)?;
    let signed = if known.keys.is_empty() { Vec::new() } else { signed(case, &entries, known.keys)? };
    let bare = entries.iter().filter(|sealed| sealed.content.is_none()).map(|sealed| sealed.entry.sequence).collect();
    Ok(Intact { case, entries: entries.len(), bare, signed, erased, head: last.hash })
}

/// Whether who took a dossier away was to have what this entry says: what is sealed is for those who work on the case, and of what is for both parties the
/// claimant may not know everything. Of a dossier from before it told for whom it is nothing is known.
fn is_for(audience: pb::DossierAudience, entry: &Entry) -> bool {
    match (audience, entry.visibility) {
        (pb::DossierAudience::Office, visibility) => visibility != Visibility::Sealed,
        (pb::DossierAudience::Parties, Visibility::Parties) => !HELD_BACK.contains(&entry.kind),
        _ => false,
    }
}

/// Kinds of what is for both parties that the claimant may not have: an offer they were not told, and what the firm kept in one paper with what they had.
const HELD_BACK: [DossierKind; 3] = [DossierKind::Offer, DossierKind::MessagesSnapshot, DossierKind::HistorySnapshot];

fn first(violations: &Violations) -> (String, String) {
    let first = violations.as_slice().first();
    first.map_or_else(Default::default, |first| (first.field.clone(), first.description.clone()))
}

/// The places of what the office signs, each held against the key that it names.
fn signed(case: CaseId, entries: &[Sealed], keys: &[Vec<u8>]) -> Result<Vec<u64>, Broken> {
    let mut places = Vec::new();
    for Sealed { entry, content, .. } in entries {
        let is_signed =
            matches!(entry.kind, DossierKind::Decision | DossierKind::Correction | DossierKind::Acknowledgement)
                && entry.content_type.starts_with("text/plain");
        let Some(content) = content.as_ref().filter(|_| is_signed) else { continue };
        let held = String::from_utf8_lossy(&content.bytes);
        let because = match document::verify_paper_by(&held, keys) {
            Ok(paper) if of_this_case(&paper, case) => {
                places.push(entry.sequence);
                continue;
            }
            Ok(_) => NotSigned::OfAnotherCase,
            Err(broken) => broken.into(),
        };
        return Err(Broken::Unsigned { sequence: entry.sequence, because });
    }
    Ok(places)
}

fn of_this_case(paper: &Held<'_>, case: CaseId) -> bool {
    match paper {
        Held::Decision(sealed) => sealed.case == case,
        Held::Correction(sealed) => sealed.name.starts_with(&format!("{}/", case.name())),
        Held::Acknowledgement { case: acknowledged, .. } => *acknowledged == case,
    }
}

fn read(violations: &mut Violations, case: CaseId, entry: &pb::DossierEntry) -> Option<Sealed> {
    let actor = parse::actor(violations, "actor", entry.actor.as_ref());
    let recorded_at = parse::time(violations, "record_time", entry.record_time.as_ref());
    let kind = dossier_kind(violations, "kind", entry.kind);
    let visibility = visibility(violations, "visibility", entry.visibility);
    let commitment = hash(violations, "commitment", &entry.commitment);
    let prev_hash = hash(violations, "prev_hash", &entry.prev_hash);
    let own = hash(violations, "hash", &entry.hash);
    let sequence = u64::try_from(entry.sequence).unwrap_or(0);
    if entry.name != format!("{}/entries/{sequence}", case.name()) {
        violations.push("name", "is not the name of that entry of the case");
    }
    // Content without its salt proves nothing, and is not taken for what was committed to.
    let content = if entry.salt.is_empty() && entry.content.is_empty() {
        None
    } else {
        hash(violations, "salt", &entry.salt).map(|salt| Content { salt, bytes: entry.content.clone() })
    };
    Some(Sealed {
        hash: own?,
        content,
        entry: Entry {
            case,
            sequence,
            kind: kind?,
            visibility: visibility?,
            actor: actor?,
            recorded_at: recorded_at?,
            content_type: entry.content_type.clone(),
            commitment: commitment?,
            prev_hash: prev_hash?,
        },
    })
}

fn hash(violations: &mut Violations, field: &str, bytes: &[u8]) -> Option<Hash> {
    let read = bytes.try_into().ok();
    if read.is_none() {
        violations.push(field, "must have 32 bytes");
    }
    read
}
