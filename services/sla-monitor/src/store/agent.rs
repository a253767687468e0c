//! Agents: for whom the owners of affairs work.

use std::collections::HashMap;

use postgres::StoreError;
use sqlx::PgConnection;

/// In what team somebody works, and whom they report to; empty where neither.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seat {
    /// Slug of the team.
    pub team: String,
    /// Id of the agent they report to.
    pub manager: String,
}

/// Where an agent works; nowhere as long as nobody told.
#[tracing::instrument(name = "db.agent.seat", skip_all)]
pub async fn seat(tx: &mut PgConnection, id: &str) -> Result<Seat, StoreError> {
    let seat = sqlx::query_as!(Seat, "select team, manager from sla_monitor.agent where agent_id = $1", id)
        .fetch_optional(tx)
        .await?;
    Ok(seat.unwrap_or_default())
}

/// Where these agents work, by id; whom nobody told of is left out.
#[tracing::instrument(name = "db.agent.seats", skip_all)]
pub async fn seats(tx: &mut PgConnection, ids: &[String]) -> Result<HashMap<String, Seat>, StoreError> {
    let rows = sqlx::query!("select agent_id, team, manager from sla_monitor.agent where agent_id = any($1)", ids)
        .fetch_all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.agent_id, Seat { team: row.team, manager: row.manager })).collect())
}

/// Says where an agent works. Whoever changes to another team takes what is open of their affairs along, as they go on working on it; what is
/// settled was the work of the team before.
#[tracing::instrument(name = "db.agent.put", skip_all)]
pub async fn put(tx: &mut PgConnection, id: &str, seat: &Seat) -> Result<(), StoreError> {
    sqlx::query!(
        "with known as (
             insert into sla_monitor.agent (agent_id, team, manager) values ($1, $2, $3)
             on conflict on constraint agent_pkey do update set team = excluded.team, manager = excluded.manager
         ), along as (
             select c.clock_id from sla_monitor.affair a
             join sla_monitor.clock c on c.affair_id = a.affair_id
             where a.owner = $1 and a.owner <> '' and c.settled_at is null and (c.team, c.manager) is distinct from ($2, $3)
             order by c.clock_id
             for update of c
         )
         update sla_monitor.clock c set team = $2, manager = $3, version = version + 1
         from along where c.clock_id = along.clock_id",
        id,
        seat.team,
        seat.manager,
    )
    .execute(tx)
    .await?;
    Ok(())
}
