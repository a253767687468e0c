//! Answers the customer for the time being.

use kernel::{ResourceId as _, Role, Violations};
use server::{Call, parse};
use ticketing_domain::{ChangeKind, HoldingReplyDraft, Lengthened, Sender, Ticket, TicketId};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::sla::v1::sla_service_client::SlaServiceClient;
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::Said;
use super::request_cure::SLA_MONITOR;
use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::message::Explanation;
use crate::store::{history, ticket};

impl Ticketing {
    /// Tells the customer why the answer takes longer and by when it comes, and has the terms lengthened that know this.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.send_holding_reply", skip_all, fields(ticket.id = %target.id))]
    pub async fn send_holding_reply(
        &self,
        call: &Call,
        target: Target,
        told: HoldingReplyDraft,
    ) -> Result<pb::SendHoldingReplyResponse, Error> {
        let Target { id, etag, key, stated } = target;
        if let Some(answer) = self.answered(&key).await? {
            return Ok(answer);
        }
        // Of an affair that nobody knows sla-monitor keeps no terms either, which is no silence of its.
        if !ticket::exists(self.db.reader(), id).await? {
            return Err(Error::not_found(id.to_string()));
        }
        let terms = self.terms_lengthened(call, id).await?;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let sent = history::has(&mut writing.tx, id, ChangeKind::HoldingReplySent).await?;
        let sender = Sender { actor: call.actor(), supervises: call.acting().has_any(&[Role::Supervisor]) };
        let message = writing.chronicle.next_message();
        let ticket = writing.chronicle.stored.ticket.clone();
        let (ticket, reply) = ticket.send_holding_reply(told, message, sender, (sent, &terms), writing.moment)?;
        writing.chronicle.changed(ticket);
        let text = reply.text(writing.chronicle.stored.ticket.facts());
        let explains = Explanation { expected: reply.told.answer_by, signposts: false };
        let said = Said::to_customer(reply.told.channel, text).explaining(Some(explains));
        writing.chronicle.say_as(message, said, writing.moment, &self.policy)?;
        writing.chronicle.note(
            ChangeKind::HoldingReplySent,
            reply.at,
            |entries| entries.holding_reply_sent(&reply),
            |row| row.related = Some(message.name()),
        );
        let answer = pb::SendHoldingReplyResponse {
            ticket: Some(present::ticket(&writing.chronicle.stored)),
            message: writing.chronicle.messages.last().map(present::message),
            policy: reply.lengthened.policy.clone(),
            latest_answer_time: Some(parse::time_to_proto(reply.lengthened.latest)),
        };
        writing.finish(answer).await
    }

    /// The terms of this affair that a holding reply lengthens now, as sla-monitor counts them.
    async fn terms_lengthened(&self, call: &Call, id: TicketId) -> Result<Vec<Lengthened>, Error> {
        let silent = || Error::PeerSilent { peer: SLA_MONITOR };
        let Ok(channel) = self.peers.channel(SLA_MONITOR) else { return Err(silent()) };
        let asked = sla::ListClocksRequest { subject: id.name(), page_size: 100, ..Default::default() };
        let answer = SlaServiceClient::new(channel.for_call(call)).list_clocks(asked).await;
        let clocks = answer.map_err(|_| silent())?.into_inner().clocks;
        // It has not heard of the affair yet: there is always a term.
        if clocks.is_empty() {
            return Err(silent());
        }
        let mut violations = Violations::new();
        let mut lengthened = Vec::new();
        for clock in &clocks {
            let by_reply = clock.extensions.iter().filter(|extension| extension.ground == Ticket::HOLDING_REPLY);
            for extension in by_reply {
                let latest = parse::time(&mut violations, "due_time", extension.due_time.as_ref());
                let latest = latest.ok_or(Error::PeerAnswer { peer: SLA_MONITOR })?;
                lengthened.push(Lengthened { policy: clock.policy.clone(), latest });
            }
        }
        Ok(lengthened)
    }
}
