//! Reading tickets, and writing a change of one with its history and ledger entries in one statement.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::ResourceId;
use ledger::Columns;
use postgres::{StoreError, affected_one};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{CaseId, CustomerId, EverFiled, PointAnswered, SlugId, Ticket, TicketId, TrackingKey};
use uuid::Uuid;

use super::characteristic::written;
use super::history::ChangeColumns;
use super::message::{self, Message, MessageColumns};
use super::ticket_row::{Stored, TicketRow};
use crate::usecase::chronicle::Chronicle;

/// Every reading of tickets has the same columns; only what follows `from` differs.
macro_rules! select_tickets {
    ($tail:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            TicketRow,
            r#"select t.ticket_id, t.customer_id, t.ticket_type, t.severity, t.subject, t.channel, t.language, t.sector,
                      t.topic, t.first_received_at, t.tracking_key, t.interaction_id, t.follow_up_of, t.served_first, t.department,
                      t.owner, t.state, t.state_reason, t.state_since, t.resolution, t.signpost, t.office_case_id,
                      t.office_case_open, t.cure_id, t.cure_due_at, t.incident_id, t.incident_told, t.supervisor_called_at,
                      case when t.merged_count > 0 then (select min(m.supervisor_called_at) from ticketing.ticket m
                                                         where m.merged_head = t.ticket_id) end as member_called_at,
                      t.ever_continuity, t.ever_finance_complaint, t.merged_into, t.merged_head, t.merged_count, t.last_change_at, t.change_count, t.created_at, t.updated_at, t.version,
                      t.erased_at is not null as "erased!", t.root_cause,
                      t.characteristics as "characteristics: _", t.characteristic_set, t.characteristic_set_version,
                      array(select p.text from ticketing.claim_point p
                            where p.ticket_id = t.ticket_id order by p.ordinal) as "point_texts!: Vec<String>",
                      array(select p.answer from ticketing.claim_point p
                            where p.ticket_id = t.ticket_id order by p.ordinal) as "point_answers!: Vec<Option<String>>",
                      array(select p.answered_at from ticketing.claim_point p
                            where p.ticket_id = t.ticket_id order by p.ordinal)
                          as "point_times!: Vec<Option<jiff_sqlx::Timestamp>>",
                      array(select p.moved_to from ticketing.claim_point p
                            where p.ticket_id = t.ticket_id order by p.ordinal) as "point_moves!: Vec<Option<Uuid>>"
               from ticketing.ticket t "# + $tail
            $(, $argument)*
        )
    };
}

pub(super) use select_tickets;

/// One ticket.
#[tracing::instrument(name = "db.ticket.get", skip_all)]
pub(crate) async fn get(pool: &PgPool, id: TicketId) -> Result<Option<Stored>, StoreError> {
    let row = select_tickets!("where t.ticket_id = $1", id.uuid()).fetch_optional(pool).await?;
    row.map(Stored::try_from).transpose()
}

/// The ticket with this tracking key.
#[tracing::instrument(name = "db.ticket.by_key", skip_all)]
pub(crate) async fn by_key(pool: &PgPool, key: &TrackingKey) -> Result<Option<Stored>, StoreError> {
    let row = select_tickets!("where t.tracking_key = $1", key.compact()).fetch_optional(pool).await?;
    row.map(Stored::try_from).transpose()
}

/// Whether a ticket's words are gone; kept so until the transaction ends. `None` when there is no such ticket.
#[tracing::instrument(name = "db.ticket.share", skip_all)]
pub(crate) async fn share(tx: &mut PgConnection, id: TicketId) -> Result<Option<bool>, StoreError> {
    let erased = sqlx::query_scalar!(
        r#"select erased_at is not null as "erased!" from ticketing.ticket where ticket_id = $1 for share"#,
        id.uuid()
    );
    Ok(erased.fetch_optional(tx).await?)
}

/// A ticket, locked until the transaction ends, with all that are one affair with it.
pub(crate) struct Locked {
    /// The one they are answered with; the ticket itself where it is merged with nothing.
    pub head: Stored,
    /// Those that are answered with it, in the order of their ids.
    pub members: Vec<Stored>,
    /// The one that was asked for.
    pub asked: TicketId,
}

impl Locked {
    /// The ticket that was asked for.
    pub(crate) fn part(self) -> Stored {
        let Self { head, members, asked } = self;
        let is_it = |stored: &Stored| stored.ticket.facts().id == asked;
        members.into_iter().find(is_it).unwrap_or(head)
    }
}

