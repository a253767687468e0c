//! Messages and notes.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, Channel, ResourceId};
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{Body, MessageId, TicketId, Visibility};

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
    /// Who wrote it down.
    pub actor: Actor,
    /// When it was said.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub created_at: Timestamp,
}

/// Adds a message.
pub(crate) async fn insert(tx: &mut PgConnection, message: &Message) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ticketing.message (ticket_id, sequence, message_id, direction, visibility, channel, body,
             actor_kind, actor_id, actor_department, occurred_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        message.id.ticket.uuid(),
        message.sequence,
        message.id.id,
        message.way.map(|w| w.direction.as_str()),
        message.visibility.as_str(),
        message.way.map(|w| w.channel.as_str()),
        message.body.expose(),
        message.actor.kind.as_str(),
        message.actor.id,
        message.actor.department.as_ref().map(|d| d.as_str()),
        message.occurred_at.to_sqlx() as _,
        message.created_at.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Messages of a ticket after the one with this sequence number, oldest first.
pub(crate) async fn list(pool: &PgPool, ticket: TicketId, after: i32, limit: i64) -> Result<Vec<Message>, StoreError> {
    let rows = sqlx::query!(
        "select sequence, message_id, direction, visibility, channel, body, actor_kind, actor_id, actor_department,
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
                actor: actor("message", key, &row.actor_kind, row.actor_id, row.actor_department)?,
                occurred_at: row.occurred_at.to_jiff(),
                created_at: row.created_at.to_jiff(),
            })
        })
        .collect()
}
