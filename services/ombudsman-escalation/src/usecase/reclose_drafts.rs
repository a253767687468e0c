//! Closing drafts and sealed papers anew under the key in use, a page at a time.
//!
//! Each page is one transaction, and what it did no longer asks to be done: ended anywhere and called again, it goes on.

use kernel::ResourceId as _;
use postgres::{Claim, Kept, RequestKey, claim, keep_answer};
use prost::Message as _;
use server::Call;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{draft_keys, entry};
use crate::error::Failure;
use crate::office::Office;
use crate::seal::{KeyId, Unopened};
use crate::store::{dossier, draft};

/// Name of the RPC.
pub const METHOD: &str = "RecloseDrafts";

/// What is asked.
#[derive(Debug, Clone)]
pub struct Command {
    /// The request.
    pub key: RequestKey,
    /// How many at most.
    pub size: usize,
}

/// Closes a page of drafts anew, and says how many are left.
///
/// # Errors
/// [`Failure`].
#[tracing::instrument(name = "draft.reclose", skip_all)]
pub async fn run(office: Office, call: Call, command: Command) -> Result<pb::RecloseDraftsResponse, Failure> {
    let now = office.ambient.now();
    let mut tx = office.db.tx().await?;
    if let Claim::Replay(kept) = claim(&mut tx, &command.key, now).await? {
        return pb::RecloseDraftsResponse::decode(kept.as_slice()).map_err(|_| Failure::Unreadable);
    }
    let limit = i64::try_from(command.size).unwrap_or(i64::MAX);
    let page = draft::lock_former(&mut tx, &office.seal.former(), limit).await?;
    let (mut reclosed_count, mut unopened) = (0, None);
    for former in page {
        let case = former.case.uuid();
        let text = match office.seal.open(case, former.revision, former.closed) {
            Ok(text) => text,
            Err(Unopened::KeyMissing(key)) => {
                unopened = Some(key);
                continue;
            }
            Err(Unopened::Unsealable(error)) => return Err(error.into()),
        };
        let closed = office.seal.close(case, former.revision, office.ambient.bytes(), &text)?;
        draft::reclose(&mut tx, former.case, former.revision, &closed).await?;
        reclosed_count += 1;
    }
    let left = limit - i64::from(reclosed_count);
    for former in dossier::lock_former(&mut tx, &office.seal.former(), left.max(0)).await? {
        let paper = match former.open(&office.seal) {
            Ok(paper) => paper,
            // What was altered stays as it is, for whoever verifies the dossier.
            Err(Unopened::Unsealable(_)) => continue,
            Err(Unopened::KeyMissing(key)) => {
                unopened = Some(key);
                continue;
            }
        };
        let closed = office.seal.close_paper(former.place, office.ambient.bytes(), &paper);
        dossier::reclose(&mut tx, &former, &closed).await?;
        reclosed_count += 1;
    }
    let unclosed = dossier::unclosed(&mut tx).await?;
    let under = draft::by_key(&mut *tx).await?;
    let others: Vec<(Option<KeyId>, i64)> =
        under.into_iter().filter(|(key, _)| key.as_ref() != Some(office.seal.in_use())).collect();
    let stuck = others.iter().find_map(|(key, _)| key.clone().filter(|id| !office.seal.has(id)));
    let openable = others.iter().any(|(key, _)| key.as_ref().is_some_and(|id| office.seal.has(id)));
    if let (0, false, Some(key)) = (reclosed_count, openable, unopened.or(stuck)) {
        return Err(Failure::KeyMissing { key });
    }
    if reclosed_count > 0 {
        let key = draft_keys::name(office.seal.in_use());
        let reclosed = pb::DraftsReclosed { key: key.clone(), draft_count: reclosed_count };
        ledger::append(&mut tx, &[entry(&office, &call, key, &reclosed)]).await?;
    }
    let remaining_count = others.iter().map(|(_, drafts)| drafts).sum::<i64>() + unclosed;
    let answer = pb::RecloseDraftsResponse { reclosed_count, remaining_count };
    let encoded = answer.encode_to_vec();
    keep_answer(&mut tx, command.key.id, Kept { answer: &encoded, forever: false, about: &[] }).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(answer)
}