/// One ticket and all that are one affair with it, locked until the transaction ends: the head first, so that whoever changes any of them
/// waits in the same place.
///
/// Who waited for the lock reads the ticket's row as it is now and its claim points as they were when the
/// statement began. Every change of a point moves the version, so a caller who checks the etag never acts on
/// such a mixture, and nobody else looks at the points. Members are read after the head is locked, and nobody changes them without it.
/// The lock lets others refer to the ticket meanwhile (`no key`): who links another to it waits for nobody.
#[tracing::instrument(name = "db.ticket.lock", skip_all)]
pub(crate) async fn lock(tx: &mut PgConnection, id: TicketId) -> Result<Option<Locked>, StoreError> {
    let row = select_tickets!(
        "where t.ticket_id = coalesce((select m.merged_head from ticketing.ticket m where m.ticket_id = $1), $1) for no key update of t",
        id.uuid(),
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(mut head) = row.map(Stored::try_from).transpose()? else { return Ok(None) };
    let members = if head.ticket.gathers() == 0 { Vec::new() } else { members(tx, head.ticket.facts().id).await? };
    let is_it = |stored: &Stored| stored.ticket.facts().id == id;
    // Merged or unmerged between the look at it and the lock: whoever asks again finds it.
    if head.ticket.merged().is_some() || !(is_it(&head) || members.iter().any(is_it)) {
        return Err(StoreError::Contended);
    }
    head.ticket = head.ticket.with_calls_of(members.iter().map(|member| &member.ticket));
    Ok(Some(Locked { head, members, asked: id }))
}

/// Two tickets, each with all that are one affair with it, locked until the transaction ends. The second is missing where the two are one affair
/// already.
#[tracing::instrument(name = "db.ticket.lock_two", skip_all)]
pub(crate) async fn lock_two(
    tx: &mut PgConnection,
    one: TicketId,
    other: TicketId,
) -> Result<Option<(Locked, Option<Locked>)>, StoreError> {
    let ids = [one.uuid(), other.uuid()];
    let heads = sqlx::query!(
        r#"select ticket_id, coalesce(merged_head, ticket_id) as "head!" from ticketing.ticket where ticket_id = any($1)"#,
        &ids,
    )
    .fetch_all(&mut *tx)
    .await?;
    let head_of = |id: TicketId| heads.iter().find(|row| row.ticket_id == id.uuid()).map(|row| row.head);
    let (Some(first), Some(second)) = (head_of(one), head_of(other)) else { return Ok(None) };
    if first == second {
        return Ok(lock(tx, one).await?.map(|locked| (locked, None)));
    }
    // Whoever locks two affairs locks the one with the lower head first.
    let (ahead, behind) = if first < second { (one, other) } else { (other, one) };
    let (Some(ahead), Some(behind)) = (lock(tx, ahead).await?, lock(tx, behind).await?) else { return Ok(None) };
    let heads = [&ahead, &behind].map(|locked| locked.head.ticket.facts().id.uuid());
    if heads != [first.min(second), first.max(second)] {
        return Err(StoreError::Contended);
    }
    Ok(Some(if first < second { (ahead, Some(behind)) } else { (behind, Some(ahead)) }))
}

/// Those that are answered with a head that is locked, locked too.
async fn members(tx: &mut PgConnection, head: TicketId) -> Result<Vec<Stored>, StoreError> {
    let rows = select_tickets!("where t.merged_head = $1 order by t.ticket_id for no key update of t", head.uuid())
        .fetch_all(tx)
        .await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// The tickets of which the last case that the office opened is this one.
#[tracing::instrument(name = "db.ticket.before_the_office", skip_all)]
pub(crate) async fn before_the_office(tx: &mut PgConnection, case: CaseId) -> Result<Vec<TicketId>, StoreError> {
    let found = sqlx::query_scalar!("select ticket_id from ticketing.ticket where office_case_id = $1", case.uuid())
        .fetch_all(tx)
        .await?;
    Ok(found.into_iter().map(TicketId::from_uuid).collect())
}

/// When the affair of a ticket was first received; it never changes, so no lock is needed.
#[tracing::instrument(name = "db.ticket.first_received", skip_all)]
pub(crate) async fn first_received(pool: &PgPool, id: TicketId) -> Result<Option<Timestamp>, StoreError> {
    let at = sqlx::query_scalar!("select first_received_at from ticketing.ticket where ticket_id = $1", id.uuid())
        .fetch_optional(pool)
        .await?;
    Ok(at.map(|at| at.to_jiff()))
}

/// What one that follows a ticket up takes over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Earlier {
    /// Its first receipt.
    pub received: Timestamp,
    /// What it, and what is one affair with it, was ever filed as or is affected by.
    pub ever: EverFiled,
    /// Whose it is.
    pub customer: CustomerId,
}

/// That of one ticket.
#[tracing::instrument(name = "db.ticket.earlier", skip_all)]
pub(crate) async fn earlier(pool: &PgPool, id: TicketId) -> Result<Option<Earlier>, StoreError> {
    Ok(earlier_of(pool, &[id]).await?.remove(&id))
}

/// That of several tickets; those that do not exist are left out.
#[tracing::instrument(name = "db.ticket.earlier_of", skip_all)]
pub(crate) async fn earlier_of(pool: &PgPool, ids: &[TicketId]) -> Result<HashMap<TicketId, Earlier>, StoreError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select t.ticket_id, t.customer_id, t.first_received_at, bool_or(g.ever_continuity) as "continuity!",
                  bool_or(g.ever_finance_complaint) as "finance_complaint!", array_agg(i.topic) filter (where i.topic is not null) as topics
           from ticketing.ticket t cross join lateral (
               select ever_continuity, ever_finance_complaint, incident_id from ticketing.ticket
               where ticket_id = coalesce(t.merged_head, t.ticket_id)
               union all
               select ever_continuity, ever_finance_complaint, incident_id from ticketing.ticket
               where merged_head = coalesce(t.merged_head, t.ticket_id)
           ) g left join ticketing.incident i on i.incident_id = g.incident_id
           where t.ticket_id = any($1) group by t.ticket_id"#,
        &ids
    )
    .fetch_all(pool)
    .await?;
    let read = rows.into_iter().map(|row| {
        let ever = EverFiled { continuity: row.continuity, finance_complaint: row.finance_complaint };
        let topics = row.topics.unwrap_or_default();
        let ever = topics.iter().fold(ever, |ever, topic| ever.affected_by(topic.parse().ok().as_ref()));
        let (received, customer) = (row.first_received_at.to_jiff(), CustomerId::from_uuid(row.customer_id));
        (TicketId::from_uuid(row.ticket_id), Earlier { received, ever, customer })
    });
    Ok(read.collect())
}

