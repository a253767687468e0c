//! Redress: the catalogue, and what is granted from it.

use jiff::{SignedDuration, Timestamp};
use kernel::{Role, Violations};
use postgres::{RequestKey, StoreError};
use server::Call;
use server::parse::actor_to_proto;
use ticketing_domain::{
    Authority, ChangeKind, Moment, Proposer, Redress, RedressDraft, RedressId, RedressItemId, RedressStanding,
    Reference, Refusal, Ruling, SlugId as _, TicketId,
};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1 as pb;

use super::named::{Kind, NamedPage, NewNamed};
use super::writing::{Begun, Writing};
use super::{PageByTime, Ticketing, cut, limit};
use crate::Error;
use crate::grpc::{convert, present};
use crate::store::named::{Items, Shelf as _};
use crate::store::redress::{self, StoredRedress};

/// For how long what somebody proposed to a customer counts against what they may propose alone.
const WINDOW: SignedDuration = SignedDuration::from_hours(365 * 24);

const ITEMS: Kind<Items, pb::RedressItem> =
    Kind { present: present::item, put: |entries, item| entries.item_put(item), refusal: || Refusal::NotYours };

/// What ProposeRedress is asked.
#[derive(Debug, Clone)]
pub(crate) struct NewRedress {
    /// The affair.
    pub ticket: TicketId,
    /// What is proposed.
    pub draft: RedressDraft,
    /// The version of the affair that the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

/// A step of a redress.
#[derive(Debug, Clone)]
pub(crate) struct RedressStep<T> {
    /// Which.
    pub id: RedressId,
    /// What is done.
    pub step: T,
    /// The version that the caller decided on.
    pub etag: i64,
    /// The call.
    pub key: RequestKey,
}

/// A place in a list of redresses.
pub(crate) type RedressPlace = (Timestamp, Uuid);

impl Ticketing {
    /// Puts something into the catalogue, or changes it.
    #[tracing::instrument(name = "redress_item.put", skip_all, fields(item.id = %new.id))]
    pub(crate) async fn put_redress_item(
        &self,
        call: &Call,
        new: NewNamed<RedressItemId, pb::RedressItem>,
    ) -> Result<pb::RedressItem, Error> {
        let mut new = new;
        new.content.put_actor = Some(actor_to_proto(call.actor()));
        self.put_named(call, ITEMS, new).await
    }

    /// One item of the catalogue.
    #[tracing::instrument(name = "redress_item.get", skip_all, fields(item.id = %id))]
    pub(crate) async fn get_redress_item(&self, id: &RedressItemId) -> Result<pb::RedressItem, Error> {
        Ok(present::item(&self.get_named::<Items>(id).await?))
    }

    /// A page of the catalogue, and the id of its last item when there are more.
    #[tracing::instrument(name = "redress_item.list", skip_all)]
    pub(crate) async fn list_redress_items(
        &self,
        page: &NamedPage,
    ) -> Result<(Vec<pb::RedressItem>, Option<String>), Error> {
        self.list_named(ITEMS, page).await
    }

