//! Requests to complete an affair. They are made, and end, under the lock of their ticket.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{CureId, CureLaw, CureRequest, CureState, LeastTerm, MessageId, TicketId};
use uuid::Uuid;

use super::{actor, word};

/// A request with what storage knows about it.
#[derive(Debug, Clone)]
pub(crate) struct StoredCure {
    /// The request.
    pub cure: CureRequest,
    /// Place in the ticket's history.
    pub sequence: i32,
}

struct CureRow {
    ticket_id: Uuid,
    sequence: i32,
    cure_id: Uuid,
    missing: String,
    channel: String,
    due_at: jiff_sqlx::Timestamp,
    rule: String,
    least_due_at: jiff_sqlx::Timestamp,
    proof_es: String,
    proof_en: String,
    message_id: Uuid,
    asked_by_kind: String,
    asked_by_id: String,
    asked_by_department: Option<String>,
    asked_at: jiff_sqlx::Timestamp,
    state: String,
    settled_at: Option<jiff_sqlx::Timestamp>,
}

impl TryFrom<CureRow> for StoredCure {
    type Error = StoreError;

    fn try_from(row: CureRow) -> Result<Self, StoreError> {
        let (key, ticket) = (row.cure_id, TicketId::from_uuid(row.ticket_id));
        let state = CureState::from_word(&row.state, row.settled_at.map(|at| at.to_jiff()));
        let cure = CureRequest {
            id: CureId { ticket, id: key },
            missing: word("cure_request", "missing", key, row.missing.parse().ok())?,
            channel: word("cure_request", "channel", key, row.channel.parse().ok())?,
            due: row.due_at.to_jiff(),
            law: word("cure_request", "rule", key, CureLaw::of_rule(&row.rule))?,
            least: LeastTerm { due: row.least_due_at.to_jiff(), es: row.proof_es, en: row.proof_en },
            message: MessageId { ticket, id: row.message_id },
            by: actor("cure_request", key, &row.asked_by_kind, row.asked_by_id, row.asked_by_department)?,
            asked: row.asked_at.to_jiff(),
            state: word("cure_request", "state", key, state)?,
        };
        Ok(Self { cure, sequence: row.sequence })
    }
}

/// Requests of a ticket after the one with this sequence number, in the order they were made.
#[tracing::instrument(name = "db.cure.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    ticket: TicketId,
    after: i32,
    limit: i64,
) -> Result<Vec<StoredCure>, StoreError> {
    let rows = sqlx::query_as!(
        CureRow,
        "select ticket_id, sequence, cure_id, missing, channel, due_at, rule, least_due_at, proof_es, proof_en, message_id,
                asked_by_kind, asked_by_id, asked_by_department, asked_at, state, settled_at
         from ticketing.cure_request where ticket_id = $1 and sequence > $2 order by sequence limit $3",
        ticket.uuid(),
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter().map(StoredCure::try_from).collect()
}

/// The last request of a ticket, inside the transaction that holds the ticket's lock.
#[tracing::instrument(name = "db.cure.last", skip_all)]
pub(crate) async fn last(tx: &mut PgConnection, ticket: TicketId) -> Result<Option<StoredCure>, StoreError> {
    let row = sqlx::query_as!(
        CureRow,
        "select ticket_id, sequence, cure_id, missing, channel, due_at, rule, least_due_at, proof_es, proof_en, message_id,
                asked_by_kind, asked_by_id, asked_by_department, asked_at, state, settled_at
         from ticketing.cure_request where ticket_id = $1 order by sequence desc limit 1",
        ticket.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(StoredCure::try_from).transpose()
}

/// All requests of tickets that are one affair, and of what each of them was split off, the last first, inside the transaction that holds the locks of the tickets.
#[tracing::instrument(name = "db.cure.asked_before", skip_all)]
pub(crate) async fn asked_before(tx: &mut PgConnection, tickets: &[TicketId]) -> Result<Vec<CureRequest>, StoreError> {
    let tickets: Vec<Uuid> = tickets.iter().map(|ticket| ticket.uuid()).collect();
    let rows = sqlx::query_as!(
        CureRow,
        "with recursive one (ticket) as (
             select unnest($1::uuid[])
             union
             select l.to_ticket from ticketing.ticket_link l join one o on l.from_ticket = o.ticket where l.kind = 'split_from'
         )
         select ticket_id, sequence, cure_id, missing, channel, due_at, rule, least_due_at, proof_es, proof_en, message_id,
                asked_by_kind, asked_by_id, asked_by_department, asked_at, state, settled_at
         from ticketing.cure_request where ticket_id in (select ticket from one) order by asked_at desc, ticket_id, sequence desc",
        &tickets,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(|row| StoredCure::try_from(row).map(|stored| stored.cure)).collect()
}

/// Adds a request that was just made; its end is written with the ticket.
#[tracing::instrument(name = "db.cure.insert", skip_all)]
pub(crate) async fn insert(tx: &mut PgConnection, stored: &StoredCure) -> Result<(), StoreError> {
    let cure = &stored.cure;
    sqlx::query!(
        "insert into ticketing.cure_request (ticket_id, sequence, cure_id, missing, channel, due_at, rule, least_due_at, proof_es,
             proof_en, message_id, asked_by_kind, asked_by_id, asked_by_department, asked_at, state)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 'asked')",
        cure.id.ticket.uuid(),
        stored.sequence,
        cure.id.id,
        cure.missing.expose(),
        cure.channel.as_str(),
        cure.due.to_sqlx() as _,
        cure.law.rule(),
        cure.least.due.to_sqlx() as _,
        cure.least.es,
        cure.least.en,
        cure.message.id,
        cure.by.kind.as_str(),
        cure.by.id,
        cure.by.department.as_ref().map(|d| d.as_str()),
        cure.asked.to_sqlx() as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Locks the ticket whose customer's time was over first, of those that nobody else is looking at, but none of `left`.
#[tracing::instrument(name = "db.cure.lock_overdue", skip_all)]
pub(crate) async fn lock_overdue(
    tx: &mut PgConnection,
    now: Timestamp,
    left: &[Uuid],
) -> Result<Option<TicketId>, StoreError> {
    let found = sqlx::query_scalar!(
        "select ticket_id from ticketing.ticket where cure_due_at < $1 and ticket_id <> all($2)
         order by cure_due_at limit 1 for no key update skip locked",
        now.to_sqlx() as _,
        left,
    )
    .fetch_optional(tx)
    .await?;
    Ok(found.map(TicketId::from_uuid))
}
