//! Reading a dossier: a page of it, whether it is what was written, and all of it to take away.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::dossier::{Hash, Sealed, hold_against, told_offers, verify_whole};
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use ombudsman_escalation_domain::{CaseId, Refused};
use prost::{Message as _, Name as _};
use server::parse::time_to_proto;
use server::{Call, PageToken};
use ventanilla_proto::ledger::v1::Entry as LedgerEntry;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::rights::v1::PersonalDataErased;

use super::standing::Standing;
use super::{denied, entry};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::access::{self, Access};
use crate::store::{case, dossier, rights};

/// Bytes of content after which a page ends: an answer has room for what one entry may hold besides, and who reads it may take no more than 4 MiB at once.
const PAGE_BYTES: usize = 2 * 1024 * 1024;
const LIST: &str = "dossier_entries";
const ACCESSES: &str = "dossier_accesses";

/// A page that is asked for.
#[derive(Debug, Clone)]
pub struct Page {
    /// The case.
    pub case: CaseId,
    /// How many entries at most.
    pub size: usize,
    /// Token of the page before; empty for the first.
    pub token: String,
    /// Whether the last entry comes first.
    pub newest_first: bool,
}

/// How many of these, in order, a page holds: those that are within [`PAGE_BYTES`] together, and the first in any case.
fn fitting(lengths: impl Iterator<Item = usize>) -> usize {
    let mut held = 0_usize;
    let within = lengths.take_while(|length| {
        held = held.saturating_add(*length);
        held <= PAGE_BYTES
    });
    within.count().max(1)
}

/// What the firm keeps of an affair as a whole, its own notes among it, in cases from before both were told apart.
const HOUSES_OWN: [DossierKind; 2] = [DossierKind::MessagesSnapshot, DossierKind::HistorySnapshot];

/// What this caller may see of the case: visibilities that are listed, and whether sealed content is shown.
struct Sight {
    listed: Vec<String>,
    sealed: bool,
    /// Of the claimant: the offers they were told.
    told: Option<BTreeSet<u64>>,
}

impl Sight {
    async fn of(office: &Office, call: &Call, case: CaseId) -> Result<Self, Failure> {
        let who = call.acting();
        // A term that is over, or a tie to the case, leaves what every party may read.
        let (listed, sealed): (&[Visibility], bool) = match who.is_office() {
            true => match Standing::of(office, &who.actor.id, case).await? {
                Standing::Seated => (Visibility::ALL, true),
                Standing::Clear => (Visibility::ALL, false),
                Standing::KeptOff(_) => (&[Visibility::Parties], false),
            },
            false => (&[Visibility::Parties], false),
        };
        Ok(Self { listed: listed.iter().map(ToString::to_string).collect(), sealed, told: None })
    }

    /// What the claimant may see: no offer before they were told it, and nothing that is the firm's own.
    async fn of_claimant(office: &Office, case: CaseId) -> Result<Self, Failure> {
        let offers = dossier::offers(&office.db, case).await?;
        Ok(Self { listed: vec![Visibility::Parties.to_string()], sealed: false, told: Some(told_offers(&offers)) })
    }

    /// What may be taken away for this audience.
    async fn of_audience(office: &Office, call: &Call, case: CaseId, audience: Audience) -> Result<Self, Failure> {
        match audience {
            Audience::Office => Self::of(office, call, case).await,
            Audience::Parties => Self::of_claimant(office, case).await,
        }
    }

    /// Whether the entry is in this caller's list at all.
    fn lists(&self, sealed: &Sealed) -> bool {
        self.told.as_ref().is_none_or(|told| is_for_claimant(sealed, told))
    }

    /// Whether what the office keeps to itself is among it.
    fn is_of_the_office(&self) -> bool {
        self.listed.iter().any(|listed| listed == Visibility::Office.as_str())
    }

    fn shows(&self, sealed: &Sealed) -> bool {
        let visibility = sealed.entry.visibility;
        let is_theirs = self.listed.iter().any(|listed| listed == visibility.as_str()) && self.lists(sealed);
        is_theirs && (visibility != Visibility::Sealed || self.sealed)
    }
}

/// Whether what is for both parties is the claimant's to read: no offer before they were told it, and nothing that is the firm's own.
pub(crate) fn is_for_claimant(sealed: &Sealed, told: &BTreeSet<u64>) -> bool {
    let entry = &sealed.entry;
    !HOUSES_OWN.contains(&entry.kind) && (entry.kind != DossierKind::Offer || told.contains(&entry.sequence))
}

/// Lists entries in order.
///
/// # Errors
/// [`Failure`].
pub async fn list(office: Office, call: Call, page: Page) -> Result<pb::ListDossierEntriesResponse, Failure> {
    list_from(office, call, (page, 0)).await
}

/// Lists the entry of a sequence and those after it in order.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "dossier.list", skip_all, fields(case = %page.case))]
pub async fn list_from(
    office: Office,
    call: Call,
    (page, first): (Page, i64),
) -> Result<pb::ListDossierEntriesResponse, Failure> {
    let sight = Sight::of(&office, &call, page.case).await?;
    seen(office, call, (page, first), sight).await
}

