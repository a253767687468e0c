//! It is over: the customer accepted, or did not object in time.

use kernel::Role;
use server::Call;
use ticketing_domain::{CloseReason, Command, Refusal};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;

impl Ticketing {
    /// It is over: the customer accepted, or did not object in time.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.close", skip_all, fields(ticket.id = %target.id))]
    pub async fn close_ticket(&self, call: &Call, target: Target, reason: CloseReason) -> Result<pb::Ticket, Error> {
        if reason == CloseReason::ClosedAtSource && !call.acting().has(Role::Importer) {
            return Err(Refusal::PastTimeNotAllowed.into());
        }
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let command = Command::Close { reason, word: writing.word_since_answer(call).await? };
        writing.refuse_as_history(&command).await?;
        writing.chronicle.apply(command, writing.moment, &self.policy)?;
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}
