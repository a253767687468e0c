//! The customer withdraws.

use server::Call;
use ticketing_domain::{CancelReason, Command, MessageId, Promise, Refusal, withdrawn};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::message::{self, Direction};

impl Ticketing {
    /// The customer withdraws, in a message of theirs, and is told that it was.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.cancel", skip_all, fields(ticket.id = %target.id))]
    pub async fn cancel_ticket(
        &self,
        call: &Call,
        target: Target,
        (reason, said): (CancelReason, MessageId),
    ) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let found = message::way_of(&mut writing.tx, said).await?.ok_or_else(|| Error::not_found(said.name()))?;
        let (way, at) = found;
        let is_theirs = said.ticket == id || writing.members().contains(&said.ticket);
        let way =
            way.filter(|way| is_theirs && way.direction == Direction::Inbound).ok_or(Refusal::NotSaidByCustomer)?;
        let moment = writing.moment;
        let text = withdrawn(writing.chronicle.stored.ticket.facts(), at);
        let body = text.parse().expect("a wording of ours fits a message");
        writing.chronicle.by_itself(|own| own.tell(way.channel, body, moment))?;
        writing.chronicle.apply(Command::Cancel { reason: reason.word() }, moment, &self.policy)?;
        if let Some(row) = writing.chronicle.changes.last_mut() {
            row.related = Some(said.name());
        }
        writing.lapsed(Promise::as_withdrawn).await?;
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}