/// Whether there is such a ticket.
#[tracing::instrument(name = "db.ticket.exists", skip_all)]
pub(crate) async fn exists(pool: &PgPool, id: TicketId) -> Result<bool, StoreError> {
    Ok(first_received(pool, id).await?.is_some())
}

/// These tickets, in no order; those that do not exist are left out.
#[tracing::instrument(name = "db.ticket.some", skip_all)]
pub(crate) async fn some(pool: &PgPool, ids: &[Uuid]) -> Result<Vec<Stored>, StoreError> {
    let rows = select_tickets!("where t.ticket_id = any($1)", ids).fetch_all(pool).await?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// The answer of a claimed call, kept in the transaction of its effect.
pub(crate) struct Kept<'a> {
    /// The call.
    pub request_id: Uuid,
    /// Its encoded answer.
    pub answer: &'a [u8],
    /// The ticket whose erasure destroys it.
    pub about: TicketId,
}

/// Writes a changed ticket, those that went along with it, and all that their chronicles note, with the answer that is kept under `about`:
/// one round trip for each. They must be locked.
#[tracing::instrument(name = "db.ticket.write", skip_all)]
pub(crate) async fn write(
    tx: &mut PgConnection,
    chronicle: &Chronicle,
    kept: Option<Kept<'_>>,
) -> Result<(), StoreError> {
    for member in chronicle.members.iter().filter(|member| !member.changes.is_empty()) {
        write_one(tx, member, None).await?;
    }
    if kept.is_some() || !chronicle.changes.is_empty() {
        write_one(tx, chronicle, kept).await?;
    }
    let said: Vec<&Message> = std::iter::once(chronicle).chain(&chronicle.members).flat_map(|c| &c.messages).collect();
    message::write_beside(tx, &said).await
}

