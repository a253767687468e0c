//! Adding a paper to the dossier by hand.

use jiff::Timestamp;
use kernel::{ResourceId as _, Role};
use ombudsman_escalation_domain::dossier::Sealed;
use ombudsman_escalation_domain::team::{SEATS, WORKING};
use ombudsman_escalation_domain::vocabulary::{DossierKind, Visibility};
use prost::Message as _;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Paper, Seating, Step, denied};
use crate::error::Failure;
use crate::grpc::answer;
use crate::office::Office;
use crate::store::dossier;

/// Name of the RPC.
pub const METHOD: &str = "AddDossierEntry";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change; it takes no version, since it only adds.
    pub change: Change,
    /// Evidence, a note, or what a party states or brings.
    pub kind: DossierKind,
    /// Who may see it.
    pub visibility: Visibility,
    /// Media type.
    pub content_type: String,
    /// The content.
    pub content: Vec<u8>,
    /// When what the claimant states or brings reached the office; `None` for now.
    pub received_at: Option<Timestamp>,
}

/// What the firm brings.
const OF_THE_FIRM: [DossierKind; 2] = [DossierKind::EntityStatement, DossierKind::EntityEvidence];
/// What the claimant brings, by the office's hand.
const OF_THE_CLAIMANT: [DossierKind; 2] = [DossierKind::ClaimantStatement, DossierKind::ClaimantEvidence];

/// Whether a paper of this kind is a party's, and so for both.
pub(crate) fn is_of_a_party(kind: DossierKind) -> bool {
    OF_THE_FIRM.contains(&kind) || is_of_the_claimant(kind)
}

/// Whether a paper of this kind is the claimant's.
pub(crate) fn is_of_the_claimant(kind: DossierKind) -> bool {
    OF_THE_CLAIMANT.contains(&kind)
}

/// Adds the paper; a claimant's statement also answers a proposed refusal, and the firm's in an admitted case is its position.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "dossier.add", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::DossierEntry, Failure> {
    if call.acting().has(Role::FirmLiaison) != OF_THE_FIRM.contains(&command.kind) {
        let why = "of the firm's liaison must be ENTITY_EVIDENCE or ENTITY_STATEMENT, and of nobody else";
        let about = (METHOD, command.change.case.name());
        return Err(denied(&office, &call, about, Failure::field("kind", why)).await);
    }
    if OF_THE_FIRM.contains(&command.kind) {
        return by(office, call, command, Seating::Firm).await;
    }
    // Who looks after quality notes, for the office alone, and nothing else.
    let notes = command.kind == DossierKind::Note && command.visibility != Visibility::Parties;
    let seats = Seating::In(if notes { SEATS } else { WORKING });
    by(office, call, command, seats).await
}

/// The same by whoever may.
pub(super) async fn by(
    office: Office,
    call: Call,
    command: Command,
    seats: Seating,
) -> Result<pb::DossierEntry, Failure> {
    let of_firm = matches!(seats, Seating::Firm);
    let begun = if of_firm {
        Step::begin_in_reach(&office, &call, &command.change, seats).await?
    } else {
        Step::begin(&office, &call, &command.change, seats).await?
    };
    let mut step = match begun {
        Begun::Replay(kept) => return again(&office, &command, &kept).await,
        Begun::Step(step) => step,
    };
    let before = step.case();
    before.accepts_papers()?;
    let reached_at = command.received_at.unwrap_or(step.now);
    if reached_at > step.now || reached_at < before.complaint.filed_at_office.min(step.now) {
        return Err(Failure::field("receive_time", "must not be before the complaint, and not in the future"));
    }
    let after = match command.kind {
        DossierKind::ClaimantStatement => step.case().hear_claimant(reached_at)?,
        kind if OF_THE_FIRM.contains(&kind) => step.case().hear_firm(kind == DossierKind::EntityStatement)?,
        // Who withdrew sends no evidence either.
        _ if matches!(seats, Seating::Claimant) => step.case().hear_claimant(reached_at).map(|_| step.case())?,
        _ => step.case(),
    };
    let Command { kind, visibility, content_type, content, .. } = command;
    step.as_of(reached_at);
    let sealed = step.add(&office, Paper { kind, visibility, content_type, bytes: content });
    if after != before {
        step.write(&office, after).await?;
    }
    if of_firm {
        step.take_off(&office).await?;
    }
    let answered = answer::dossier_entry(&sealed, true, false);
    // The content stays where it can be erased; a retry gets it from there.
    let kept = answer::dossier_entry(&Sealed { content: None, ..sealed }, false, false).encode_to_vec();
    step.commit(&office, &kept, false).await?;
    Ok(answered)
}

async fn again(office: &Office, command: &Command, kept: &[u8]) -> Result<pb::DossierEntry, Failure> {
    let kept = pb::DossierEntry::decode(kept).map_err(|_| Failure::Unreadable)?;
    let every: Vec<String> = Visibility::ALL.iter().map(ToString::to_string).collect();
    let found = dossier::list((&office.db, &office.seal), command.change.case, &every, kept.sequence - 1, 1).await?;
    Ok(found.first().map_or(kept, |sealed| answer::dossier_entry(sealed, true, false)))
}
