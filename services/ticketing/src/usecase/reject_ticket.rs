//! It is not taken up; the customer learns why and where to turn to.

use server::Call;
use ticketing_domain::{Answer, Command, Refusal, Signpost, Word, is_generic, rejected};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;

/// Why an affair is not taken up, and where its customer can turn to.
#[derive(Debug, Clone)]
pub struct Rejection {
    /// Why, as a word.
    pub reason: Word,
    /// Why, in words for the customer.
    pub explanation: Answer,
    /// Where they can turn to.
    pub signpost: Signpost,
}

impl Ticketing {
    /// It is not taken up; the customer is told why and where to turn to.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.reject", skip_all, fields(ticket.id = %target.id))]
    pub async fn reject_ticket(&self, call: &Call, target: Target, told: Rejection) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let Rejection { reason, explanation, signpost } = told;
        if is_generic(explanation.expose()) {
            return Err(Refusal::GenericAnswer.into());
        }
        let moment = writing.moment;
        // In each of those that are answered together: each is read by itself.
        writing.chronicle.each(|part| {
            let facts = part.stored.ticket.facts();
            let (channel, text) = (facts.channel, rejected(facts, explanation.expose(), signpost.expose()));
            part.tell(channel, text.parse().expect("an answer and a signpost fit a message"), moment)
        })?;
        writing.chronicle.apply(Command::Reject { reason, signpost }, moment, &self.policy)?;
        writing.answered(true).await?;
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}