/// The same for the claimant, who sees less of what is for both parties than the firm, whose own some of it is.
pub(super) async fn list_to_claimant(
    office: Office,
    call: Call,
    (page, first): (Page, i64),
) -> Result<pb::ListDossierEntriesResponse, Failure> {
    let sight = Sight::of_claimant(&office, page.case).await?;
    seen(office, call, (page, first), sight).await
}

async fn seen(
    office: Office,
    call: Call,
    (page, first): (Page, i64),
    sight: Sight,
) -> Result<pb::ListDossierEntriesResponse, Failure> {
    // A token of the office's list must not open the same place of the parties' one, nor another case's.
    let order = if page.newest_first { "-" } else { "" };
    let filter = format!("{}{}{first}{order}", page.case, sight.listed.len());
    let from = match PageToken::decode(&page.token, LIST, filter.as_bytes())? {
        Some(token) => {
            let [sequence] = token.fields::<1>()?;
            sequence.parse().map_err(|_| Failure::Unreadable)?
        }
        None if page.newest_first => i64::MAX,
        None => (first - 1).max(0),
    };
    let stored = case::get(&office.db, page.case).await?.ok_or(Refused::CaseNotFound)?;
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let mut found = if page.newest_first {
        dossier::list_back((&office.db, &office.seal), page.case, &sight.listed, from, limit).await?
    } else {
        dossier::list((&office.db, &office.seal), page.case, &sight.listed, from, limit).await?
    };
    let held = fitting(found.iter().map(|sealed| sealed.content.as_ref().map_or(0, |content| content.bytes.len())));
    let size = page.size.min(held);
    let more = found.len() > size;
    found.truncate(size);
    let next_page_token = match found.last() {
        Some(last) if more => PageToken::encode(LIST, filter.as_bytes(), &[&last.entry.sequence.to_string()]),
        _ => String::new(),
    };
    found.retain(|sealed| sight.lists(sealed));
    // Nobody is shown what is not written down as shown.
    access::note(&office.db, &shown(&office, &call, page.case, &sight, &found)).await?;
    let told = |sealed| answer::entry_of(&stored.case, sealed, sight.shows(sealed), false);
    let entries = found.iter().map(told).collect();
    Ok(pb::ListDossierEntriesResponse { entries, next_page_token })
}

fn shown(office: &Office, call: &Call, case: CaseId, sight: &Sight, found: &[Sealed]) -> Access {
    let mut sequences: Vec<u64> = found.iter().map(|sealed| sealed.entry.sequence).collect();
    sequences.sort_unstable();
    let shown = access::runs(&sequences);
    let span = [shown.first().map_or(0, |run| run[0]), shown.last().map_or(0, |run| run[1])];
    let sealed = |sealed: &Sealed| sealed.entry.visibility == Visibility::Sealed && sight.shows(sealed);
    Access {
        case,
        actor: call.actor().clone(),
        shown,
        span,
        sealed: found.iter().any(sealed),
        traceparent: call.traceparent.clone(),
        read_at: office.ambient.now(),
    }
}

/// Who was shown which entries, newest first: for whom of the office nothing keeps off the case.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "dossier.list_accesses", skip_all, fields(case = %page.case))]
pub async fn accesses(office: Office, call: Call, page: Page) -> Result<pb::ListDossierAccessesResponse, Failure> {
    case::get(&office.db, page.case).await?.ok_or(Refused::CaseNotFound)?;
    let filter = page.case.to_string();
    let before = match PageToken::decode(&page.token, ACCESSES, filter.as_bytes())? {
        Some(token) => {
            let [number] = token.fields::<1>()?;
            number.parse().map_err(|_| Failure::Unreadable)?
        }
        None => i64::MAX,
    };
    if let Standing::KeptOff(refused) = Standing::of(&office, &call.acting().actor.id, page.case).await? {
        return Err(denied(&office, &call, ("ListDossierAccesses", page.case.name()), refused).await);
    }
    let limit = i64::try_from(page.size + 1).unwrap_or(i64::MAX);
    let mut found = access::list(&office.db, page.case, before, limit).await?;
    let more = found.len() > page.size;
    found.truncate(page.size);
    let next_page_token = match found.last() {
        Some(last) if more => PageToken::encode(ACCESSES, filter.as_bytes(), &[&last.number.to_string()]),
        _ => String::new(),
    };
    let accesses = found.iter().map(|noted| answer::dossier_access(&noted.access)).collect();
    Ok(pb::ListDossierAccessesResponse { accesses, next_page_token })
}

