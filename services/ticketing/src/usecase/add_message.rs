//! Adds what was said, or a note.

use jiff::Timestamp;
use postgres::RequestKey;
use server::Call;
use ticketing_domain::TicketId;
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::chronicle::Said;
use super::writing::Begun;
use crate::Error;

/// What AddMessage is asked.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The ticket.
    pub ticket: TicketId,
    /// The message.
    pub said: Said,
    /// The call.
    pub key: RequestKey,
    /// When it was said, where that is stated.
    pub stated: Option<Timestamp>,
}

impl Ticketing {
    /// Adds what was said, or a note. What the customer says brings a waiting ticket back to work.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "message.add", skip_all, fields(ticket.id = %new.ticket))]
    pub async fn add_message(&self, call: &Call, new: NewMessage) -> Result<pb::Message, Error> {
        let mut writing = match self.begin_in(call, new.key, new.ticket, None, new.stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let answer = writing.say(new.said, &self.policy).await?;
        writing.finish(answer).await
    }
}
