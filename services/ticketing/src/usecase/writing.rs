//! The frame of every change of an existing ticket: begin, claim the call, lock the ticket, and at the end
//! write everything in one statement, commit, and wake the sequencer. What is decided stands between.

use jiff::Timestamp;
use ledger::Stamp;
use postgres::{Claim, RequestKey, StoreError, Tx};
use prost::Message;
use server::Call;
use ticketing_domain::{Moment, Refusal, TicketId};

use super::chronicle::Chronicle;
use super::{Ticketing, moment};
use crate::Error;
use crate::store::Stored;
use crate::store::ticket::{self, Kept};

/// A claimed call with its ticket locked.
pub(crate) struct Writing {
    app: Ticketing,
    key: RequestKey,
    /// The transaction.
    pub tx: Tx,
    /// The ticket, and what is noted about it.
    pub chronicle: Chronicle,
    /// When the change happens in the world.
    pub moment: Moment,
}

/// Whether the call is new.
pub(crate) enum Begun<M> {
    /// It is: go on.
    Fresh(Box<Writing>),
    /// It was made before: this was the answer.
    Replay(M),
}

impl Ticketing {
    /// Begins a change of the ticket `id`. `etag` is the version the caller decided on, where one is asked for.
    pub(crate) async fn begin<M: Message + Default>(
        &self,
        call: &Call,
        key: RequestKey,
        id: TicketId,
        etag: Option<i64>,
        stated: Option<Timestamp>,
    ) -> Result<Begun<M>, Error> {
        let now = self.ambient.now();
        let moment = moment(call, stated, now)?;
        let mut tx = self.db.tx().await?;
        if let Claim::Replay(answer) = postgres::claim(&mut tx, &key, now).await? {
            tx.rollback().await?;
            return Ok(Begun::Replay(kept_answer(&key, &answer)?));
        }
        let stored = ticket::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        if stored.erased {
            return Err(Refusal::TicketErased.into());
        }
        if etag.is_some_and(|version| version != stored.version) {
            return Err(StoreError::Stale.into());
        }
        Ok(Begun::Fresh(Box::new(self.writing(call, key, tx, stored, moment))))
    }

    /// A claimed call whose ticket is locked already.
    pub(crate) fn writing(&self, call: &Call, key: RequestKey, tx: Tx, stored: Stored, moment: Moment) -> Writing {
        let stamp = Stamp::of(call.actor().clone(), self.ambient.now(), call.traceparent.clone());
        let chronicle = Chronicle::of(stored, stamp, &self.ambient);
        Writing { app: self.clone(), key, tx, chronicle, moment }
    }
}

impl Writing {
    /// Writes, keeps the answer, commits.
    pub(crate) async fn finish<M: Message>(mut self, answer: M) -> Result<M, Error> {
        let encoded = answer.encode_to_vec();
        let kept = Kept { request_id: self.key.id, answer: &encoded };
        ticket::write(&mut self.tx, &self.chronicle, Some(kept)).await?;
        self.tx.commit().await?;
        self.app.ledger.nudge();
        Ok(answer)
    }
}

/// An answer that was kept under `key`.
pub(super) fn kept_answer<M: Message + Default>(key: &RequestKey, answer: &[u8]) -> Result<M, Error> {
    M::decode(answer).map_err(|_| StoreError::corrupt("request", "answer", key.id).into())
}
