//! The steps of one affair, from this service's own ledger: what has a position and what still waits for one.

use jiff::Timestamp;
use kernel::{Actor, ResourceId};
use postgres::StoreError;
use sqlx::PgPool;
use ticketing_domain::TicketId;

use super::actor;

/// One ledger entry without its content.
pub(crate) struct Step {
    /// Position; 0 while it waits for one.
    pub position: i64,
    /// Full name of the payload's message.
    pub kind: String,
    /// Who.
    pub actor: Actor,
    /// When, in the world.
    pub occurred_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// The trace it was written in.
    pub traceparent: String,
}

/// Every step of a ticket. One statement, one snapshot: an entry that is being sequenced is seen exactly once.
#[tracing::instrument(name = "db.journey.steps", skip_all)]
pub(crate) async fn steps(pool: &PgPool, ticket: TicketId) -> Result<Vec<Step>, StoreError> {
    let rows = sqlx::query!(
        r#"select position as "position!", type as "kind!", actor_kind as "actor_kind!", actor_id as "actor_id!",
                  actor_department, occurred_at as "occurred_at!: jiff_sqlx::Timestamp",
                  recorded_at as "recorded_at!: jiff_sqlx::Timestamp", traceparent as "traceparent!"
           from (
               select position, 0::bigint as waiting, type, actor_kind, actor_id, actor_department, occurred_at,
                      recorded_at, traceparent
               from ticketing.ledger_known where aggregate = $1
               union all
               select 0, inbox_id, type, actor_kind, actor_id, actor_department, occurred_at, recorded_at, traceparent
               from ticketing.ledger_inbox where aggregate = $1
           ) as steps
           order by waiting, position"#,
        ticket.name()
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Step {
                position: row.position,
                kind: row.kind,
                actor: actor("ledger", row.position, &row.actor_kind, row.actor_id, row.actor_department)?,
                occurred_at: row.occurred_at.to_jiff(),
                recorded_at: row.recorded_at.to_jiff(),
                traceparent: row.traceparent,
            })
        })
        .collect()
}
