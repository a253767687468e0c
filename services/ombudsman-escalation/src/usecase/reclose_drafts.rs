//! Closing drafts and sealed papers anew under the key in use, a page at a time.
//!
//! Each page is one transaction, and what it did no longer asks to be done: ended anywhere and called again, it goes on.

use kernel::ResourceId as _;
use ombudsman_escalation_domain::{CaseId, HouseRefused};
use postgres::{Claim, Kept, RequestKey, Tx, claim, keep_answer};
use prost::Message as _;
use server::Call;
use uuid::Uuid;
use ventanilla_proto::ombudsman::v1 as pb;

use super::{denied, draft_keys, entry};
use crate::error::Failure;
use crate::office::Office;
use crate::seal::{KeyId, Place, Unopened};
use crate::store::{dossier, draft, staff};

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
    if !staff::may_govern(&mut tx, &call.actor().id, now).await? {
        tx.rollback().await?;
        return Err(denied(&office, &call, (METHOD, String::new()), HouseRefused::NoMandate).await);
    }
    let mut round = Round { size: command.size, ..Round::default() };
    round.drafts(&office, &mut tx).await?;
    round.papers(&office, &mut tx).await?;
    let Round { reclosed, unopened, first_altered, .. } = round;
    let reclosed_count = i32::try_from(reclosed).unwrap_or(i32::MAX);
    let unclosed = dossier::unclosed(&mut *tx).await?;
    let under = draft::by_key(&mut *tx).await?;
    let others: Vec<(Option<KeyId>, i64)> =
        under.into_iter().filter(|(key, _)| key.as_ref() != Some(office.seal.in_use())).collect();
    let stuck = others.iter().find_map(|(key, _)| key.clone().filter(|id| !office.seal.has(id)));
    let openable = others.iter().any(|(key, _)| key.as_ref().is_some_and(|id| office.seal.has(id)));
    let nothing_else = reclosed == 0 && !openable && first_altered.is_empty();
    if let (true, Some(key)) = (nothing_else, unopened.or(stuck)) {
        return Err(Failure::KeyMissing { key });
    }
    if reclosed_count > 0 {
        let key = draft_keys::name(office.seal.in_use());
        let reclosed = pb::DraftsReclosed { key: key.clone(), draft_count: reclosed_count };
        ledger::append(&mut tx, &[entry(&office, &call, key, &reclosed)]).await?;
    }
    let remaining_count = others.iter().map(|(_, drafts)| drafts).sum::<i64>() + unclosed;
    let answer = pb::RecloseDraftsResponse { reclosed_count, remaining_count, first_altered };
    let encoded = answer.encode_to_vec();
    keep_answer(&mut tx, command.key.id, Kept { answer: &encoded, forever: false, about: &[] }).await?;
    tx.commit().await?;
    office.ledger.nudge();
    Ok(answer)
}

/// What one call has done so far.
#[derive(Default)]
struct Round {
    /// How many at most.
    size: usize,
    /// How many were closed anew.
    reclosed: usize,
    /// A key that is needed and was not given.
    unopened: Option<KeyId>,
    /// The first that its key does not open; empty where there was none.
    first_altered: String,
}

impl Round {
    fn left(&self) -> i64 {
        i64::try_from(self.size.saturating_sub(self.reclosed)).unwrap_or(i64::MAX)
    }

    /// Steps over what does not open: it stays as it is, for whoever looks into it.
    fn step_over(&mut self, why: Unopened, place: impl FnOnce() -> String) {
        match why {
            Unopened::KeyMissing(key) => self.unopened = Some(key),
            Unopened::Unsealable(_) if self.first_altered.is_empty() => self.first_altered = place(),
            Unopened::Unsealable(_) => {}
        }
    }

    async fn drafts(&mut self, office: &Office, tx: &mut Tx) -> Result<(), Failure> {
        let mut after = (CaseId::from_uuid(Uuid::nil()), 0);
        while self.left() > 0 {
            let page = draft::lock_former(tx, &office.seal.former(), after, self.left()).await?;
            let Some(last) = page.last() else { break };
            after = (last.case, last.revision);
            for former in page {
                let (case, revision) = (former.case, former.revision);
                match office.seal.open(case.uuid(), revision, former.closed) {
                    Ok(text) => {
                        let closed = office.seal.close(case.uuid(), revision, office.ambient.bytes(), &text)?;
                        draft::reclose(tx, case, revision, &closed).await?;
                        self.reclosed += 1;
                    }
                    Err(why) => self.step_over(why, || format!("{}/draft", case.name())),
                }
            }
        }
        Ok(())
    }

    async fn papers(&mut self, office: &Office, tx: &mut Tx) -> Result<(), Failure> {
        let mut after = Place { case: Uuid::nil(), sequence: 0 };
        while self.left() > 0 {
            let page = dossier::lock_former(tx, &office.seal.former(), after, self.left()).await?;
            let Some(last) = page.last() else { break };
            after = last.place;
            for former in page {
                match former.open(&office.seal) {
                    Ok(paper) => {
                        let closed = office.seal.close_paper(former.place, office.ambient.bytes(), &paper);
                        dossier::reclose(tx, &former, &closed).await?;
                        self.reclosed += 1;
                    }
                    Err(why) => {
                        let Place { case, sequence } = former.place;
                        self.step_over(why, || format!("{}/entries/{sequence}", CaseId::from_uuid(case).name()));
                    }
                }
            }
        }
        Ok(())
    }
}
