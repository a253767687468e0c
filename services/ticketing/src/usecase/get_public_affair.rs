//! All that the customer of an affair may read of it, and acting as that customer.

use kernel::{ResourceId, Role};
use postgres::RequestKey;
use server::{Call, Principal};
use ticketing_domain::{Proof, TicketId, TrackingKey, Visibility, customer_options, road};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::{Begun, Writing};
use super::{Ticketing, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::message::Message;
use crate::store::{Stored, message, ticket};

/// Messages that are told: the last ones, which are what a customer comes for.
const MOST_MESSAGES: usize = 50;
/// Messages that are read at once.
const READ: usize = 200;
/// Messages that are read at most.
const MOST_READ: usize = 2_000;

/// What a customer shows with everything they do.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The tracking key.
    pub key: TrackingKey,
    /// The proof.
    pub proof: Proof,
}

impl Ticketing {
    /// All that the customer of an affair may read of it.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.get_public_affair", skip_all)]
    pub async fn get_public_affair(&self, shown: &Shown) -> Result<pb::PublicAffair, Error> {
        let id = self.who_holds(&shown.key, &shown.proof).await?;
        let stored = self.shown(id).await?;
        let status = self.status_of(shown.key, id).await?;
        let (followed, course) = self.course_of(id).await?.ok_or(Error::KeyOrProofUnknown)?;
        let road = road(&followed.map, &course);
        let messages = self.told(id).await?;
        let open = status.office_case_open;
        let ticket = &stored.ticket;
        let options = customer_options(ticket.state().standing(), !ticket.points().is_empty(), open);
        Ok(present::public_affair(status, &stored, &followed, &road, &messages, &options))
    }

    /// What is kept of a ticket whose proof was shown. What was erased opens to nobody.
    pub(super) async fn shown(&self, id: TicketId) -> Result<Stored, Error> {
        let stored = ticket::get(self.db.reader(), id).await?;
        stored.filter(|stored| !stored.erased).ok_or(Error::KeyOrProofUnknown)
    }

    /// The last messages between customer and house.
    async fn told(&self, id: TicketId) -> Result<Vec<Message>, Error> {
        let (mut told, mut after, mut read) = (Vec::new(), 0, 0);
        loop {
            let page = message::list(self.db.reader(), id, after, limit(READ - 1)).await?;
            let count = page.len();
            read += count;
            after = page.last().map_or(after, |message| message.sequence);
            told.extend(page.into_iter().filter(|m| m.visibility == Visibility::Public && m.way.is_some()));
            told.drain(..told.len().saturating_sub(MOST_MESSAGES));
            if count < READ || read >= MOST_READ {
                return Ok(told);
            }
        }
    }

    /// Begins a change that the customer makes with key and proof. They are looked at first, before the call is known to be a repetition, so that an answer is
    /// given again to whoever holds them alone.
    pub(super) async fn begin_shown(
        &self,
        call: &Call,
        shown: &Shown,
        key: RequestKey,
        etag: Option<i64>,
    ) -> Result<Begun<pb::PublicAct>, Error> {
        let id = self.who_holds(&shown.key, &shown.proof).await?;
        let customer = self.shown(id).await?.ticket.facts().customer;
        let mut call = call.clone();
        call.principal = Principal::new(customer.uuid().to_string(), [Role::Customer]);
        call.on_behalf_of = None;
        self.begin_in(&call, key, id, etag, None).await
    }
}

impl Writing {
    /// That the customer's act was done, as the affair stands after it.
    pub(super) fn done(&self) -> pb::PublicAct {
        present::public_act(&self.chronicle.stored.ticket, self.chronicle.now())
    }
}