/// Recomputes the chain, and holds it against what the ledger recorded.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "dossier.verify", skip_all, fields(case = %case))]
pub async fn verdict(office: Office, case: CaseId) -> Result<pb::DossierVerdict, Failure> {
    // On both sides of the dossier: whatever was recorded before it was read stands in it, and whatever stands in it was recorded by then.
    let before = recorded(&told_of(&office, case).await?)?;
    let (stored, entries) = whole(&office, case).await?;
    let known = before.iter().map(|(sequence, _)| *sequence).max().unwrap_or(0).max(entries.len() as u64);
    let told = told_of(&office, case).await?;
    let mut recorded = recorded(&told)?;
    recorded.retain(|(sequence, _)| *sequence <= known);
    let erased = erased_at(&office, &stored, &told).await?.is_some();
    let whole = verify_whole(case, &entries, stored.head, |_| !erased);
    // Of two faults the first entry is named.
    let found = match (whole, hold_against(&entries, &recorded)) {
        (Err(fault), Err(other)) if other.sequence < fault.sequence => Err(other),
        (Err(fault), _) | (Ok(()), Err(fault)) => Err(fault),
        (Ok(()), Ok(())) => Ok(()),
    };
    Ok(answer::verdict(found, entries.len(), stored.head))
}

/// What the ledger tells of a case.
async fn told_of(office: &Office, case: CaseId) -> Result<Vec<LedgerEntry>, Failure> {
    office.ledger.sequence_waiting().await?;
    Ok(office.ledger.of_aggregate(&case.name(), 0, i64::MAX).await?)
}

/// When the words of the case were destroyed with its claimant's data, as the table says and the ledger tells; `None` where one of them does not.
async fn erased_at(
    office: &Office,
    stored: &case::StoredCase,
    told: &[LedgerEntry],
) -> Result<Option<Timestamp>, Failure> {
    let Some(at) = rights::erased_at(&office.db, stored.case.id).await? else { return Ok(None) };
    if told.iter().any(|entry| entry.r#type == pb::CaseErased::full_name()) {
        return Ok(Some(at));
    }
    let of_whom = stored.case.customer.name();
    let erasures = rights::erasures(&office.db, &PersonalDataErased::full_name()).await?;
    let names = |payload: &Vec<u8>| {
        PersonalDataErased::decode(payload.as_slice()).is_ok_and(|erased| erased.customers.contains(&of_whom))
    };
    Ok(erasures.iter().any(names).then_some(at))
}

/// Sequence and hash of every entry, as the ledger recorded them when they were added.
fn recorded(told: &[LedgerEntry]) -> Result<Vec<(u64, Hash)>, Failure> {
    let added = told.iter().filter(|entry| entry.r#type == pb::DossierEntryAdded::full_name());
    added
        .map(|entry| {
            let added = pb::DossierEntryAdded::decode(entry.payload.as_slice()).map_err(|_| Failure::Unreadable)?;
            let sequence = u64::try_from(added.sequence).map_err(|_| Failure::Unreadable)?;
            Ok((sequence, added.hash.try_into().map_err(|_| Failure::Unreadable)?))
        })
        .collect()
}

/// For whom a dossier is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// For the office.
    Office,
    /// For a party, or who judges between them: what both may read.
    Parties,
}

/// Every entry, with the salts that an offline verification needs; what is not for the audience without what it says.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "dossier.export", skip_all, fields(case = %case))]
pub async fn export(
    office: Office,
    call: Call,
    (case, audience): (CaseId, Audience),
) -> Result<pb::DossierExport, Failure> {
    let (stored, entries) = whole(&office, case).await?;
    let sight = Sight::of_audience(&office, &call, case, audience).await?;
    let erased_at = erased_at(&office, &stored, &told_of(&office, case).await?).await?;
    let entry_count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    // Who is kept off takes away what the parties do, and the file says so.
    let told = match audience {
        Audience::Office if sight.is_of_the_office() => pb::DossierAudience::Office,
        Audience::Office | Audience::Parties => pb::DossierAudience::Parties,
    };
    let exported = pb::DossierExported { case_name: case.name(), entry_count, audience: told.into() };
    let mut tx = office.db.tx().await?;
    ledger::append(&mut tx, &[entry(&office, &call, case.name(), &exported)]).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(pb::DossierExport {
        case_name: case.name(),
        export_time: Some(time_to_proto(office.ambient.now())),
        entries: entries
            .iter()
            .map(|sealed| answer::entry_of(&stored.case, sealed, sight.shows(sealed), true))
            .collect(),
        head_hash: stored.head.hash.to_vec(),
        entry_count,
        audience: told.into(),
        erase_time: erased_at.map(time_to_proto),
    })
}

/// The head first: an entry that is added meanwhile lies behind it, and up to the head that is read last, and is left for the
/// next reading. What lies behind that one as well was added by nobody who keeps a head.
async fn whole(office: &Office, id: CaseId) -> Result<(case::StoredCase, Vec<Sealed>), Failure> {
    let stored = case::get(&office.db, id).await?.ok_or(Refused::CaseNotFound)?;
    let every: Vec<String> = Visibility::ALL.iter().map(ToString::to_string).collect();
    let mut entries = dossier::list((&office.db, &office.seal), id, &every, 0, i64::MAX).await?;
    let last = case::get(&office.db, id).await?.ok_or(Refused::CaseNotFound)?.head;
    entries.retain(|sealed| !(stored.head.sequence + 1..=last.sequence).contains(&sealed.entry.sequence));
    Ok((stored, entries))
}
