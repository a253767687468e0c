//! Says what tickets are to one another, ends that, and lists it.

use jiff::Timestamp;
use kernel::ResourceId as _;
use postgres::RequestKey;
use server::Call;
use ticketing_domain::{ChangeKind, LinkId, LinkKind, Refusal, TicketId, Word};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::link::{self, End, Link};
use crate::store::ticket;

/// What LinkTickets is asked.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// The ticket of which it is said.
    pub from: TicketId,
    /// What it is to the other.
    pub kind: LinkKind,
    /// The other.
    pub to: TicketId,
    /// Why.
    pub reason: Option<Word>,
    /// The call.
    pub key: RequestKey,
}

/// What UnlinkTickets is asked.
#[derive(Debug, Clone)]
pub struct EndOfLink {
    /// The link.
    pub id: LinkId,
    /// Why.
    pub reason: Word,
    /// The call.
    pub key: RequestKey,
}

/// Where a page of links ended.
pub(crate) type LinkPlace = (Timestamp, Uuid);

impl Ticketing {
    /// Says what a ticket is to another.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "link.say", skip_all, fields(ticket.id = %new.from))]
    pub async fn link_tickets(&self, call: &Call, new: NewLink) -> Result<pb::TicketLink, Error> {
        let mut writing = match self.begin_in(call, new.key, new.from, None, None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let against = link::against(&mut writing.tx, new.from, new.kind, new.to).await?;
        if against.nobody {
            return Err(Error::not_found(new.to.to_string()));
        }
        if against.said {
            return Err(Refusal::AlreadyLinked.into());
        }
        if against.circular || new.from == new.to {
            return Err(Refusal::LinkCircular.into());
        }
        if let Some(parent) = against.parent {
            return Err(Refusal::HasParent { parent }.into());
        }
        let moment = writing.moment;
        let now = writing.chronicle.now();
        let said = Link {
            id: LinkId { ticket: new.from, id: self.ambient.uuid(now) },
            kind: new.kind,
            to: new.to,
            reason: new.reason.map(|reason| reason.as_str().to_owned()),
            by: call.actor().clone(),
            at: now,
            end: None,
        };
        link::insert(&mut writing.tx, &said).await?;
        let part = writing.part();
        let (ticket, at) = part.stored.ticket.clone().note(moment)?;
        part.touched(ticket);
        part.note(
            ChangeKind::Linked,
            at,
            |entries| entries.linked(&said),
            |row| {
                row.reason = Some(new.kind.to_string());
                row.related = Some(new.to.name());
            },
        );
        writing.finish(present::link(&said)).await
    }

    /// Ends what was said of two tickets.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "link.end", skip_all, fields(ticket.id = %over.id.ticket))]
    pub async fn unlink_tickets(&self, call: &Call, over: EndOfLink) -> Result<pb::TicketLink, Error> {
        let mut writing = match self.begin_in(call, over.key, over.id.ticket, None, None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let found = link::lock(&mut writing.tx, over.id).await?.ok_or_else(|| Error::not_found(over.id.name()))?;
        if found.end.is_some() || !found.kind.is_stated() {
            return Err(Refusal::LinkNotToEnd.into());
        }
        let moment = writing.moment;
        let end = End {
            at: writing.chronicle.now(),
            reason: Some(over.reason.as_str().to_owned()),
            by: call.actor().clone(),
        };
        link::end(&mut writing.tx, over.id.id, &end).await?;
        let ended = Link { end: Some(end), ..found };
        let part = writing.part();
        let (ticket, at) = part.stored.ticket.clone().note(moment)?;
        part.touched(ticket);
        part.note(
            ChangeKind::Unlinked,
            at,
            |entries| entries.unlinked(&ended),
            |row| {
                row.reason = Some(over.reason.as_str().to_owned());
                row.related = Some(ended.to.name());
            },
        );
        writing.finish(present::link(&ended)).await
    }

    /// A page of what a ticket is to others and others to it, and where it ended when there is more.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "link.list", skip_all, fields(ticket.id = %id))]
    pub async fn list_ticket_links(
        &self,
        id: TicketId,
        after: Option<LinkPlace>,
        size: usize,
    ) -> Result<(Vec<pb::TicketLink>, Option<LinkPlace>), Error> {
        let mut rows = link::list(self.db.reader(), id, after, limit(size)).await?;
        if rows.is_empty() && !ticket::exists(self.db.reader(), id).await? {
            return Err(Error::not_found(id.to_string()));
        }
        let more = cut(&mut rows, size);
        let last = rows.last().filter(|_| more).map(|row| (row.at, row.id.id));
        Ok((rows.iter().map(present::link).collect(), last))
    }
}