    /// Proposes to give the customer something.
    #[tracing::instrument(name = "redress.propose", skip_all, fields(ticket.id = %new.ticket))]
    pub(crate) async fn propose_redress(&self, call: &Call, new: NewRedress) -> Result<pb::Redress, Error> {
        let NewRedress { ticket, draft, etag, key } = new;
        // Asked for before anything is locked; whose a ticket is never changes.
        let customers = match draft.amount {
            Some(_) => self.every_id_of_whose(ticket).await?,
            None => Vec::new(),
        };
        let mut writing = match self.begin(call, key, ticket, Some(etag), None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let item = Items::share(&mut writing.tx, &draft.item).await?;
        let item = item.ok_or_else(|| Error::not_found(draft.item.name()))?.named.content;
        if item.retired {
            return Err(Refusal::ItemRetired.into());
        }
        writing.chronicle.stored.ticket.refuse_if_dropped()?;
        let granting = convert::granting(&mut Violations::new(), "", &item);
        let granting = granting.ok_or_else(|| StoreError::corrupt("redress_item", "content", draft.item.as_str()))?;
        convert::refuse_amount(&granting, draft.amount.as_ref())?;
        let authority =
            if call.acting().has_any(&[Role::Supervisor]) { Authority::Supervisor } else { Authority::Agent };
        // What they have proposed before to this customer, under whatever id, counts: a limit that holds for each proposal, or each affair,
        // holds for none.
        let before = match &draft.amount {
            Some(amount) => {
                let since = self.ambient.now().checked_sub(WINDOW).unwrap_or(Timestamp::UNIX_EPOCH);
                let by = redress::Generosity {
                    customers: &customers,
                    actor: &call.actor().id,
                    currency: &amount.currency,
                    since,
                };
                redress::proposed_by(&mut writing.tx, ticket, &by).await?
            }
            None => 0,
        };
        let own_limits = item.put_actor.as_ref().is_some_and(|by| by.id == call.actor().id);
        let who = Proposer { by: call.actor().clone(), authority, before, own_limits };
        let id = RedressId { ticket, id: self.ambient.uuid(self.ambient.now()) };
        let (noted, at) = writing.chronicle.stored.ticket.clone().note(writing.moment)?;
        let redress = Redress::propose(draft, id, &granting, who, at);
        let stored = StoredRedress { redress, version: 1 };
        redress::insert(&mut writing.tx, &stored).await?;
        // Another version: whoever read the affair before proposes on other grounds.
        writing.chronicle.changed(noted);
        writing.chronicle.note(
            ChangeKind::RedressProposed,
            at,
            |entries| entries.redress_proposed(&stored.redress),
            |row| row.related = Some(id.name()),
        );
        writing.finish(present::redress(&stored)).await
    }

    /// Grants a proposed redress, or refuses it.
    #[tracing::instrument(name = "redress.decide", skip_all, fields(ticket.id = %asked.id.ticket))]
    pub(crate) async fn decide_redress(&self, call: &Call, asked: RedressStep<Ruling>) -> Result<pb::Redress, Error> {
        let ruling = asked.step.clone();
        let granted = ruling == Ruling::Grant;
        let by = call.actor().clone();
        let decide = |redress: Redress, at| redress.decide(ruling, by, at);
        let told = |entries: &crate::entry::Entries<'_>, redress: &Redress| entries.redress_decided(redress, granted);
        self.step(call, asked, (ChangeKind::RedressDecided, !granted), decide, told).await
    }

    /// Writes down that the customer was given it.
    #[tracing::instrument(name = "redress.give", skip_all, fields(ticket.id = %asked.id.ticket))]
    pub(crate) async fn give_redress(&self, call: &Call, asked: RedressStep<Reference>) -> Result<pb::Redress, Error> {
        let reference = asked.step.clone();
        let give = |redress: Redress, at| redress.give(reference, at);
        self.step(call, asked, (ChangeKind::RedressGiven, false), give, |entries, redress| {
            entries.redress_given(redress)
        })
        .await
    }

    async fn step<T>(
        &self,
        call: &Call,
        asked: RedressStep<T>,
        (kind, refuses): (ChangeKind, bool),
        step: impl FnOnce(Redress, Timestamp) -> Result<Redress, Refusal>,
        entry: impl FnOnce(&crate::entry::Entries<'_>, &Redress) -> ledger::Draft,
    ) -> Result<pb::Redress, Error> {
        let RedressStep { id, etag, key, .. } = asked;
        let mut writing: Box<Writing> = match self.begin_in(call, key, id.ticket, None, None).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let found = redress::get(&mut *writing.tx, id).await?.ok_or_else(|| Error::not_found(id.name()))?;
        if found.version != etag {
            return Err(StoreError::Stale.into());
        }
        let moment: Moment = writing.moment;
        let part = writing.part();
        if !refuses {
            part.stored.ticket.refuse_if_dropped()?;
        }
        let (noted, at) = part.stored.ticket.clone().note(moment)?;
        let stored = StoredRedress { redress: step(found.redress, at)?, version: found.version + 1 };
        part.touched(noted);
        part.note(
            kind,
            at,
            |entries| entry(entries, &stored.redress),
            |row| {
                row.reason = Some(stored.redress.state.standing().to_string());
                row.related = Some(id.name());
            },
        );
        redress::update(&mut writing.tx, &stored).await?;
        writing.finish(present::redress(&stored)).await
    }

    /// A page of what the customer of a ticket is given, and the place of its last one when there are more.
    #[tracing::instrument(name = "redress.list", skip_all, fields(ticket.id = %ticket))]
    pub(crate) async fn list_redresses(
        &self,
        ticket: TicketId,
        after: Option<RedressPlace>,
        size: usize,
    ) -> Result<PageByTime<pb::Redress>, Error> {
        let mut found = redress::list(self.db.reader(), ticket, after, limit(size)).await?;
        if found.is_empty() && !crate::store::ticket::exists(self.db.reader(), ticket).await? {
            return Err(Error::not_found(ticket.to_string()));
        }
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|stored| (stored.redress.proposed, stored.redress.id.id));
        Ok((found.iter().map(present::redress).collect(), last))
    }

    /// A page of what waits over all affairs, and the place of its last one when there are more.
    #[tracing::instrument(name = "redress.waiting", skip_all)]
    pub(crate) async fn list_waiting_redresses(
        &self,
        standing: RedressStanding,
        after: Option<RedressPlace>,
        size: usize,
    ) -> Result<PageByTime<pb::Redress>, Error> {
        let mut found = redress::waiting(self.db.reader(), standing, after, limit(size)).await?;
        let more = cut(&mut found, size);
        let last = found.last().filter(|_| more).map(|stored| (stored.since(), stored.redress.id.id));
        Ok((found.iter().map(present::redress).collect(), last))
    }
}
