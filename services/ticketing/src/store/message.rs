//! Messages and notes.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, Channel, ResourceId};
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{Body, MessageId, TicketId, Visibility};
use uuid::Uuid;

use super::{actor, word};

/// Which way a public message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the customer.
    Inbound,
    /// To the customer.
    Outbound,
}

impl Direction {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// The way a public message came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// Which way.
    pub direction: Direction,
    /// By which channel.
    pub channel: Channel,
}

/// One message.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// Its id.
    pub id: MessageId,
    /// Place in the ticket's history.
    pub sequence: i32,
    /// Which way it came or went; none for a note.
    pub way: Option<Way>,
    /// Who may read it.
    pub visibility: Visibility,
    /// The text.
    pub body: Body,
    /// It offers the customer something for sale.
    pub sales_offer: bool,
    /// Who wrote it down.
    pub actor: Actor,
    /// When it was said.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub created_at: Timestamp,
}

/// Messages as parallel arrays, for `unnest`.
#[derive(Default)]
pub(super) struct MessageColumns {
    pub ticket_id: Vec<Uuid>,
    pub sequence: Vec<i32>,
    pub message_id: Vec<Uuid>,
    pub direction: Vec<Option<String>>,
    pub visibility: Vec<String>,
    pub channel: Vec<Option<String>>,
    pub body: Vec<String>,
    pub sales_offer: Vec<bool>,
    pub actor_kind: Vec<String>,
    pub actor_id: Vec<String>,
    pub actor_department: Vec<Option<String>>,
    pub occurred_at: Vec<jiff_sqlx::Timestamp>,
    pub created_at: Vec<jiff_sqlx::Timestamp>,
}

impl MessageColumns {
    pub(super) fn push(&mut self, messages: &[Message]) {
        for message in messages {
            self.ticket_id.push(message.id.ticket.uuid());
            self.sequence.push(message.sequence);
            self.message_id.push(message.id.id);
            self.direction.push(message.way.map(|w| w.direction.as_str().to_owned()));
            self.visibility.push(message.visibility.to_string());
            self.channel.push(message.way.map(|w| w.channel.to_string()));
            self.body.push(message.body.expose().to_owned());
            self.sales_offer.push(message.sales_offer);
            self.actor_kind.push(message.actor.kind.to_string());
            self.actor_id.push(message.actor.id.clone());
            self.actor_department.push(message.actor.department.as_ref().map(ToString::to_string));
            self.occurred_at.push(message.occurred_at.to_sqlx());
            self.created_at.push(message.created_at.to_sqlx());
        }
    }
}

/// Messages of a ticket after the one with this sequence number, oldest first.
#[tracing::instrument(name = "db.message.list", skip_all)]
pub(crate) async fn list(pool: &PgPool, ticket: TicketId, after: i32, limit: i64) -> Result<Vec<Message>, StoreError> {
    let rows = sqlx::query!(
        "select sequence, message_id, direction, visibility, channel, body, sales_offer, actor_kind, actor_id, actor_department,
                occurred_at, created_at
         from ticketing.message where ticket_id = $1 and sequence > $2 order by sequence limit $3",
        ticket.uuid(),
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let key = row.message_id;
            let way = match (row.direction.as_deref(), row.channel) {
                (Some(direction), Some(channel)) => Some(Way {
                    direction: match direction {
                        "inbound" => Direction::Inbound,
                        "outbound" => Direction::Outbound,
                        _ => return Err(StoreError::corrupt("message", "direction", key)),
                    },
                    channel: word("message", "channel", key, channel.parse().ok())?,
                }),
                _ => None,
            };
            Ok(Message {
                id: MessageId { ticket, id: key },
                sequence: row.sequence,
                way,
                visibility: word("message", "visibility", key, Visibility::from_word(&row.visibility))?,
                body: word("message", "body", key, row.body.parse().ok())?,
                sales_offer: row.sales_offer,
                actor: actor("message", key, &row.actor_kind, row.actor_id, row.actor_department)?,
                occurred_at: row.occurred_at.to_jiff(),
                created_at: row.created_at.to_jiff(),
            })
        })
        .collect()
}

/// Whether the customer has said anything after this place in the ticket's history, whoever may read it, or has objected to an answer; or has said
/// something since then in one that is answered with it.
#[tracing::instrument(name = "db.message.customer_spoke_after", skip_all)]
pub(crate) async fn customer_spoke_after(
    tx: &mut PgConnection,
    ticket: TicketId,
    sequence: i32,
    members: &[TicketId],
    since: Timestamp,
) -> Result<bool, StoreError> {
    let members: Vec<Uuid> = members.iter().map(|ticket| ticket.uuid()).collect();
    let spoke = sqlx::query_scalar!(
        r#"select exists (select from ticketing.message where ticket_id = $1 and sequence > $2 and direction = 'inbound')
               or exists (select from ticketing.ticket_change
                          where ticket_id = $1 and sequence > $2 and from_state = 'resolved')
               or exists (select from ticketing.message
                          where ticket_id = any($3) and direction = 'inbound' and occurred_at >= $4) as "spoke!""#,
        ticket.uuid(),
        sequence,
        &members,
        since.to_sqlx() as _,
    )
    .fetch_one(tx)
    .await?;
    Ok(spoke)
}
