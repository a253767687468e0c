//! Affairs that belong to a mass incident, many at a time.

use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use postgres::StoreError;
use sqlx::PgConnection;
use ticketing_domain::{IncidentId, TicketId};
use uuid::Uuid;

use super::history::ChangeColumns;
use super::message::{self, Message, MessageColumns};
use super::ticket::select_tickets;
use super::ticket_row::{Stored, TicketRow};
use crate::usecase::chronicle::Chronicle;

/// Affairs that were asked for: those that are locked, and those that somebody else is at work on.
pub(crate) struct Found {
    pub locked: Vec<Stored>,
    pub busy: Vec<TicketId>,
}

/// These affairs, as far as there are such, locked until the transaction ends, with the heads that they are answered with: those first, in the
/// order of their ids, as everybody locks them. Nobody is waited for.
#[tracing::instrument(name = "db.affected.lock_free", skip_all)]
pub(crate) async fn lock_free(tx: &mut PgConnection, ids: &[TicketId]) -> Result<Found, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = select_tickets!(
        "where t.ticket_id = any($1) or t.ticket_id in (
                 select m.merged_head from ticketing.ticket m where m.ticket_id = any($1) and m.merged_head is not null)
             order by coalesce(t.merged_head, t.ticket_id), t.merged_head is not null, t.ticket_id for no key update of t skip locked",
        &ids
    )
    .fetch_all(&mut *tx)
    .await?;
    let there = sqlx::query_scalar!("select ticket_id from ticketing.ticket where ticket_id = any($1)", &ids);
    let there = there.fetch_all(tx).await?;
    // One whose head somebody else has is worked on as well.
    let held = |id: &Uuid| rows.iter().any(|row| row.ticket_id == *id);
    let free = |row: &TicketRow| ids.contains(&row.ticket_id) && row.merged_head.is_none_or(|head| held(&head));
    let free: Vec<Uuid> = rows.iter().filter(|row| free(row)).map(|row| row.ticket_id).collect();
    let busy = there.into_iter().filter(|id| !free.contains(id)).map(TicketId::from_uuid).collect();
    let locked = rows.into_iter().filter(|row| free.contains(&row.ticket_id)).map(Stored::try_from);
    Ok(Found { locked: locked.collect::<Result<_, _>>()?, busy })
}

/// Affairs of an incident that were not told this update yet, locked; those that somebody else is at work on come later.
#[tracing::instrument(name = "db.affected.lock_untold", skip_all)]
pub(crate) async fn lock_untold(
    tx: &mut PgConnection,
    incident: IncidentId,
    number: i32,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let rows = select_tickets!(
        "where t.incident_id = $1 and t.incident_told < $2
         order by t.incident_told, t.ticket_id limit $3 for no key update of t skip locked",
        incident.uuid(),
        number,
        limit,
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// Writes what was noted of affairs that are locked: to which incident each belongs, what it was told, its history and its
/// ledger entries. Two round trips, however many they are, and one more where a message explains something.
#[tracing::instrument(name = "db.affected.write", skip_all)]
pub(crate) async fn write(tx: &mut PgConnection, chronicles: &mut [Chronicle]) -> Result<(), StoreError> {
    let (mut change, mut message) = (ChangeColumns::default(), MessageColumns::default());
    let mut entries = Vec::new();
    let mut rows = Rows::default();
    for chronicle in chronicles.iter_mut() {
        change.push(chronicle.stored.ticket.facts().id, &chronicle.changes);
        message.push(&chronicle.messages);
        entries.append(&mut chronicle.entries);
        rows.push(&chronicle.stored);
    }
    ledger::append(tx, &entries).await?;
    sqlx::query!(
        r#"with change as (
               insert into ticketing.ticket_change (ticket_id, sequence, kind, reason, department, related, actor_kind,
                   actor_id, actor_department, occurred_at, recorded_at)
               select * from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                   $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[])
           ), message as (
               insert into ticketing.message (ticket_id, sequence, message_id, direction, visibility, channel, body,
                   actor_kind, actor_id, actor_department, occurred_at, created_at, sales_offer)
               select * from unnest($12::uuid[], $13::int[], $14::uuid[], $15::text[], $16::text[], $17::text[], $18::text[],
                   $19::text[], $20::text[], $21::text[], $22::timestamptz[], $23::timestamptz[], $24::bool[])
           )
           update ticketing.ticket t
           set incident_id = r.incident_id, incident_told = r.incident_told, last_change_at = r.last_change_at,
               change_count = r.change_count, updated_at = r.updated_at, version = r.version
           from unnest($25::uuid[], $26::uuid[], $27::int[], $28::timestamptz[], $29::int[], $30::timestamptz[], $31::bigint[])
               as r (ticket_id, incident_id, incident_told, last_change_at, change_count, updated_at, version)
           where t.ticket_id = r.ticket_id"#,
        &change.ticket_id,
        &change.sequence,
        &change.kind,
        &change.reason as _,
        &change.department,
        &change.related as _,
        &change.actor_kind,
        &change.actor_id,
        &change.actor_department as _,
        &change.occurred_at as _,
        &change.recorded_at as _,
        &message.ticket_id,
        &message.sequence,
        &message.message_id,
        &message.direction as _,
        &message.visibility,
        &message.channel as _,
        &message.body,
        &message.actor_kind,
        &message.actor_id,
        &message.actor_department as _,
        &message.occurred_at as _,
        &message.created_at as _,
        &message.sales_offer,
        &rows.ticket_id,
        &rows.incident_id as _,
        &rows.incident_told as _,
        &rows.last_change_at as _,
        &rows.change_count,
        &rows.updated_at as _,
        &rows.version,
    )
    .execute(&mut *tx)
    .await?;
    let said: Vec<&Message> = chronicles.iter().flat_map(|chronicle| &chronicle.messages).collect();
    message::write_beside(tx, &said).await
}

/// What becomes of the rows of tickets, as parallel arrays.
#[derive(Default)]
struct Rows {
    ticket_id: Vec<Uuid>,
    incident_id: Vec<Option<Uuid>>,
    incident_told: Vec<Option<i32>>,
    last_change_at: Vec<jiff_sqlx::Timestamp>,
    change_count: Vec<i32>,
    updated_at: Vec<jiff_sqlx::Timestamp>,
    version: Vec<i64>,
}

impl Rows {
    fn push(&mut self, stored: &Stored) {
        let affected = stored.ticket.affected();
        self.ticket_id.push(stored.ticket.facts().id.uuid());
        self.incident_id.push(affected.map(|a| a.incident.uuid()));
        self.incident_told.push(affected.map(|a| a.told));
        self.last_change_at.push(stored.ticket.last_change().to_sqlx());
        self.change_count.push(stored.change_count);
        self.updated_at.push(stored.updated_at.to_sqlx());
        self.version.push(stored.version);
    }
}
