//! What sla-monitor tells: clocks, warnings, breaches.

use jiff_sqlx::ToSqlx;
use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use ventanilla_proto::customer::v1::TimelineEventKind;
use ventanilla_proto::sla::v1 as proto;
use ventanilla_proto::sla::v1::{ClockEffect, ClockState, PolicyKind};

use super::{customer, entry_id, id, instant, number, required, ticket_in};
use crate::SLA_MONITOR;

/// Feeds clocks.
#[derive(Debug, Clone, Copy)]
pub struct Clocks;

#[tonic::async_trait]
impl Reaction for Clocks {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        if let Some(started) = entry.payload::<proto::ClockStarted>()? {
            return clock_started(tx, &started).await;
        }
        if let Some(moved) = entry.payload::<proto::ClockMoved>()? {
            return clock_moved(tx, &moved).await;
        }
        if let Some(settled) = entry.payload::<proto::ClockSettled>()? {
            return clock_settled(tx, &settled).await;
        }
        if let Some(raised) = entry.payload::<proto::WarningRaised>()? {
            return warning_raised(tx, &raised).await;
        }
        if let Some(breached) = entry.payload::<proto::ClockBreached>()? {
            return clock_breached(tx, entry, &breached).await;
        }
        Ok(())
    }
}

const fn is_open(state: ClockState) -> bool {
    !matches!(state, ClockState::Fulfilled | ClockState::Cancelled)
}

async fn clock_started(tx: &mut Tx, started: &proto::ClockStarted) -> Result<(), ReactionError> {
    // What departments and vendors owe each other is no concern of the customer's.
    if matches!(started.kind(), PolicyKind::Ola | PolicyKind::Uc) {
        return Ok(());
    }
    let Some(customer) = customer(&started.customer)? else { return Ok(()) };
    let due_at = instant(started.due_time.as_ref());
    let state = if due_at.is_some() { ClockState::Running } else { ClockState::Scheduled };
    sqlx::query!(
        r#"insert into customer_profile.view_clock
               (clock_id, customer_id, subject, ticket_id, rule, stage, state, is_open, due_at, department)
           values ($1, $2, $3, $4, $5, $6, $7, true, $8, $9)
           on conflict on constraint view_clock_pkey do nothing"#,
        id(&started.clock, "clocks", "clock")?,
        customer,
        started.subject,
        ticket_in(&started.subject),
        started.rule,
        started.stage,
        number(state.into()),
        due_at.map(|t| t.to_sqlx()) as _,
        started.department,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn clock_moved(tx: &mut Tx, moved: &proto::ClockMoved) -> Result<(), ReactionError> {
    // A restart begins a new term, which nobody was warned of yet.
    let restarted = moved.effect() == ClockEffect::Restart;
    sqlx::query!(
        r#"update customer_profile.view_clock
           set state = $2, is_open = $3, due_at = $4, warned_percent = case when $5 then 0 else warned_percent end
           where clock_id = $1"#,
        id(&moved.clock, "clocks", "clock")?,
        number(moved.state),
        is_open(moved.state()),
        instant(moved.due_time.as_ref()).map(|t| t.to_sqlx()) as _,
        restarted,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn clock_settled(tx: &mut Tx, settled: &proto::ClockSettled) -> Result<(), ReactionError> {
    sqlx::query!(
        r#"update customer_profile.view_clock
           set state = $2, is_open = $3, breached_at = coalesce($4, breached_at) where clock_id = $1"#,
        id(&settled.clock, "clocks", "clock")?,
        number(settled.state),
        is_open(settled.state()),
        instant(settled.breached_time.as_ref()).map(|t| t.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn warning_raised(tx: &mut Tx, raised: &proto::WarningRaised) -> Result<(), ReactionError> {
    sqlx::query!(
        "update customer_profile.view_clock set warned_percent = greatest(warned_percent, $2) where clock_id = $1",
        id(&raised.clock, "clocks", "clock")?,
        number(raised.threshold_percent),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn clock_breached(tx: &mut Tx, entry: &Received, breached: &proto::ClockBreached) -> Result<(), ReactionError> {
    let Some(customer) = customer(&breached.customer)? else { return Ok(()) };
    sqlx::query!(
        r#"with clock as (
               update customer_profile.view_clock set breached_at = $2 where clock_id = $1
           )
           insert into customer_profile.timeline_event (source, position, id, customer_id, occurred_at, kind, resource, state)
           select $3, $4, $5, $6, $2, $7, $8, 0
           where exists (select from customer_profile.view_clock where clock_id = $1)
           on conflict on constraint timeline_event_pkey do nothing"#,
        id(&breached.clock, "clocks", "clock")?,
        required(breached.breached_time.as_ref(), "breached_time")?.to_sqlx() as _,
        SLA_MONITOR,
        entry.position(),
        entry_id(entry)?,
        customer,
        number(TimelineEventKind::ClockBreached.into()),
        breached.clock,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
