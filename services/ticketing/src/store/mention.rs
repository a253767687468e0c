//! Who was named in a note, so that they look at it.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId as _;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{AgentId, MessageId, TicketId};
use uuid::Uuid;

use super::message::Message;

/// Where somebody was named.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    /// Who.
    pub agent: AgentId,
    /// In which note.
    pub message: MessageId,
    /// The note's place in the ticket's history.
    pub sequence: i32,
    /// When.
    pub at: Timestamp,
    /// When they said that they have seen it.
    pub seen: Option<Timestamp>,
}

/// How many of these people there are.
#[tracing::instrument(name = "db.mention.known", skip_all)]
pub(crate) async fn known(tx: &mut PgConnection, agents: &[AgentId]) -> Result<usize, StoreError> {
    let ids: Vec<String> = agents.iter().map(|agent| agent.as_str().to_owned()).collect();
    let known =
        sqlx::query_scalar!(r#"select count(*) as "count!" from ticketing.agent where agent_id = any($1)"#, &ids)
            .fetch_one(tx)
            .await?;
    Ok(usize::try_from(known).unwrap_or(usize::MAX))
}

/// Writes who is named in these messages.
#[tracing::instrument(name = "db.mention.insert", skip_all)]
pub(super) async fn insert(tx: &mut PgConnection, messages: &[&Message]) -> Result<(), StoreError> {
    let (mut agent, mut message, mut ticket) = (Vec::new(), Vec::new(), Vec::new());
    let (mut sequence, mut at) = (Vec::new(), Vec::new());
    for said in messages {
        for named in &said.mentions {
            agent.push(named.as_str().to_owned());
            message.push(said.id.id);
            ticket.push(said.id.ticket.uuid());
            sequence.push(said.sequence);
            at.push(said.created_at.to_sqlx());
        }
    }
    if agent.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "insert into ticketing.mention (agent_id, message_id, ticket_id, sequence, mentioned_at)
         select * from unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[], $5::timestamptz[])",
        &agent,
        &message,
        &ticket,
        &sequence,
        &at as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

struct MentionRow {
    message_id: Uuid,
    ticket_id: Uuid,
    sequence: i32,
    mentioned_at: jiff_sqlx::Timestamp,
    seen_at: Option<jiff_sqlx::Timestamp>,
}

impl MentionRow {
    fn of(self, agent: &AgentId) -> Mention {
        Mention {
            agent: agent.clone(),
            message: MessageId { ticket: TicketId::from_uuid(self.ticket_id), id: self.message_id },
            sequence: self.sequence,
            at: self.mentioned_at.to_jiff(),
            seen: self.seen_at.map(|at| at.to_jiff()),
        }
    }
}

/// Where somebody was named, the newest first, after this place.
#[tracing::instrument(name = "db.mention.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    agent: &AgentId,
    unseen: bool,
    after: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Mention>, StoreError> {
    macro_rules! page {
        ($which:literal) => {
            sqlx::query_as!(
                MentionRow,
                r#"select message_id, ticket_id, sequence, mentioned_at as "mentioned_at: _", seen_at as "seen_at: _"
                   from ticketing.mention
                   where agent_id = $1 and ($2::timestamptz is null or (mentioned_at, message_id) < ($2, $3::uuid)) "#
                    + $which
                    + " order by mentioned_at desc, message_id desc limit $4",
                agent.as_str(),
                after.map(|(at, _)| at.to_sqlx()) as _,
                after.map(|(_, id)| id),
                limit,
            )
            .fetch_all(pool)
            .await?
        };
    }
    let rows = if unseen { page!("and seen_at is null") } else { page!("") };
    Ok(rows.into_iter().map(|row| row.of(agent)).collect())
}

/// Where somebody was named in one note.
#[tracing::instrument(name = "db.mention.get", skip_all)]
pub(crate) async fn get(pool: &PgPool, agent: &AgentId, message: Uuid) -> Result<Option<Mention>, StoreError> {
    let row = sqlx::query_as!(
        MentionRow,
        r#"select message_id, ticket_id, sequence, mentioned_at as "mentioned_at: _", seen_at as "seen_at: _"
           from ticketing.mention where agent_id = $1 and message_id = $2"#,
        agent.as_str(),
        message,
    );
    Ok(row.fetch_optional(pool).await?.map(|row| row.of(agent)))
}

/// Writes down that somebody has seen where they were named; answers when they first did.
#[tracing::instrument(name = "db.mention.see", skip_all)]
pub(crate) async fn see(
    tx: &mut PgConnection,
    agent: &AgentId,
    message: Uuid,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    let seen = sqlx::query_scalar!(
        r#"update ticketing.mention set seen_at = coalesce(seen_at, $3) where agent_id = $1 and message_id = $2
           returning seen_at as "seen_at!: jiff_sqlx::Timestamp""#,
        agent.as_str(),
        message,
        now.to_sqlx() as _,
    );
    Ok(seen.fetch_one(tx).await?.to_jiff())
}
