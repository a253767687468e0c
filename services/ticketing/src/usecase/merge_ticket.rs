//! Lets a ticket be answered with another, and takes it out again.

use jiff::Timestamp;
use kernel::ResourceId as _;
use ledger::Stamp;
use postgres::{Kept, RequestKey, StoreError, Tx};
use prost::Message as _;
use server::Call;
use ticketing_domain::{
    Bonds, ChangeKind, CustomerId, GoesAlong, LinkId, LinkKind, Merge, Moment, Promise, Refusal, Ticket, TicketId,
    Word, moment_of_all, one_since,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::chronicle::Chronicle;
use super::claimed::Claimed;
use super::customers_apart::{CUSTOMER_PROFILE, known_as};
use super::owed::goes_along;
use super::writing::kept_answer;
use crate::Error;
use crate::grpc::present;
use crate::store::Stored;
use crate::store::customers_apart;
use crate::store::history::ChangeRow;
use crate::store::link::{self, End, Link};
use crate::store::promise;
use crate::store::ticket::{self, Locked};

/// What MergeTicket is asked.
#[derive(Debug, Clone)]
pub struct NewMerge {
    /// The ticket that is answered with the other.
    pub id: TicketId,
    /// The version of it that the caller decided on.
    pub etag: i64,
    /// The other.
    pub into: TicketId,
    /// The version of the other.
    pub into_etag: i64,
    /// Why.
    pub reason: Word,
    /// The call.
    pub key: RequestKey,
}

/// What UnmergeTicket is asked.
#[derive(Debug, Clone)]
pub struct EndOfMerge {
    /// The ticket that was merged.
    pub id: TicketId,
    /// The version of it that the caller decided on.
    pub etag: i64,
    /// Why.
    pub reason: Word,
    /// The call.
    pub key: RequestKey,
}

impl Ticketing {
    /// Lets a ticket be answered with another of the same customer.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.merge", skip_all, fields(ticket.id = %new.id))]
    pub async fn merge_ticket(&self, call: &Call, new: NewMerge) -> Result<pb::MergeTicketResponse, Error> {
        if let Some(answer) = postgres::answered(&self.db, &new.key).await? {
            return kept_answer(&new.key, &answer);
        }
        let heard = self.refuse_other_customer(call, new.id, new.into).await?;
        let now = self.ambient.now();
        let mut tx = match self.claimed(&new.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        if let Some(heard) = heard
            && customers_apart::heard_until_done(&mut tx).await? != heard
        {
            // Whoever it was, it may have been these: they are asked about anew.
            return Err(StoreError::Contended.into());
        }
        let found = ticket::lock_two(&mut tx, new.id, new.into).await?;
        let (mine, other) = found.ok_or_else(|| Error::not_found(new.id.to_string()))?;
        let mut union = Union::of(self, &stamp_of(call, now), mine, other);
        union.refuse_changed(new.id, new.etag)?;
        union.refuse_changed(new.into, new.into_etag)?;
        if union.heads.len() == 1 {
            return Err(Refusal::AlreadyOne.into());
        }
        let (from, into) = (union.ticket(new.id)?, union.ticket(new.into)?);
        from.refuse_if_merged()?;
        from.may_merge()?;
        into.may_merge()?;
        union.ticket(into.merged().map_or(new.into, |merged| merged.head))?.may_merge()?;
        let bonds = union.bonds().merge(new.id, new.into)?;
        let said = Link {
            id: LinkId { ticket: new.id, id: self.ambient.uuid(now) },
            kind: LinkKind::MergedInto,
            to: new.into,
            reason: Some(new.reason.as_str().to_owned()),
            by: call.actor().clone(),
            at: now,
            end: None,
        };
        link::insert(&mut tx, &said).await?;
        union.bind(&bonds, (new.id, new.into), &new.reason)?;
        self.finish_union(tx, &new.key, union, (new.id, new.into)).await
    }

    /// Makes a merged ticket one of its own again.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.unmerge", skip_all, fields(ticket.id = %end.id))]
    pub async fn unmerge_ticket(&self, call: &Call, end: EndOfMerge) -> Result<pb::MergeTicketResponse, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&end.key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let found = ticket::lock(&mut tx, end.id).await?;
        let locked = found.ok_or_else(|| Error::not_found(end.id.to_string()))?;
        let mut union = Union::of(self, &stamp_of(call, now), locked, None);
        union.refuse_changed(end.id, end.etag)?;
        let merged = union.ticket(end.id)?.merged().ok_or(Refusal::TicketNotMerged)?;
        union.ticket(end.id)?.may_unmerge(union.ticket(merged.head)?)?;
        let over = End { at: now, reason: Some(end.reason.as_str().to_owned()), by: call.actor().clone() };
        union.take_out(&mut tx, end.id, &over, (&end.reason, GoesAlong::Answers)).await?;
        self.finish_union(tx, &end.key, union, (end.id, merged.head)).await
    }

    async fn finish_union(
        &self,
        mut tx: Tx,
        key: &RequestKey,
        union: Union,
        (id, other): (TicketId, TicketId),
    ) -> Result<pb::MergeTicketResponse, Error> {
        union.write(&mut tx).await?;
        let head = union.ticket(other)?.merged().map_or(other, |merged| merged.head);
        let answer = pb::MergeTicketResponse {
            ticket: Some(present::ticket(union.stored(id)?)),
            head: Some(present::ticket(union.stored(head)?)),
        };
        let kept = Kept { answer: &answer.encode_to_vec(), forever: false, about: &[id.uuid(), head.uuid()] };
        postgres::keep_answer(&mut tx, key.id, kept).await?;
        tx.commit().await?;
        self.ledger.nudge();
        Ok(answer)
    }

    /// Refuses to join what belongs to two people. Ids may differ and still be one person: that is customer-profile's to say, and then it is told how often it had been heard
    /// before that ids came apart.
    async fn refuse_other_customer(&self, call: &Call, one: TicketId, other: TicketId) -> Result<Option<i64>, Error> {
        let (one, other) = (self.customer_of(one).await?, self.customer_of(other).await?);
        if one == other {
            return Ok(None);
        }
        let heard = customers_apart::heard(self.db.reader()).await?;
        self.refuse_two_customers(call, one, other).await?;
        Ok(Some(heard))
    }

    /// Refuses two customers who are not one.
    pub(super) async fn refuse_two_customers(
        &self,
        call: &Call,
        one: CustomerId,
        other: CustomerId,
    ) -> Result<(), Error> {
        if one == other {
            return Ok(());
        }
        let (one, other) = (self.name_now(call, one).await?, self.name_now(call, other).await?);
        if one == other { Ok(()) } else { Err(Refusal::CustomersDiffer.into()) }
    }

    async fn customer_of(&self, id: TicketId) -> Result<CustomerId, Error> {
        let found = ticket::get(self.db.reader(), id).await?;
        found.map(|stored| stored.ticket.facts().customer).ok_or_else(|| Error::not_found(id.to_string()))
    }

    /// The id that a customer goes on under.
    async fn name_now(&self, call: &Call, id: CustomerId) -> Result<String, Error> {
        let silent = Error::PeerSilent { peer: CUSTOMER_PROFILE };
        let Ok(channel) = self.peers.channel(CUSTOMER_PROFILE) else { return Err(silent) };
        // Nobody there, or nobody any more: not known to be anybody else.
        Ok(known_as(channel.for_call(call), id).await?.unwrap_or_else(|| id.name()))
    }
}

fn stamp_of(call: &Call, now: Timestamp) -> Stamp {
    Stamp::of(call.actor().clone(), now, call.traceparent.clone())
}

/// The tickets of one affair or two, that become one or come apart.
pub(super) struct Union {
    heads: Vec<Chronicle>,
}

impl Union {
    pub(super) fn of(app: &Ticketing, stamp: &Stamp, mine: Locked, other: Option<Locked>) -> Self {
        let chronicle = |locked| Chronicle::of_all(locked, stamp, &app.ambient);
        Self { heads: std::iter::once(mine).chain(other).map(chronicle).collect() }
    }

    fn stored(&self, id: TicketId) -> Result<&Stored, Error> {
        let all = self.heads.iter().flat_map(|head| std::iter::once(head).chain(&head.members));
        let found = all.map(|part| &part.stored).find(|stored| stored.ticket.facts().id == id);
        found.ok_or_else(|| Error::not_found(id.to_string()))
    }

    fn tickets(&self) -> Vec<&Ticket> {
        let all = self.heads.iter().flat_map(|head| std::iter::once(head).chain(&head.members));
        all.map(|part| &part.stored.ticket).collect()
    }

    pub(super) fn ticket(&self, id: TicketId) -> Result<&Ticket, Error> {
        Ok(&self.stored(id)?.ticket)
    }

    fn bonds(&self) -> Bonds {
        Bonds::of(self.tickets())
    }

    /// Takes a ticket out of what it was merged into; what was promised while they were one is owed in it too, as far as it goes along.
    pub(super) async fn take_out(
        &mut self,
        tx: &mut Tx,
        id: TicketId,
        over: &End,
        (reason, goes): (&Word, GoesAlong),
    ) -> Result<(), Error> {
        let merged = self.ticket(id)?.merged().ok_or(Refusal::TicketNotMerged)?;
        let bonds = self.bonds().unmerge(id)?;
        let all: Vec<TicketId> = self.tickets().into_iter().map(|ticket| ticket.facts().id).collect();
        let merges = link::merges(tx, &all).await?;
        let said = link::merged(tx, id).await?;
        let said = said.ok_or_else(|| StoreError::corrupt("ticket_link", "kind", id))?;
        link::end(tx, said, over).await?;
        self.bind(&bonds, (id, merged.into), reason)?;
        self.owe(tx, id, &merges, goes).await
    }

    /// Writes in a ticket that was taken out what was promised in those that stay since they had been one with it.
    async fn owe(&mut self, tx: &mut Tx, id: TicketId, merges: &[Merge], goes: GoesAlong) -> Result<(), Error> {
        let all = self.heads.iter().flat_map(|head| std::iter::once(head).chain(&head.members));
        let stays =
            |ticket: &&Ticket| ticket.facts().id != id && ticket.merged().is_none_or(|merged| merged.head != id);
        let kept = all.filter(|part| !part.stored.erased).map(|part| &part.stored.ticket);
        let stays: Vec<TicketId> = kept.filter(stays).map(|ticket| ticket.facts().id).collect();
        let promised = promise::running(tx, &stays).await?;
        if promised.is_empty() {
            return Ok(());
        }
        // What was promised before was promised of the other alone, and a term is its own: what comes out has the clocks of its own.
        let of_both = |promise: &Promise| {
            let since = one_since(merges, id, promise.id.ticket);
            since.filter(|since| promise.term.is_none() && *since <= promise.made).map(|_| goes)
        };
        let head = self.heads.first_mut().ok_or_else(|| Error::not_found(id.to_string()))?;
        let part = head.part(id);
        let (ticket, at) = part.stored.ticket.clone().note(Moment::Now(part.now()))?;
        part.touched(ticket);
        for owed in goes_along(tx, part, promised, of_both, at).await? {
            promise::insert(tx, &owed).await?;
        }
        Ok(())
    }

    /// Writes what became of all.
    pub(super) async fn write(&self, tx: &mut Tx) -> Result<(), StoreError> {
        link::bind(tx, &self.tickets()).await?;
        for head in &self.heads {
            ticket::write(tx, head, None).await?;
        }
        Ok(())
    }

    fn refuse_changed(&self, id: TicketId, etag: i64) -> Result<(), Error> {
        let stored = self.stored(id)?;
        if stored.erased {
            return Err(Refusal::TicketErased.into());
        }
        if stored.version == etag { Ok(()) } else { Err(StoreError::Stale.into()) }
    }

    /// Whoever waits for a superior waits where the affair goes on, and no longer than it does.
    fn share_calls(&mut self) {
        let all: Vec<Ticket> = self.tickets().into_iter().cloned().collect();
        let share = |part: &mut Chronicle| {
            let id = part.stored.ticket.facts().id;
            let members = all.iter().filter(|other| other.merged().is_some_and(|merged| merged.head == id));
            let ticket = part.stored.ticket.clone().with_calls_of(members);
            part.touched(ticket);
            Ok::<(), Error>(())
        };
        self.heads.iter_mut().try_for_each(|head| head.each(share)).expect("nothing is refused");
    }

    /// Notes for each ticket what it is one with from now on; `pair` are the two that it is about.
    fn bind(&mut self, bonds: &Bonds, (from, into): (TicketId, TicketId), reason: &Word) -> Result<(), Error> {
        let now = self.heads.first().map(Chronicle::now).unwrap_or_default();
        let moment = moment_of_all(&self.tickets(), Moment::Now(now))?;
        let kind = if bonds.merged(from).is_none() { ChangeKind::Unmerged } else { ChangeKind::Merged };
        let why = |other: TicketId| {
            move |row: &mut ChangeRow| {
                row.reason = Some(reason.as_str().to_owned());
                row.related = Some(other.name());
            }
        };
        let bind = |part: &mut Chronicle| -> Result<(), Error> {
            let (id, before) = (part.stored.ticket.facts().id, part.stored.ticket.merged());
            let after = bonds.merged(id);
            if before == after && part.stored.ticket.gathers() == bonds.gathered(id) {
                return Ok(());
            }
            let (ticket, at) = part.stored.ticket.clone().bound(bonds, moment)?;
            part.changed(ticket);
            match (before, after) {
                // It has a head, another than before: the ticket itself, or one that came along.
                (_, Some(merged)) => {
                    part.note(kind, at, |entries| entries.merged(id, merged, reason), why(merged.head));
                }
                (Some(merged), None) => {
                    part.note(kind, at, |entries| entries.unmerged(id, merged.into, reason), why(merged.into));
                }
                // A head that gathers more or fewer.
                (None, None) => {
                    part.note_here(kind, at, why(if id == from { into } else { from }));
                }
            }
            Ok(())
        };
        self.heads.iter_mut().try_for_each(|head| head.each(bind))?;
        self.share_calls();
        Ok(())
    }
}
