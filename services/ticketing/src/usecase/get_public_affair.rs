//! All that the customer of an affair may read of it, and acting as that customer.

use kernel::{ResourceId, Role};
use postgres::RequestKey;
use server::{Call, Principal};
use ticketing_domain::{Proof, SurveyState, TicketId, TrackingKey, customer_options, road};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::{Begun, Writing};
use super::{Ticketing, cut, limit};
use crate::Error;
use crate::grpc::present;
use crate::store::{Stored, message, survey, ticket};

/// Messages that are told at once.
const MESSAGES: usize = 25;

/// What a customer shows with everything they do.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The tracking key.
    pub key: TrackingKey,
    /// The proof.
    pub proof: Proof,
}

impl Ticketing {
    /// All that the customer of an affair may read of it: with the newest messages, or those `before` this sequence number. With it the sequence number of
    /// the oldest of them, when something was said before it.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.get_public_affair", skip_all)]
    pub async fn get_public_affair(
        &self,
        shown: &Shown,
        before: Option<i32>,
    ) -> Result<(pb::PublicAffair, Option<i32>), Error> {
        let id = self.who_holds(&shown.key, &shown.proof).await?;
        let stored = self.shown(id).await?;
        let (followed, course) = self.course_of(id).await?.ok_or(Error::KeyOrProofUnknown)?;
        let status = self.status_on((shown.key, id), &followed, &course, None).await?;
        let road = road(&followed.map, &course);
        let mut messages = message::told(self.db.reader(), id, before, limit(MESSAGES)).await?;
        let more = cut(&mut messages, MESSAGES);
        let oldest = messages.last().filter(|_| more).map(|message| message.sequence);
        messages.reverse();
        let open = status.office_case_open;
        let ticket = &stored.ticket;
        let head = ticket.merged().map_or(id, |merged| merged.head);
        let survey = survey::of_affair(&mut *self.db.reader().acquire().await?, (id, head)).await?;
        let waits = survey.as_ref().is_some_and(|survey| survey.survey.state == SurveyState::Asked);
        let options = customer_options(ticket.state().standing(), !ticket.points().is_empty(), open, waits);
        let affair = present::public_affair(status, &stored, &followed, &road, &messages, &options, survey.as_ref());
        Ok((affair, oldest))
    }

    /// What is kept of a ticket whose proof was shown. What was erased opens to nobody.
    pub(super) async fn shown(&self, id: TicketId) -> Result<Stored, Error> {
        let stored = ticket::get(self.db.reader(), id).await?;
        stored.filter(|stored| !stored.erased).ok_or(Error::KeyOrProofUnknown)
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
