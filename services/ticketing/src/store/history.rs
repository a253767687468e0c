//! The history of a ticket: rows are added with each change and never touched again.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use kernel::{Actor, ResourceId};
use ledger::Stamp;
use postgres::StoreError;
use sqlx::{PgConnection, PgPool};
use ticketing_domain::{ChangeKind, Standing, TicketId};
use uuid::Uuid;

use super::{actor, word};

/// One thing that happened to a ticket.
#[derive(Debug, Clone)]
pub(crate) struct ChangeRow {
    /// Place in the history, from 1.
    pub sequence: i32,
    /// What happened.
    pub kind: ChangeKind,
    /// State before and after, when it changed.
    pub states: Option<(Option<Standing>, Standing)>,
    /// Machine-readable reason.
    pub reason: Option<String>,
    /// Department that works on the ticket after it.
    pub department: String,
    /// What else it is about.
    pub related: Option<String>,
    /// The text a state was entered with. Personal.
    pub note: Option<String>,
    /// Who did it.
    pub actor: Actor,
    /// When, in the world.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
}

impl ChangeRow {
    /// A change of this kind with nothing else to say.
    pub fn new(sequence: i32, kind: ChangeKind, department: &str, stamp: &Stamp) -> Self {
        Self {
            sequence,
            kind,
            states: None,
            reason: None,
            department: department.to_owned(),
            related: None,
            note: None,
            actor: stamp.actor.clone(),
            occurred_at: stamp.occurred_at,
            recorded_at: stamp.recorded_at,
        }
    }
}

/// Rows as parallel arrays, for `unnest`.
#[derive(Default)]
pub(super) struct ChangeColumns {
    pub ticket_id: Vec<Uuid>,
    pub sequence: Vec<i32>,
    pub kind: Vec<String>,
    pub from_state: Vec<Option<String>>,
    pub to_state: Vec<Option<String>>,
    pub reason: Vec<Option<String>>,
    pub department: Vec<String>,
    pub related: Vec<Option<String>>,
    pub note: Vec<Option<String>>,
    pub actor_kind: Vec<String>,
    pub actor_id: Vec<String>,
    pub actor_department: Vec<Option<String>>,
    pub occurred_at: Vec<jiff_sqlx::Timestamp>,
    pub recorded_at: Vec<jiff_sqlx::Timestamp>,
}

impl ChangeColumns {
    pub(super) fn push(&mut self, ticket: TicketId, rows: &[ChangeRow]) {
        for row in rows {
            self.ticket_id.push(ticket.uuid());
            self.sequence.push(row.sequence);
            self.kind.push(row.kind.to_string());
            self.from_state.push(row.states.and_then(|(from, _)| from).map(|s| s.to_string()));
            self.to_state.push(row.states.map(|(_, to)| to.to_string()));
            self.reason.push(row.reason.clone());
            self.department.push(row.department.clone());
            self.related.push(row.related.clone());
            self.note.push(row.note.clone());
            self.actor_kind.push(row.actor.kind.to_string());
            self.actor_id.push(row.actor.id.clone());
            self.actor_department.push(row.actor.department.as_ref().map(ToString::to_string));
            self.occurred_at.push(row.occurred_at.to_sqlx());
            self.recorded_at.push(row.recorded_at.to_sqlx());
        }
    }
}

/// What happened to a ticket after the change with this sequence number, oldest first.
#[tracing::instrument(name = "db.history.list", skip_all)]
pub(crate) async fn list(
    pool: &PgPool,
    ticket: TicketId,
    after: i32,
    limit: i64,
) -> Result<Vec<ChangeRow>, StoreError> {
    let rows = sqlx::query!(
        "select sequence, kind, from_state, to_state, reason, department, related, actor_kind, actor_id,
                actor_department, occurred_at, recorded_at
         from ticketing.ticket_change where ticket_id = $1 and sequence > $2 order by sequence limit $3",
        ticket.uuid(),
        after,
        limit,
    )
    .fetch_all(pool)
    .await?;
    let standing = |column, key: i32, text: Option<String>| match text {
        Some(text) => word("ticket_change", column, key, Standing::from_word(&text)).map(Some),
        None => Ok(None),
    };
    rows.into_iter()
        .map(|row| {
            let from = standing("from_state", row.sequence, row.from_state)?;
            let to = standing("to_state", row.sequence, row.to_state)?;
            Ok(ChangeRow {
                sequence: row.sequence,
                kind: word("ticket_change", "kind", row.sequence, ChangeKind::from_word(&row.kind))?,
                states: to.map(|to| (from, to)),
                reason: row.reason,
                department: row.department,
                related: row.related,
                note: None,
                actor: actor("ticket_change", row.sequence, &row.actor_kind, row.actor_id, row.actor_department)?,
                occurred_at: row.occurred_at.to_jiff(),
                recorded_at: row.recorded_at.to_jiff(),
            })
        })
        .collect()
}

/// Who resolved a ticket last, inside the transaction that holds its lock.
#[tracing::instrument(name = "db.history.resolved_by", skip_all)]
pub(crate) async fn resolved_by(tx: &mut PgConnection, ticket: TicketId) -> Result<Option<Actor>, StoreError> {
    let row = sqlx::query!(
        "select sequence, actor_kind, actor_id, actor_department from ticketing.ticket_change
         where ticket_id = $1 and to_state = 'resolved' order by sequence desc limit 1",
        ticket.uuid(),
    )
    .fetch_optional(tx)
    .await?;
    row.map(|row| actor("ticket_change", row.sequence, &row.actor_kind, row.actor_id, row.actor_department)).transpose()
}

/// Whether something of this kind happened to a ticket, whose row the caller holds.
#[tracing::instrument(name = "db.history.has", skip_all)]
pub(crate) async fn has(tx: &mut PgConnection, ticket: TicketId, kind: ChangeKind) -> Result<bool, StoreError> {
    let has = sqlx::query_scalar!(
        r#"select exists(select from ticketing.ticket_change where ticket_id = $1 and kind = $2) as "has!""#,
        ticket.uuid(),
        kind.as_str()
    )
    .fetch_one(tx)
    .await?;
    Ok(has)
}
