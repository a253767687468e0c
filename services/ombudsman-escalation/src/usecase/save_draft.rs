//! Saving a draft of the decision, encrypted before it reaches the database.

use kernel::{Personal, ResourceId as _};
use ombudsman_escalation_domain::vocabulary::OfficeRole;
use prost::Message as _;
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{Begun, Change, Seating, Step};
use crate::error::Failure;
use crate::office::Office;
use crate::store::draft;

/// Name of the RPC.
pub const METHOD: &str = "SaveDraft";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The change.
    pub change: Change,
    /// The text.
    pub text: Personal<String>,
}

/// Saves the draft. The answer, which is kept for a retry, does not repeat the text.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "draft.save", skip_all, fields(case = %command.change.case))]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::Draft, Failure> {
    let seats = Seating::In(&[OfficeRole::Investigator, OfficeRole::Ombudsman]);
    let mut step = match Step::begin(&office, &call, &command.change, seats).await? {
        Begun::Replay(kept) => return pb::Draft::decode(kept.as_slice()).map_err(|_| Failure::Unreadable),
        Begun::Step(step) => step,
    };
    let after = step.case().draft()?;
    let case = after.id;
    let revision = draft::next_revision(&mut step.tx, case).await?;
    let closed = office.seal.close(case.uuid(), revision, office.ambient.bytes(), command.text.expose())?;
    let saved = draft::StoredDraft { revision, closed, saved_by: step.actor.id.clone(), saved_at: step.now };
    draft::insert(&mut step.tx, case, &saved).await?;
    step.note(&office, &pb::DraftSaved { case_name: case.name(), revision });
    step.write(&office, after).await?;
    let answer = pb::Draft {
        case_name: case.name(),
        text: String::new(),
        revision,
        saved_by: saved.saved_by,
        save_time: Some(time_to_proto(saved.saved_at)),
        etag: postgres::etag(step.stored.version),
    };
    step.commit(&office, &answer.encode_to_vec(), false).await?;
    Ok(answer)
}
