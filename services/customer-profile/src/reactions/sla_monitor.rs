//! What sla-monitor tells: clocks, warnings, breaches.

use jiff_sqlx::ToSqlx;
use ledger::{Applying, Reaction, ReactionError, Received};
use postgres::Tx;
use uuid::Uuid;
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
            return clocks_started(tx, Started::read(started)?.as_slice()).await;
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

    fn runs(&self, entry: &Received) -> bool {
        entry.is::<proto::ClockStarted>()
    }

    async fn apply_run(&self, tx: &mut Tx, run: &[Applying<'_>]) -> Result<(), ReactionError> {
        let mut started = Vec::with_capacity(run.len());
        for Applying { entry, .. } in run {
            let payload = entry.payload()?.ok_or(ReactionError::Undecodable("type"))?;
            started.extend(Started::read(payload)?);
        }
        clocks_started(tx, &started).await
    }
}

const fn is_open(state: ClockState) -> bool {
    !matches!(state, ClockState::Fulfilled | ClockState::Cancelled)
}

/// A clock that a customer is told of.
struct Started {
    clock: Uuid,
    customer: Uuid,
    due_at: Option<jiff::Timestamp>,
    started: proto::ClockStarted,
}

impl Started {
    /// `None` for one that is no concern of a customer's.
    fn read(started: proto::ClockStarted) -> Result<Option<Self>, ReactionError> {
        // What departments and vendors owe each other.
        if matches!(started.kind(), PolicyKind::Ola | PolicyKind::Uc) {
            return Ok(None);
        }
        let Some(customer) = customer(&started.customer)? else { return Ok(None) };
        let clock = id(&started.clock, "clocks", "clock")?;
        Ok(Some(Self { clock, customer, due_at: instant(started.due_time.as_ref()), started }))
    }

    const fn state(&self) -> ClockState {
        if self.due_at.is_some() { ClockState::Running } else { ClockState::Scheduled }
    }
}

/// Clocks that started, in one statement.
async fn clocks_started(tx: &mut Tx, clocks: &[Started]) -> Result<(), ReactionError> {
    if clocks.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"insert into customer_profile.view_clock
               (clock_id, customer_id, subject, ticket_id, rule, stage, state, is_open, due_at, department)
           select clock_id, customer_id, subject, ticket_id, rule, stage, state, true, due_at, department
           from unnest($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::smallint[], $8::timestamptz[], $9::text[])
               as c(clock_id, customer_id, subject, ticket_id, rule, stage, state, due_at, department)
           on conflict on constraint view_clock_pkey do nothing"#,
        &clocks.iter().map(|c| c.clock).collect::<Vec<_>>(),
        &clocks.iter().map(|c| c.customer).collect::<Vec<_>>(),
        &clocks.iter().map(|c| c.started.subject.clone()).collect::<Vec<_>>(),
        &clocks.iter().map(|c| ticket_in(&c.started.subject)).collect::<Vec<_>>() as _,
        &clocks.iter().map(|c| c.started.rule.clone()).collect::<Vec<_>>(),
        &clocks.iter().map(|c| c.started.stage.clone()).collect::<Vec<_>>(),
        &clocks.iter().map(|c| number(c.state().into())).collect::<Vec<_>>(),
        &clocks.iter().map(|c| c.due_at.map(|t| t.to_sqlx())).collect::<Vec<_>>() as _,
        &clocks.iter().map(|c| c.started.department.clone()).collect::<Vec<_>>(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn clock_moved(tx: &mut Tx, moved: &proto::ClockMoved) -> Result<(), ReactionError> {
    // What was warned is what has passed as the run stands now. Where that is not told, a new run begins a whole term, which nobody was warned of yet; a restart
    // does where it is not known which run warned, or this is.
    let restarted = moved.effect() == ClockEffect::Restart;
    sqlx::query!(
        r#"update customer_profile.view_clock
           set state = $2, is_open = $3, due_at = $4, breached_at = $6,
               warned_percent = coalesce($8::smallint, case when coalesce(warned_epoch <> nullif($7, 0), $5) then 0 else warned_percent end),
               warned_epoch = case when $8 is null then warned_epoch else nullif($7, 0) end
           where clock_id = $1"#,
        id(&moved.clock, "clocks", "clock")?,
        number(moved.state),
        is_open(moved.state()),
        instant(moved.due_time.as_ref()).map(|t| t.to_sqlx()) as _,
        restarted,
        // Word that came late may show that there was no breach.
        instant(moved.breached_time.as_ref()).map(|t| t.to_sqlx()) as _,
        moved.epoch,
        moved.warned_percent.map(number),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn clock_settled(tx: &mut Tx, settled: &proto::ClockSettled) -> Result<(), ReactionError> {
    sqlx::query!(
        r#"update customer_profile.view_clock
           set state = $2, is_open = $3, breached_at = $4 where clock_id = $1"#,
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
        "update customer_profile.view_clock
         set warned_percent = case when warned_epoch <> nullif($3, 0) then $2 else greatest(warned_percent, $2) end,
             warned_epoch = coalesce(nullif($3, 0), warned_epoch)
         where clock_id = $1",
        id(&raised.clock, "clocks", "clock")?,
        number(share(raised)),
        raised.epoch,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The share of its time that is used up: a warning by what is left is as near as one of three quarters, at which callers are told of a danger.
fn share(raised: &proto::WarningRaised) -> i32 {
    if raised.lead_minutes > 0 { raised.threshold_percent.max(75) } else { raised.threshold_percent }
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
