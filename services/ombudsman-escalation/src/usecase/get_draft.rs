//! Reading the last draft, for those who work on the case.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::vocabulary::OfficeRole;
use ombudsman_escalation_domain::{CaseId, Refused};
use server::Call;
use server::parse::time_to_proto;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{denied, entry};
use crate::error::Failure;
use crate::office::Office;
use crate::store::{case, draft, wall};

/// Who reads drafts, when they sit on the case.
const READERS: &[OfficeRole] = &[OfficeRole::Investigator, OfficeRole::Ombudsman, OfficeRole::Quality];

/// The last draft, opened with the office's key.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "draft.get", skip_all, fields(case = %id))]
pub async fn run(office: Office, call: Call, id: CaseId) -> Result<pb::Draft, Failure> {
    let stored = case::get(&office.db, id).await?.ok_or(Refused::CaseNotFound)?;
    let now = office.ambient.now();
    let mut tx = office.db.tx().await?;
    let wall = wall::load(&mut tx, stored.case.ticket, stored.case.customer, now).await?;
    let team = wall::team(&mut *tx, id).await?;
    if let Err(refused) = team.authorize(&call.actor().id, READERS, &wall, now) {
        tx.rollback().await?;
        return Err(denied(&office, &call, ("GetDraft", id.name()), refused).await);
    }
    let last = draft::last(&mut *tx, id).await?.ok_or(Refused::DraftNotFound)?;
    let text = office.seal.open(id.uuid(), last.revision, last.closed)?;
    // Nobody reads what is not written down as read.
    let read = pb::DraftRead { case_name: id.name(), revision: last.revision };
    ledger::append(&mut tx, &[entry(&office, &call, id.name(), &read)]).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(pb::Draft {
        case_name: id.name(),
        text,
        revision: last.revision,
        saved_by: last.saved_by,
        save_time: Some(time_to_proto(last.saved_at)),
        // Read before the draft was: never newer than what is shown.
        etag: postgres::etag(stored.version),
    })
}
