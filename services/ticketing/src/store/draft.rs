//! Messages that somebody has begun to write.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId as _;
use postgres::{StoreError, affected_one};
use prost::Message as _;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{AgentId, TicketId};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1::Message;

use super::word;

/// A draft.
#[derive(Debug, Clone)]
pub(crate) struct StoredDraft {
    /// Whose.
    pub agent: AgentId,
    /// Of which affair.
    pub ticket: TicketId,
    /// The message as far as it is written, as the contract spells it.
    pub message: Message,
    /// When it was last kept.
    pub updated_at: Timestamp,
    /// The etag.
    pub version: i64,
}

struct DraftRow {
    agent_id: String,
    ticket_id: Uuid,
    message: Vec<u8>,
    updated_at: jiff_sqlx::Timestamp,
    version: i64,
}

impl TryFrom<DraftRow> for StoredDraft {
    type Error = StoreError;

    fn try_from(row: DraftRow) -> Result<Self, StoreError> {
        let key = row.ticket_id;
        Ok(Self {
            agent: word("draft", "agent_id", key, AgentId::of(&row.agent_id).ok())?,
            ticket: TicketId::from_uuid(key),
            message: word("draft", "message", key, Message::decode(row.message.as_slice()).ok())?,
            updated_at: row.updated_at.to_jiff(),
            version: row.version,
        })
    }
}

macro_rules! select_drafts {
    ($tail:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            DraftRow,
            r#"select agent_id, ticket_id, message, updated_at as "updated_at: _", version from ticketing.draft "# + $tail
            $(, $argument)*
        )
    };
}

/// One draft.
#[tracing::instrument(name = "db.draft.get", skip_all)]
pub(crate) async fn get(pool: &PgPool, agent: &AgentId, ticket: TicketId) -> Result<Option<StoredDraft>, StoreError> {
    let row = select_drafts!("where agent_id = $1 and ticket_id = $2", agent.as_str(), ticket.uuid());
    row.fetch_optional(pool).await?.map(StoredDraft::try_from).transpose()
}

/// One draft, locked until the transaction ends.
#[tracing::instrument(name = "db.draft.lock", skip_all)]
pub(crate) async fn lock(
    tx: &mut PgConnection,
    agent: &AgentId,
    ticket: TicketId,
) -> Result<Option<StoredDraft>, StoreError> {
    let row = select_drafts!("where agent_id = $1 and ticket_id = $2 for update", agent.as_str(), ticket.uuid());
    row.fetch_optional(tx).await?.map(StoredDraft::try_from).transpose()
}

/// Somebody's drafts in the order of their affairs, after this one: whatever is kept meanwhile, none is passed over.
#[tracing::instrument(name = "db.draft.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    agent: &AgentId,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<StoredDraft>, StoreError> {
    let rows = select_drafts!(
        "where agent_id = $1 and ($2::uuid is null or ticket_id > $2) order by ticket_id limit $3",
        agent.as_str(),
        after,
        limit,
    );
    rows.fetch_all(pool).await?.into_iter().map(StoredDraft::try_from).collect()
}

/// All drafts of these affairs.
#[tracing::instrument(name = "db.draft.of_tickets", skip_all)]
pub(crate) async fn of_tickets(pool: &PgPool, tickets: &[Uuid]) -> Result<Vec<StoredDraft>, StoreError> {
    let rows = select_drafts!("where ticket_id = any($1) order by ticket_id, agent_id", tickets);
    rows.fetch_all(pool).await?.into_iter().map(StoredDraft::try_from).collect()
}

/// Keeps a new draft; `false` when there is one.
#[tracing::instrument(name = "db.draft.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, draft: &StoredDraft) -> Result<bool, StoreError> {
    let kept = sqlx::query!(
        "insert into ticketing.draft (agent_id, ticket_id, message, updated_at, version) values ($1, $2, $3, $4, $5)
         on conflict on constraint draft_pkey do nothing",
        draft.agent.as_str(),
        draft.ticket.uuid(),
        draft.message.encode_to_vec(),
        draft.updated_at.to_sqlx() as _,
        draft.version,
    )
    .execute(tx)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Writes a draft that is locked.
#[tracing::instrument(name = "db.draft.update", skip_all)]
pub(crate) async fn update(tx: &mut PgConnection, draft: &StoredDraft) -> Result<(), StoreError> {
    let written = sqlx::query!(
        "update ticketing.draft set message = $3, updated_at = $4, version = $5 where agent_id = $1 and ticket_id = $2",
        draft.agent.as_str(),
        draft.ticket.uuid(),
        draft.message.encode_to_vec(),
        draft.updated_at.to_sqlx() as _,
        draft.version,
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}

/// Throws away a draft that is locked.
#[tracing::instrument(name = "db.draft.delete", skip_all)]
pub(crate) async fn delete(tx: &mut PgConnection, draft: &StoredDraft) -> Result<(), StoreError> {
    let gone = sqlx::query!(
        "delete from ticketing.draft where agent_id = $1 and ticket_id = $2",
        draft.agent.as_str(),
        draft.ticket.uuid()
    )
    .execute(tx)
    .await?;
    affected_one(&gone)
}
