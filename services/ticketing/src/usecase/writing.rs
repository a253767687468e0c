//! The frame of every change of an existing ticket: begin, claim the call, lock the ticket, and at the end
//! write everything in one statement, commit, and wake the sequencer. What is decided stands between.

use jiff::Timestamp;
use ledger::{Draft, Stamp};
use postgres::{Claim, RequestKey, StoreError, Tx};
use prost::Message;
use server::Call;
use ticketing_domain::{ChangeKind, Moment, Standing, Ticket, TicketId, Transitioned};

use super::{Ticketing, moment};
use crate::Error;
use crate::entry::Entries;
use crate::store::Stored;
use crate::store::history::ChangeRow;
use crate::store::ticket::{self, Kept};

/// A claimed call with its ticket locked.
pub(crate) struct Writing {
    app: Ticketing,
    key: RequestKey,
    /// The transaction.
    pub tx: Tx,
    /// The ticket as it was found.
    pub stored: Stored,
    /// When the change is written down.
    pub now: Timestamp,
    /// When it happens in the world.
    pub moment: Moment,
    stamp: Stamp,
    changes: Vec<ChangeRow>,
    entries: Vec<Draft>,
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
            let answer = M::decode(answer.as_slice()).map_err(|_| StoreError::corrupt("request", "answer", key.id))?;
            return Ok(Begun::Replay(answer));
        }
        let stored = ticket::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        if etag.is_some_and(|version| version != stored.version) {
            return Err(StoreError::Stale.into());
        }
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
        let (changes, entries) = (Vec::new(), Vec::new());
        let app = self.clone();
        Ok(Begun::Fresh(Box::new(Writing { app, key, tx, stored, now, moment, stamp, changes, entries })))
    }
}

impl Writing {
    /// Who does it, and when it counts.
    pub(crate) fn stamp(&self, at: Timestamp) -> Stamp {
        self.stamp.clone().occurred(at)
    }

    /// Notes a change in the history and the ledger; answers its sequence number.
    pub(crate) fn note(
        &mut self,
        kind: ChangeKind,
        at: Timestamp,
        entry: impl FnOnce(&Entries<'_>) -> Draft,
        detail: impl FnOnce(&mut ChangeRow),
    ) -> i32 {
        let stamp = self.stamp(at);
        let sequence = self.next_sequence();
        let department = self.stored.ticket.assignment().department.as_str();
        let mut row = ChangeRow::new(sequence, kind, department, &stamp);
        detail(&mut row);
        self.stored.change_count = sequence;
        self.changes.push(row);
        self.entries.push(entry(&Entries::new(&self.app.ambient, &stamp)));
        sequence
    }

    /// The sequence number the next noted change will have.
    pub(crate) fn next_sequence(&self) -> i32 {
        self.stored.change_count.saturating_add(1)
    }

    /// The ticket becomes `ticket`; what a caller can read of it has changed.
    pub(crate) fn changed(&mut self, ticket: Ticket) {
        self.stored.ticket = ticket;
        self.stored.updated_at = self.now;
        self.stored.version = self.stored.version.saturating_add(1);
    }

    /// Something was added to the ticket; what a caller can read of the ticket itself stays, and so does its etag.
    pub(crate) fn touched(&mut self, ticket: Ticket) {
        self.stored.ticket = ticket;
    }

    /// Notes a change of state.
    pub(crate) fn transitioned(&mut self, ticket: Ticket, happened: &Transitioned) {
        let note = match happened.to {
            Standing::Resolved => ticket.state().resolution().map(|r| r.expose().to_owned()),
            Standing::Rejected => ticket.state().signpost().map(|s| s.expose().to_owned()),
            _ => None,
        };
        let entered = ticket.clone();
        self.changed(ticket);
        self.note(
            ChangeKind::Transitioned,
            happened.at,
            |entries| entries.transitioned(&entered, happened),
            |row| {
                row.states = Some((Some(happened.from), happened.to));
                row.reason.clone_from(&happened.reason);
                row.note = note;
            },
        );
    }

    /// Writes, keeps the answer, commits.
    pub(crate) async fn finish<M: Message>(mut self, answer: M) -> Result<M, Error> {
        let encoded = answer.encode_to_vec();
        let kept = Kept { request_id: self.key.id, answer: &encoded };
        ticket::write(&mut self.tx, &self.stored, &self.changes, &self.entries, Some(kept)).await?;
        self.tx.commit().await?;
        self.app.ledger.nudge();
        Ok(answer)
    }
}
