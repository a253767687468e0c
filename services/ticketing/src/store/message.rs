//! Messages and notes.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, Channel, ResourceId};
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{AgentId, Attachment, Body, MessageId, ScanState, TicketId, Visibility};
use uuid::Uuid;

use super::{actor, mention, scan, word};

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

/// That a message to the customer explains why it takes longer, and by when it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// By when, as the customer is told.
    pub expected: Timestamp,
    /// It says where they may go by now.
    pub signposts: bool,
}

/// A file that belongs to a message.
#[derive(Debug, Clone)]
pub struct Attached {
    /// The file.
    pub file: Attachment,
    /// What was found in it.
    pub scan: ScanState,
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
    /// What it explains.
    pub explains: Option<Explanation>,
    /// The files that belong to it.
    pub attachments: Vec<Attached>,
    /// Who is to look at it.
    pub mentions: Vec<AgentId>,
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

struct MessageRow {
    ticket_id: Uuid,
    sequence: i32,
    message_id: Uuid,
    direction: Option<String>,
    visibility: String,
    channel: Option<String>,
    body: String,
    sales_offer: bool,
    actor_kind: String,
    actor_id: String,
    actor_department: Option<String>,
    occurred_at: jiff_sqlx::Timestamp,
    created_at: jiff_sqlx::Timestamp,
    mentions: Vec<String>,
    has_files: bool,
    expected_at: Option<jiff_sqlx::Timestamp>,
    signposts: Option<bool>,
}

impl TryFrom<MessageRow> for Message {
    type Error = StoreError;

    fn try_from(row: MessageRow) -> Result<Self, StoreError> {
        let key = row.message_id;
        let way = way(key, row.direction.as_deref(), row.channel)?;
        let mentions = row.mentions.iter().map(|id| word("mention", "agent_id", key, AgentId::of(id).ok()));
        Ok(Self {
            id: MessageId { ticket: TicketId::from_uuid(row.ticket_id), id: key },
            sequence: row.sequence,
            way,
            visibility: word("message", "visibility", key, Visibility::from_word(&row.visibility))?,
            body: word("message", "body", key, row.body.parse().ok())?,
            sales_offer: row.sales_offer,
            explains: row.expected_at.zip(row.signposts).map(|(at, signposts)| {
                let expected = at.to_jiff();
                Explanation { expected, signposts }
            }),
            attachments: Vec::new(),
            mentions: mentions.collect::<Result<_, StoreError>>()?,
            actor: actor("message", key, &row.actor_kind, row.actor_id, row.actor_department)?,
            occurred_at: row.occurred_at.to_jiff(),
            created_at: row.created_at.to_jiff(),
        })
    }
}

/// Every reading of messages has the same columns; only what follows `from` differs.
macro_rules! select_messages {
    ($tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            MessageRow,
            r#"select m.ticket_id, m.sequence, m.message_id, m.direction, m.visibility, m.channel, m.body, m.sales_offer, m.actor_kind,
                      m.actor_id, m.actor_department, m.occurred_at, m.created_at,
                      array(select n.agent_id from ticketing.mention n where n.message_id = m.message_id order by n.agent_id)
                          as "mentions!",
                      exists (select from ticketing.attachment a where a.message_id = m.message_id) as "has_files!",
                      e.expected_at as "expected_at?: _", e.signposts as "signposts?"
               from ticketing.message m left join ticketing.explanation e on e.message_id = m.message_id "# + $tail
            $(, $argument)*
        )
    };
}

/// Messages of a ticket after the one with this sequence number, oldest first.
#[tracing::instrument(name = "db.message.list", skip_all)]
pub(crate) async fn list(pool: &PgPool, ticket: TicketId, after: i32, limit: i64) -> Result<Vec<Message>, StoreError> {
    let rows = select_messages!(
        "where m.ticket_id = $1 and m.sequence > $2 order by m.sequence limit $3",
        ticket.uuid(),
        after,
        limit,
    );
    with_files(pool, rows.fetch_all(pool).await?).await
}

/// Messages of a ticket before the one with this sequence number, newest first.
#[tracing::instrument(name = "db.message.list_newest_first", skip_all)]
pub(crate) async fn list_newest_first(
    pool: &PgPool,
    ticket: TicketId,
    before: i32,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let rows = select_messages!(
        "where m.ticket_id = $1 and m.sequence < $2 order by m.sequence desc limit $3",
        ticket.uuid(),
        before,
        limit,
    );
    with_files(pool, rows.fetch_all(pool).await?).await
}

