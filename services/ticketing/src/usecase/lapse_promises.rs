//! What was promised falls away with an affair that ends without an answer (its customer withdraws it, or does not complete it), and with its words.

use jiff::Timestamp;
use kernel::{Actor, ActorKind, Classify as _, Kind, ResourceId as _};
use ledger::Stamp;
use postgres::{StoreError, Tx};
use ticketing_domain::{Moment, Promise, Standing, TicketId, ToldBefore};
use uuid::Uuid;

use super::Ticketing;
use super::chronicle::Chronicle;
use super::writing::Writing;
use crate::Error;
use crate::store::notice::{self, StoredNotice};
use crate::store::promise::{self, StoredPromise};
use crate::store::ticket;

/// Withdrawn and erased affairs that are looked at in one go.
const AT_ONCE: i64 = 100;

/// How a promise ends, by what its customer had been told and the instant its affair ended; `None` where it goes on.
pub(super) type Ends = fn(&Promise, ToldBefore, Timestamp) -> Option<Promise>;

impl Writing {
    /// Ends what was promised about an affair that ended just now without an answer.
    pub(super) async fn lapsed(&mut self, ends: Ends) -> Result<(), Error> {
        let head = &self.chronicle.stored.ticket;
        let (id, at) = (head.facts().id, head.state().since());
        let all: Vec<_> = std::iter::once(id).chain(self.members()).collect();
        Ok(lapse(&mut self.tx, &mut self.chronicle, &all, (at, at), ends).await?)
    }
}

impl Ticketing {
    /// Ends what runs in affairs whose words are about to be destroyed, in the transaction that does: nobody could be called, asked or told any more, and
    /// its clock would find it broken in silence.
    ///
    /// # Errors
    /// [`Error::Store`], of what may be over soon.
    pub(crate) async fn lapse_erased(&self, tx: &mut Tx, tickets: &[TicketId], now: Timestamp) -> Result<(), Error> {
        let mut promised: Vec<_> = promise::running(tx, tickets).await?.into_iter().map(|id| id.ticket).collect();
        promised.dedup();
        for id in promised {
            self.lapse_one(tx, id, now).await?;
        }
        Ok(())
    }

    /// Ends what a version before left running in affairs that were withdrawn, or erased, some at a time; `false` when there is none but those `left`, where
    /// nothing was ended.
    ///
    /// # Errors
    /// [`Error::Store`], of what may be over soon.
    pub(crate) async fn lapse_left_running(&self, left: &mut Vec<Uuid>) -> Result<bool, Error> {
        let found = promise::left_running(self.db.reader(), left, AT_ONCE).await?;
        for id in &found {
            match self.lapse_left_running_in(*id).await {
                Ok(true) => {}
                // Somebody else was faster.
                Ok(false) => left.push(id.uuid()),
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Aborted) => return Err(error),
                Err(error) => {
                    tracing::error!(ticket.id = %id, error = kernel::chain(&error), "what was promised in an affair that is no more is left as it is");
                    left.push(id.uuid());
                }
            }
        }
        Ok(!found.is_empty())
    }

    async fn lapse_left_running_in(&self, id: TicketId) -> Result<bool, Error> {
        let mut tx = self.db.tx().await?;
        if !self.lapse_one(&mut tx, id, self.ambient.now()).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        self.ledger.nudge();
        Ok(true)
    }

    /// Ends what runs in one affair that was withdrawn, as of then, or that is erased; `false` when nothing does.
    async fn lapse_one(&self, tx: &mut Tx, id: TicketId, now: Timestamp) -> Result<bool, Error> {
        let locked = ticket::lock(tx, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        let actor = Actor { kind: ActorKind::System, id: crate::SOURCE.to_owned(), department: None };
        let mut chronicle = Chronicle::of_all(locked, &Stamp::of(actor, now, String::new()), &self.ambient);
        let part = chronicle.part(id);
        let (noted, at) = part.stored.ticket.clone().note(Moment::Now(now))?;
        let state = noted.state();
        let ended = if state.standing() == Standing::Cancelled { state.since() } else { at };
        part.touched(noted);
        lapse(tx, &mut chronicle, &[id], (ended, at), Promise::as_withdrawn).await?;
        let found = !chronicle.part(id).changes.is_empty();
        if found {
            ticket::write(tx, &chronicle, None).await?;
        }
        Ok(found)
    }
}

/// Ends promises of these tickets that run, as `ends` says of an affair that ended at an instant; that is noted at another. Of what falls away nobody is told
/// another date any more, where word of it has not left the house.
async fn lapse(
    tx: &mut Tx,
    chronicle: &mut Chronicle,
    tickets: &[TicketId],
    (ended, noted): (Timestamp, Timestamp),
    ends: Ends,
) -> Result<(), StoreError> {
    for id in promise::running(tx, tickets).await? {
        let about = notice::lock_about(tx, id).await?;
        let told = about.iter().filter(|stored| stored.notice.promise == id).map(|stored| stored.notice.told());
        let told = told.fold(ToldBefore::Nothing, ToldBefore::or);
        let Some(found) = promise::get(tx, id).await? else { continue };
        let Some(promise) = ends(&found.promise, told, ended) else { continue };
        let part = chronicle.part(id.ticket);
        part.promise_settled(&promise, noted);
        for stored in about {
            if let Some(notice) = stored.notice.clone().withdraw(noted) {
                let stored = StoredNotice { notice, ..stored };
                part.notice_reported(&stored, noted);
                notice::update(tx, &stored.notice).await?;
            }
        }
        promise::update(tx, &StoredPromise { promise, version: found.version + 1, ..found }).await?;
    }
    Ok(())
}
