//! Adds what was said, or a note.

use jiff::Timestamp;
use postgres::RequestKey;
use server::Call;
use ticketing_domain::{Body, ChangeKind, Command, MessageId, Standing, TicketId, Visibility};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::writing::Begun;
use crate::Error;
use crate::grpc::present;
use crate::store::message::{self, Direction, Message, Way};

/// What AddMessage is asked.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The ticket.
    pub ticket: TicketId,
    /// Which way it came or went; none for a note.
    pub way: Option<Way>,
    /// Who may read it.
    pub visibility: Visibility,
    /// The text.
    pub body: Body,
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
        let mut writing = match self.begin(call, new.key, new.ticket, None, new.stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let (ticket, at) = writing.stored.ticket.clone().touch(writing.moment)?;
        writing.touched(ticket);
        let message = Message {
            id: MessageId { ticket: new.ticket, id: self.ambient.uuid(writing.now) },
            sequence: writing.next_sequence(),
            way: new.way,
            visibility: new.visibility,
            body: new.body,
            actor: call.actor().clone(),
            occurred_at: at,
            created_at: writing.now,
        };
        let related = message.id.name();
        writing.note(
            ChangeKind::MessageAdded,
            at,
            |entries| entries.message_added(&message),
            |row| row.related = Some(related),
        );
        let from_customer = new.way.is_some_and(|way| way.direction == Direction::Inbound);
        if from_customer && writing.stored.ticket.state().standing() == Standing::Pending {
            let waiting = writing.stored.ticket.clone();
            let (ticket, happened) = waiting.apply(Command::Resume { reason: None }, writing.moment, &self.policy)?;
            writing.transitioned(ticket, &happened);
        }
        message::insert(&mut writing.tx, &message).await?;
        writing.finish(present::message(&message)).await
    }
}