/// What was said between customer and house before this place in the ticket's history, the newest first.
#[tracing::instrument(name = "db.message.told", skip_all)]
pub(crate) async fn told(
    pool: &PgPool,
    ticket: TicketId,
    before: Option<i32>,
    limit: i64,
) -> Result<Vec<Message>, StoreError> {
    let rows = select_messages!(
        "where m.ticket_id = $1 and m.sequence < $2 and m.visibility = 'public' order by m.sequence desc limit $3",
        ticket.uuid(),
        before.unwrap_or(i32::MAX),
        limit,
    );
    with_files(pool, rows.fetch_all(pool).await?).await
}

/// Messages by their places in their tickets' histories.
#[tracing::instrument(name = "db.message.at", skip_all)]
pub(crate) async fn at(pool: &PgPool, places: &[(TicketId, i32)]) -> Result<Vec<Message>, StoreError> {
    let tickets: Vec<Uuid> = places.iter().map(|(ticket, _)| ticket.uuid()).collect();
    let sequences: Vec<i32> = places.iter().map(|(_, sequence)| *sequence).collect();
    let rows = select_messages!(
        "join unnest($1::uuid[], $2::int[]) as p (ticket_id, sequence) on p.ticket_id = m.ticket_id and p.sequence = m.sequence",
        &tickets,
        &sequences,
    );
    with_files(pool, rows.fetch_all(pool).await?).await
}

async fn with_files(pool: &PgPool, rows: Vec<MessageRow>) -> Result<Vec<Message>, StoreError> {
    let having: Vec<Uuid> = rows.iter().filter(|row| row.has_files).map(|row| row.message_id).collect();
    let mut messages = rows.into_iter().map(Message::try_from).collect::<Result<Vec<_>, _>>()?;
    if !having.is_empty() {
        let mut files: HashMap<Uuid, Vec<Attached>> = HashMap::new();
        for (message, file) in scan::of_messages(pool, &having).await? {
            files.entry(message).or_default().push(file);
        }
        for message in &mut messages {
            message.attachments = files.remove(&message.id.id).unwrap_or_default();
        }
    }
    Ok(messages)
}

/// Writes what belongs to these messages beside them: their files, and who is named in them.
#[tracing::instrument(name = "db.message.write_beside", skip_all)]
pub(super) async fn write_beside(tx: &mut PgConnection, messages: &[&Message]) -> Result<(), StoreError> {
    scan::attach(tx, messages).await?;
    explain(tx, messages).await?;
    mention::insert(tx, messages).await
}

async fn explain(tx: &mut PgConnection, messages: &[&Message]) -> Result<(), StoreError> {
    let (mut message, mut expected, mut signposts) = (Vec::new(), Vec::new(), Vec::new());
    for said in messages {
        if let Some(explains) = said.explains {
            message.push(said.id.id);
            expected.push(explains.expected.to_sqlx());
            signposts.push(explains.signposts);
        }
    }
    if message.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into ticketing.explanation (message_id, expected_at, signposts)
         select * from unnest($1::uuid[], $2::timestamptz[], $3::boolean[])",
        &message,
        &expected as _,
        &signposts,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Whether the customer has said anything in one of these since it was answered last, whoever may read it.
#[tracing::instrument(name = "db.message.customer_spoke_since_answer", skip_all)]
pub(crate) async fn customer_spoke_since_answer(
    tx: &mut PgConnection,
    tickets: &[TicketId],
) -> Result<bool, StoreError> {
    let tickets: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    let spoke = sqlx::query_scalar!(
        r#"select exists (
               select from unnest($1::uuid[]) as t (id)
               cross join lateral (
                   select coalesce(max(c.sequence), 0) as answered from ticketing.ticket_change c
                   where c.ticket_id = t.id and c.to_state = 'resolved'
               ) as a
               join ticketing.message m on m.ticket_id = t.id and m.sequence > a.answered and m.direction = 'inbound'
           ) as "spoke!""#,
        &tickets,
    )
    .fetch_one(tx)
    .await?;
    Ok(spoke)
}

/// Which way a message came or went, none for a note, and when.
#[tracing::instrument(name = "db.message.way_of", skip_all)]
pub(crate) async fn way_of(
    tx: &mut PgConnection,
    id: MessageId,
) -> Result<Option<(Option<Way>, Timestamp)>, StoreError> {
    let row = sqlx::query!(
        "select direction, channel, occurred_at from ticketing.message where message_id = $1 and ticket_id = $2",
        id.id,
        id.ticket.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(|row| Ok((way(id.id, row.direction.as_deref(), row.channel)?, row.occurred_at.to_jiff()))).transpose()
}

fn way(key: Uuid, direction: Option<&str>, channel: Option<String>) -> Result<Option<Way>, StoreError> {
    let Some((direction, channel)) = direction.zip(channel) else { return Ok(None) };
    let direction = match direction {
        "inbound" => Direction::Inbound,
        "outbound" => Direction::Outbound,
        _ => return Err(StoreError::corrupt("message", "direction", key)),
    };
    Ok(Some(Way { direction, channel: word("message", "channel", key, channel.parse().ok())? }))
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
