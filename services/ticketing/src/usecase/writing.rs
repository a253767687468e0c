//! The frame of every change of an existing ticket: begin, claim the call, lock the ticket, and at the end
//! write everything in one statement, commit, and wake the sequencer. What is decided stands between.

use std::collections::HashSet;

use jiff::Timestamp;
use kernel::{ResourceId as _, Role, Violations};
use ledger::Stamp;
use postgres::{Claim, RequestKey, StoreError, Tx};
use prost::Message;
use server::Call;
use ticketing_domain::{
    Assignment, ChangeKind, EverFiled, Incident, Moment, Policy, Promise, PromiseId, PromiseState, Refusal, Ticket,
    TicketId, announced, promise_ends, refuse_unclean,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::{Chronicle, Said};
use super::transfer_ticket::Handover;
use super::{Ticketing, moment};
use crate::Error;
use crate::grpc::convert::refuse_late;
use crate::grpc::present;
use crate::store::message::Direction;
use crate::store::promise::{self, StoredPromise};
use crate::store::ticket::{self, Kept, Locked};
use crate::store::{agent, incident, mention, scan};

/// A claimed call with its ticket locked, and all that are one affair with it.
pub(crate) struct Writing {
    pub(super) app: Ticketing,
    key: RequestKey,
    /// The ticket that is asked about.
    pub(super) id: TicketId,
    /// The transaction.
    pub tx: Tx,
    /// The head, those that are answered with it, and what is noted about them.
    pub chronicle: Chronicle,
    /// When the change happens in the world.
    pub moment: Moment,
}

impl Writing {
    /// A promise of the ticket that is asked about, in the version the caller decided on.
    pub(super) async fn promise(&mut self, id: PromiseId, etag: i64) -> Result<StoredPromise, Error> {
        let found = promise::get(&mut self.tx, id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        if found.version == etag { Ok(found) } else { Err(StoreError::Stale.into()) }
    }
}

/// Whether the call is new.
pub(crate) enum Begun<M> {
    /// It is: go on.
    Fresh(Box<Writing>),
    /// It was made before: this was the answer.
    Replay(M),
}

impl Ticketing {
    /// Begins a change of the ticket `id`. `etag` is the version the caller decided on, where one is asked for. One that is answered with
    /// another is refused: the change is made there.
    pub(crate) async fn begin<M: Message + Default>(
        &self,
        call: &Call,
        key: RequestKey,
        id: TicketId,
        etag: Option<i64>,
        stated: Option<Timestamp>,
    ) -> Result<Begun<M>, Error> {
        let begun = self.begin_in(call, key, id, etag, stated).await?;
        if let Begun::Fresh(writing) = &begun {
            let head = writing.chronicle.stored.ticket.facts().id;
            if head != id {
                return Err(Refusal::TicketMerged { into: head }.into());
            }
        }
        Ok(begun)
    }

    /// The same for what stays each ticket's own, whatever it is answered with.
    pub(crate) async fn begin_in<M: Message + Default>(
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
        let locked = ticket::lock(&mut tx, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        let mut writing = self.writing(call, key, tx, locked, moment);
        let stored = &writing.part().stored;
        if stored.erased {
            return Err(Refusal::TicketErased.into());
        }
        if etag.is_some_and(|version| version != stored.version) {
            return Err(StoreError::Stale.into());
        }
        Ok(Begun::Fresh(Box::new(writing)))
    }

    /// A claimed call whose ticket is locked already.
    pub(crate) fn writing(&self, call: &Call, key: RequestKey, tx: Tx, locked: Locked, moment: Moment) -> Writing {
        let stamp = Stamp::of(call.actor().clone(), self.ambient.now(), call.traceparent.clone());
        let id = locked.asked;
        let chronicle = Chronicle::of_all(locked, &stamp, &self.ambient);
        Writing { app: self.clone(), key, id, tx, chronicle, moment }
    }
}

impl Writing {
    /// Adds a message to the ticket that is asked about; answers it. The customer is sent no file that was not found clean, nothing is explained that is over
    /// by now (it may have been written a while ago; a call that is repeated is answered as it was), and nobody is named who is not there.
    pub(super) async fn say(&mut self, mut said: Said, policy: &Policy) -> Result<pb::Message, Error> {
        let (Moment::Now(at) | Moment::Stated(at)) = self.moment;
        let mut late = Violations::new();
        refuse_late(&mut late, said.explains, at);
        late.into_result()?;
        if !said.attachments.is_empty() {
            let files: Vec<_> = said.attachments.iter().map(|attached| attached.file.clone()).collect();
            let scans = scan::states(&mut *self.tx, &files).await?;
            if said.way.is_some_and(|way| way.direction == Direction::Outbound) {
                refuse_unclean(&scans)?;
            }
            for (attached, scan) in said.attachments.iter_mut().zip(scans) {
                attached.scan = scan;
            }
        }
        if !said.mentions.is_empty() && mention::known(&mut self.tx, &said.mentions).await? < said.mentions.len() {
            return Err(Refusal::AgentUnknown.into());
        }
        if said.sales_offer {
            self.refuse_sales_offer().await?;
        }
        let id = self.chronicle.next_message_in(self.id);
        self.chronicle.say_as(id, said, self.moment, policy)?;
        Ok(present::message(self.part().messages.last().expect("it was just said")))
    }

    /// Refuses that something is offered for sale in an affair, or in one that is answered with it, that is caused by an incident about a cut service.
    async fn refuse_sales_offer(&mut self) -> Result<(), Error> {
        for incident in self.incidents().await? {
            incident.refuse_sales_offer()?;
        }
        Ok(())
    }

    /// What the affair and those that are answered with it were ever filed as, with what they are affected by: whatever comes of it is not to be sold anything
    /// that is not sold in it.
    pub(super) async fn ever(&mut self) -> Result<EverFiled, Error> {
        let incidents = self.incidents().await?;
        let ever = self.all().map(Ticket::ever).fold(EverFiled::default(), EverFiled::or);
        Ok(incidents.iter().fold(ever, |ever, incident| ever.affected_by(incident.topic.as_ref())))
    }

    /// The incidents that it, or one that is answered with it, belongs to.
    async fn incidents(&mut self) -> Result<Vec<Incident>, Error> {
        let ids: HashSet<_> = self.all().filter_map(Ticket::affected).map(|affected| affected.incident).collect();
        let mut incidents = Vec::with_capacity(ids.len());
        for id in ids {
            incidents.extend(incident::get(&mut *self.tx, id).await?.map(|found| found.incident));
        }
        Ok(incidents)
    }

    /// The affair and all that are answered with it.
    fn all(&self) -> impl Iterator<Item = &Ticket> {
        std::iter::once(&self.chronicle.stored.ticket).chain(self.chronicle.followers())
    }

    /// Moves the affair to another department or person.
    pub(super) async fn hand_over(&mut self, over: Handover, policy: &Policy) -> Result<(), Error> {
        let to_superior = agent::leads(&mut self.tx, &over.to).await?;
        let (ticket, mut happened) =
            self.chronicle.stored.ticket.clone().transfer(over.to, over.reason, self.moment)?;
        happened.to_superior = to_superior;
        let id = ticket.facts().id;
        let ticket = if to_superior { ticket.with_a_superior() } else { ticket };
        self.chronicle.changed(ticket);
        let owner = happened.to.owner.as_ref().map(|o| o.as_str().to_owned());
        self.chronicle.note(
            ChangeKind::Assigned,
            happened.at,
            |entries| entries.assigned(id, &happened),
            |row| {
                row.related = owner;
                row.reason = happened.reason.as_ref().map(|r| r.as_str().to_owned());
            },
        );
        if to_superior {
            self.chronicle.superior_came(Moment::Now(happened.at))?;
        }
        if let Some(body) = over.known {
            self.chronicle.say(Said::note(body), self.moment, policy)?;
        }
        Ok(())
    }

    /// The ids of those that are answered with it.
    pub(super) fn members(&self) -> Vec<TicketId> {
        self.chronicle.followers().iter().map(|ticket| ticket.facts().id).collect()
    }

    /// Writes how a promise ended, and how the one beside it did; who is told that it will not be kept is told so in a message.
    pub(super) async fn end_promise(
        &mut self,
        found: StoredPromise,
        promise: Promise,
        at: Timestamp,
    ) -> Result<StoredPromise, Error> {
        let (moment, part) = (self.moment, self.chronicle.part(promise.id.ticket));
        if let PromiseState::BrokenAnnounced { cause, .. } = &promise.state {
            let language = part.stored.ticket.facts().language;
            let told = announced(promise.text.expose(), promise.due, cause.expose(), language);
            part.tell_of_promise(promise.channel, told.parse().expect("short texts fit a message"), moment)?;
        }
        part.promise_settled(&promise, at);
        let stored = StoredPromise { promise, version: found.version + 1, ..found };
        promise::update(&mut self.tx, &stored).await?;
        self.settle_beside(&stored.promise, at).await?;
        Ok(stored)
    }

    /// Ends what was promised about an affair that was answered just now: an answer that was promised is kept by it, and where the affair is not taken up nothing
    /// else is done.
    pub(super) async fn answered(&mut self, refused: bool) -> Result<(), Error> {
        let head = &self.chronicle.stored.ticket;
        let (id, at) = (head.facts().id, head.state().since());
        let all: Vec<_> = std::iter::once(id).chain(self.members()).collect();
        for id in promise::running(&mut self.tx, &all).await? {
            // Read anew: the end of one may have been the end of another.
            let Some(found) = promise::get(&mut self.tx, id).await? else { continue };
            let language = self.chronicle.part(id.ticket).stored.ticket.facts().language;
            let cause = refused.then(|| promise_ends(language));
            if let Some(promise) = found.promise.as_answered(cause.as_ref(), at) {
                self.end_promise(found, promise, at).await?;
            }
        }
        Ok(())
    }

    /// Refuses an owner who is no agent here; whoever brings histories names those of another system.
    pub(super) async fn refuse_unknown_owner(&mut self, call: &Call, to: &Assignment) -> Result<(), Error> {
        let Some(owner) = to.owner.as_ref().filter(|_| !call.acting().has(Role::Importer)) else { return Ok(()) };
        if agent::exists(&mut *self.tx, owner).await? {
            return Ok(());
        }
        Err(Refusal::OwnerUnknown { owner: owner.clone() }.into())
    }

    /// What is noted about the ticket that is asked about.
    pub(crate) fn part(&mut self) -> &mut Chronicle {
        self.chronicle.part(self.id)
    }

    /// The same with an answer that tells of another ticket too: it is destroyed with the words of either.
    pub(crate) async fn finish_about<M: Message>(mut self, answer: M, other: TicketId) -> Result<M, Error> {
        ticket::write(&mut self.tx, &self.chronicle, None).await?;
        let about = [self.id.uuid(), other.uuid()];
        let kept = postgres::Kept { answer: &answer.encode_to_vec(), forever: false, about: &about };
        postgres::keep_answer(&mut self.tx, self.key.id, kept).await?;
        self.tx.commit().await?;
        self.app.ledger.nudge();
        Ok(answer)
    }

    /// Writes, keeps the answer, commits.
    pub(crate) async fn finish<M: Message>(mut self, answer: M) -> Result<M, Error> {
        let encoded = answer.encode_to_vec();
        let kept = Kept { request_id: self.key.id, answer: &encoded, about: self.id };
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
