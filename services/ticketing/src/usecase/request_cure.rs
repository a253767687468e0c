//! Asks the customer to complete the affair.

use jiff::Timestamp;
use kernel::ResourceId as _;
use postgres::{RequestKey, StoreError};
use server::{Call, parse};
use ticketing_domain::{ChangeKind, CureDraft, CureId, CureLaw, LeastTerm, TicketId};
use tonic::Code;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::Said;
use super::writing::{Begun, kept_answer};
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::cure::{self, StoredCure};
use crate::store::ticket;

/// Who counts what law gives.
pub(super) const SLA_MONITOR: &str = "sla-monitor";

/// The quarter of an hour an instant lies in: in every zone, days end at the end of one.
fn quarter(at: Timestamp) -> i64 {
    at.as_second().div_euclid(900)
}

impl Ticketing {
    /// Asks the customer to complete the affair, and waits for them as long as law wants at the least.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "cure.request", skip_all, fields(ticket.id = %target.id))]
    pub async fn request_cure(
        &self,
        call: &Call,
        target: Target,
        draft: CureDraft,
    ) -> Result<pb::RequestCureResponse, Error> {
        let Target { id, etag, key, stated } = target;
        if let Some(answer) = self.answered(&key).await? {
            return Ok(answer);
        }
        let filed = self.filed(id).await?;
        let counted_from = self.ambient.now();
        let least = self.least_term(call, (id, filed), counted_from).await?;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        writing.take_on(call, self).await?;
        let one: Vec<_> = std::iter::once(id).chain(writing.members()).collect();
        let again = draft.refuse_again(&cure::asked_before(&mut writing.tx, &one).await?);
        let cure = CureId { ticket: id, id: self.ambient.uuid(writing.chronicle.now()) };
        let message = writing.chronicle.next_message();
        let ticket = writing.chronicle.stored.ticket.clone();
        let (waiting, happened, cure) =
            ticket.request_cure(draft, (cure, message), least, call.actor().clone(), writing.moment)?;
        again?;
        if quarter(counted_from) != quarter(cure.asked) {
            // The day may have ended between the counting and the asking, and the customer is not to lose one.
            return Err(StoreError::Contended.into());
        }
        let told = Said::to_customer(cure.channel, cure.text(waiting.facts()));
        writing.chronicle.say_as(message, told, writing.moment, &self.policy)?;
        let related = cure.id.name();
        let sequence = writing.chronicle.note(
            ChangeKind::CureRequested,
            cure.asked,
            |entries| entries.cure_requested(&cure),
            |row| row.related = Some(related),
        );
        writing.chronicle.transitioned(waiting, &happened);
        let stored = StoredCure { cure, sequence };
        cure::insert(&mut writing.tx, &stored).await?;
        let answer = pb::RequestCureResponse {
            cure: Some(present::cure_request(&stored.cure)),
            ticket: Some(present::ticket(&writing.chronicle.stored)),
            message: writing.chronicle.messages.last().map(present::message),
        };
        writing.finish(answer).await
    }

    /// The answer of a call that was done before, so that a retry asks nobody.
    pub(super) async fn answered<M: prost::Message + Default>(&self, key: &RequestKey) -> Result<Option<M>, Error> {
        let kept = postgres::answered(&self.db, key).await?;
        kept.map(|answer| kept_answer(key, &answer)).transpose()
    }

    /// The law that gives the customer of this ticket time, and who works on it. Filed or handed on otherwise, a ticket has another etag, so that
    /// the call is refused.
    async fn filed(&self, id: TicketId) -> Result<(CureLaw, String), Error> {
        let found = ticket::get(self.db.reader(), id).await?;
        let found =
            found.map(|stored| (stored.ticket.filing().cure_law(), stored.ticket.assignment().department.to_string()));
        found.ok_or_else(|| Error::not_found(id.to_string()))
    }

    /// The least time that this law gives a customer who is asked at `start`, as sla-monitor counts it for this ticket.
    async fn least_term(
        &self,
        call: &Call,
        (id, (law, department)): (TicketId, (CureLaw, String)),
        start: Timestamp,
    ) -> Result<LeastTerm, Error> {
        let silent = Error::PeerSilent { peer: SLA_MONITOR };
        let Ok(channel) = self.peers.channel(SLA_MONITOR) else { return Err(silent) };
        let asked = sla::PreviewDueRequest {
            policy: present::policy_name(law),
            start_time: Some(parse::time_to_proto(start)),
            calendar: String::new(),
            subject: id.name(),
            department,
        };
        let answer = SlaServiceClient::new(channel.for_call(call)).preview_due(asked).await;
        let answer = answer.map_err(|status| match status.code() {
            // It knows no such rule: the two are of different versions, and time heals nothing.
            Code::NotFound => Error::PeerAnswer { peer: SLA_MONITOR },
            _ => silent,
        })?;
        let sla::PreviewDueResponse { due_time, proof } = answer.into_inner();
        let mut violations = kernel::Violations::new();
        let due = parse::time(&mut violations, "due_time", due_time.as_ref());
        match (due, proof) {
            (Some(due), Some(proof)) => Ok(LeastTerm { due, es: proof.sentence_es, en: proof.sentence_en }),
            _ => Err(Error::PeerAnswer { peer: SLA_MONITOR }),
        }
    }
}
