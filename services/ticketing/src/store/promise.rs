//! Promises. They change under the lock of their ticket.

use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::{StoreError, affected_one};
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{ClockId, Promise, PromiseId, PromiseStanding, PromiseState, TicketId};
use uuid::Uuid;

use super::{actor, word};

/// A promise with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredPromise {
    /// The promise.
    pub promise: Promise,
    /// Place in the ticket's history.
    pub sequence: i32,
    /// The etag.
    pub version: i64,
}

struct PromiseRow {
    promise_id: Uuid,
    ticket_id: Uuid,
    sequence: i32,
    text: String,
    due_at: jiff_sqlx::Timestamp,
    channel: String,
    replaces: Option<Uuid>,
    made_by_kind: String,
    made_by_id: String,
    made_by_department: Option<String>,
    made_at: jiff_sqlx::Timestamp,
    state: String,
    state_since: Option<jiff_sqlx::Timestamp>,
    clock_id: Option<Uuid>,
    cause: Option<String>,
    version: i64,
}

impl PromiseRow {
    fn state(&self) -> Result<PromiseState, StoreError> {
        let key = self.promise_id;
        let since = || word("promise", "state_since", key, self.state_since.map(|t| t.to_jiff()));
        let cause = || self.cause.as_deref().and_then(|c| c.parse().ok());
        Ok(match word("promise", "state", key, PromiseStanding::from_word(&self.state))? {
            PromiseStanding::Made => PromiseState::Made,
            PromiseStanding::AtRisk => {
                let clock = word("promise", "clock_id", key, self.clock_id)?;
                PromiseState::AtRisk { since: since()?, clock: ClockId::from_uuid(clock) }
            }
            PromiseStanding::Kept => PromiseState::Kept { at: since()? },
            PromiseStanding::Renegotiated => PromiseState::Renegotiated { at: since()? },
            PromiseStanding::BrokenAnnounced => {
                PromiseState::BrokenAnnounced { at: since()?, cause: word("promise", "cause", key, cause())? }
            }
            PromiseStanding::BrokenSilent => PromiseState::BrokenSilent { at: since()?, cause: cause() },
        })
    }
}

impl TryFrom<PromiseRow> for StoredPromise {
    type Error = StoreError;

    fn try_from(row: PromiseRow) -> Result<Self, StoreError> {
        let (key, ticket) = (row.promise_id, TicketId::from_uuid(row.ticket_id));
        let state = row.state()?;
        let promise = Promise {
            id: PromiseId { ticket, id: key },
            text: word("promise", "text", key, row.text.parse().ok())?,
            due: row.due_at.to_jiff(),
            channel: word("promise", "channel", key, row.channel.parse().ok())?,
            replaces: row.replaces.map(|id| PromiseId { ticket, id }),
            by: actor("promise", key, &row.made_by_kind, row.made_by_id, row.made_by_department)?,
            made: row.made_at.to_jiff(),
            state,
        };
        Ok(Self { promise, sequence: row.sequence, version: row.version })
    }
}

/// One promise, inside the transaction that holds the lock of its ticket.
#[tracing::instrument(name = "db.promise.get", skip_all)]
pub(crate) async fn get(tx: &mut PgConnection, id: PromiseId) -> Result<Option<StoredPromise>, StoreError> {
    let row = sqlx::query_as!(
        PromiseRow,
        "select promise_id, ticket_id, sequence, text, due_at, channel, replaces, made_by_kind, made_by_id,
                made_by_department, made_at, state, state_since, clock_id, cause, version
         from ticketing.promise where promise_id = $1 and ticket_id = $2",
        id.id,
        id.ticket.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(StoredPromise::try_from).transpose()
}

/// Promises of a ticket after the one with this sequence number, in the order they were made.
#[tracing::instrument(name = "db.promise.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    ticket: TicketId,
    after: i32,
    limit: i64,
) -> Result<Vec<StoredPromise>, StoreError> {
    let rows = sqlx::query_as!(
        PromiseRow,
        "select promise_id, ticket_id, sequence, text, due_at, channel, replaces, made_by_kind, made_by_id,
                made_by_department, made_at, state, state_since, clock_id, cause, version
         from ticketing.promise where ticket_id = $1 and sequence > $2 order by sequence limit $3",
        ticket.uuid(),
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(StoredPromise::try_from).collect()
}

/// Adds a promise.
#[tracing::instrument(name = "db.promise.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, stored: &StoredPromise) -> Result<(), StoreError> {
    let promise = &stored.promise;
    sqlx::query!(
        "insert into ticketing.promise (promise_id, ticket_id, sequence, text, due_at, channel, replaces, made_by_kind,
             made_by_id, made_by_department, made_at, state, version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        promise.id.id,
        promise.id.ticket.uuid(),
        stored.sequence,
        promise.text.expose(),
        promise.due.to_sqlx() as _,
        promise.channel.as_str(),
        promise.replaces.map(|r| r.id),
        promise.by.kind.as_str(),
        promise.by.id,
        promise.by.department.as_ref().map(|d| d.as_str()),
        promise.made.to_sqlx() as _,
        promise.state.standing().as_str(),
        stored.version,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes where a promise stands now; `stored` holds the version it is to have.
#[tracing::instrument(name = "db.promise.update", skip_all)]
pub(crate) async fn update(tx: &mut PgConnection, stored: &StoredPromise) -> Result<(), StoreError> {
    let state = &stored.promise.state;
    let (since, clock) = match state {
        PromiseState::AtRisk { since, clock } => (Some(*since), Some(*clock)),
        settled => (settled.settled(), None),
    };
    let written = sqlx::query!(
        "update ticketing.promise set state = $2, state_since = $3, clock_id = $4, cause = $5, version = $6
         where promise_id = $1 and version = $6::bigint - 1",
        stored.promise.id.id,
        state.standing().as_str(),
        since.map(|t| t.to_sqlx()) as _,
        clock.map(|c| c.uuid()),
        state.cause().map(|c| c.expose()),
        stored.version,
    )
    .execute(tx)
    .await?;
    affected_one(&written)
}
