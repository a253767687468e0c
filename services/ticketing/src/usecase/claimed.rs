//! The frame of a call that is about no ticket, or does not know yet about which.

use jiff::Timestamp;
use ledger::{Draft, Stamp};
use postgres::{Claim, Kept, RequestKey, Tx};
use prost::Message;
use server::Call;

use super::Ticketing;
use super::writing::kept_answer;
use crate::Error;
use crate::entry::Entries;

/// A call that is about no ticket.
pub(super) enum Claimed<M> {
    /// It is new.
    Fresh(Tx),
    /// It was made before: this was the answer.
    Replay(M),
}

impl Ticketing {
    /// Begins a call that is not about a ticket, or does not know yet about which.
    pub(super) async fn claimed<M: Message + Default>(
        &self,
        key: &RequestKey,
        now: Timestamp,
    ) -> Result<Claimed<M>, Error> {
        let mut tx = self.db.tx().await?;
        match postgres::claim(&mut tx, key, now).await? {
            Claim::Fresh => Ok(Claimed::Fresh(tx)),
            Claim::Replay(answer) => {
                tx.rollback().await?;
                kept_answer(key, &answer).map(Claimed::Replay)
            }
        }
    }

    /// Keeps the answer, which holds no word of a customer, and commits.
    pub(super) async fn keep<M: Message>(&self, mut tx: Tx, key: &RequestKey, answer: M) -> Result<M, Error> {
        let encoded = answer.encode_to_vec();
        postgres::keep_answer(&mut tx, key.id, Kept { answer: &encoded, forever: false, about: &[] }).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(answer)
    }

    /// One entry about something that is no ticket.
    pub(super) fn entries(&self, call: &Call, now: Timestamp, draft: impl FnOnce(&Entries<'_>) -> Draft) -> Draft {
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
        draft(&Entries::new(&self.ambient, &stamp))
    }
}