async fn write_one(tx: &mut PgConnection, chronicle: &Chronicle, kept: Option<Kept<'_>>) -> Result<(), StoreError> {
    let stored = &chronicle.stored;
    let (ticket, state) = (&stored.ticket, stored.ticket.state());
    let id = ticket.facts().id;
    let (case, cure, settled) = (ticket.office_case(), state.cure(), chronicle.cure_settled);
    let entry = Columns::of(&chronicle.entries);
    let (mut change, mut message) = (ChangeColumns::default(), MessageColumns::default());
    change.push(id, &chronicle.changes);
    message.push(&chronicle.messages);
    let (mut ordinals, mut answers, mut answer_times) = (Vec::new(), Vec::new(), Vec::new());
    for PointAnswered { point, answered } in &chronicle.answers {
        ordinals.push(ordinal_of(ticket, point)?);
        answers.push(answered.text.expose().to_owned());
        answer_times.push(answered.at.to_sqlx());
    }
    let (known_set, known_version) = stored.characteristics.held_against().map(|(id, v)| (id.to_string(), v)).unzip();
    let done = sqlx::query!(
        r#"with entry as (
               insert into ticketing.ledger_inbox (entry_id, aggregate, type, occurred_at, recorded_at, actor_kind,
                   actor_id, actor_department, traceparent, payload, commitment, salt, personal)
               select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::text[],
                   $7::text[], $8::text[], $9::text[], $10::bytea[], $11::bytea[], $12::bytea[], $13::bytea[])
           ), change as (
               insert into ticketing.ticket_change (ticket_id, sequence, kind, from_state, to_state, reason, department,
                   related, note, actor_kind, actor_id, actor_department, occurred_at, recorded_at)
               select $14, c.* from unnest($15::int[], $16::text[], $17::text[], $18::text[], $19::text[], $20::text[],
                   $21::text[], $22::text[], $23::text[], $24::text[], $25::text[], $26::timestamptz[],
                   $27::timestamptz[]) as c
           ), message as (
               insert into ticketing.message (ticket_id, sequence, message_id, direction, visibility, channel, body,
                   actor_kind, actor_id, actor_department, occurred_at, created_at, sales_offer)
               select $14, m.* from unnest($28::int[], $29::uuid[], $30::text[], $31::text[], $32::text[], $33::text[],
                   $34::text[], $35::text[], $36::text[], $37::timestamptz[], $38::timestamptz[], $57::bool[])
                   as m
           ), point as (
               update ticketing.claim_point p set answer = a.answer, answered_at = a.answered_at
               from unnest($39::int[], $40::text[], $41::timestamptz[]) as a (ordinal, answer, answered_at)
               where p.ticket_id = $14 and p.ordinal = a.ordinal
           ), cure as (
               update ticketing.cure_request c set state = $58, settled_at = $59
               where $60::uuid is not null and c.cure_id = $60
           ), answer as (
               update ticketing.request set answer = $42, about = $64 where request_id = $43
           )
           update ticketing.ticket
           set department = $44, owner = $45, state = $46, state_reason = $47, state_since = $48, resolution = $49,
               signpost = $50, office_case_id = $51, office_case_open = $52, last_change_at = $53, change_count = $54,
               updated_at = $55, version = $56, cure_id = $61, cure_due_at = $62,
               supervisor_called_at = $63, root_cause = $65, characteristics = $66, characteristic_set = $67,
               characteristic_set_version = $68, ever_continuity = $69, ever_finance_complaint = $70
           where ticket_id = $14"#,
        &entry.entry_id,
        &entry.aggregate,
        &entry.kind,
        &entry.occurred_at as _,
        &entry.recorded_at as _,
        &entry.actor_kind,
        &entry.actor_id,
        &entry.actor_department as _,
        &entry.traceparent,
        &entry.payload,
        &entry.commitment as _,
        &entry.salt as _,
        &entry.personal as _,
        id.uuid(),
        &change.sequence,
        &change.kind,
        &change.from_state as _,
        &change.to_state as _,
        &change.reason as _,
        &change.department,
        &change.related as _,
        &change.note as _,
        &change.actor_kind,
        &change.actor_id,
        &change.actor_department as _,
        &change.occurred_at as _,
        &change.recorded_at as _,
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
        &ordinals,
        &answers,
        &answer_times as _,
        kept.as_ref().map(|k| k.answer),
        kept.as_ref().map(|k| k.request_id),
        ticket.assignment().department.as_str(),
        ticket.assignment().owner.as_ref().map(|o| o.as_str()),
        state.standing().as_str(),
        state.reason(),
        state.since().to_sqlx() as _,
        state.resolution().map(|r| r.expose()),
        state.signpost().map(|s| s.expose()),
        case.map(|c| c.id.uuid()),
        case.map(|c| c.open),
        ticket.last_change().to_sqlx() as _,
        stored.change_count,
        stored.updated_at.to_sqlx() as _,
        stored.version,
        &message.sales_offer,
        settled.map(|s| s.state.as_str()),
        settled.and_then(|s| s.state.settled()).map(|at| at.to_sqlx()) as _,
        settled.map(|s| s.id.id),
        cure.map(|c| c.id.id),
        cure.map(|c| c.due.to_sqlx()) as _,
        ticket.own_call().map(|at| at.to_sqlx()) as _,
        kept.as_ref().map(|k| k.about.uuid()),
        stored.root_cause.as_ref().map(SlugId::as_str),
        written::write(stored.characteristics.stated()).map(Json) as _,
        known_set,
        known_version,
        ticket.ever().continuity,
        ticket.ever().finance_complaint,
    )
    .execute(tx)
    .await?;
    affected_one(&done)
}

fn ordinal_of(ticket: &Ticket, point: &str) -> Result<i32, StoreError> {
    let place = ticket.points().iter().position(|p| p.id == point);
    place
        .and_then(|p| i32::try_from(p + 1).ok())
        .ok_or_else(|| StoreError::corrupt("claim_point", "ordinal", ticket.facts().id))
}
