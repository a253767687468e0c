//! Clocks that sla-monitor runs on cases.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::CaseId;
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::instant;

/// When the office must decide, and when that was missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DecideTerm {
    /// The legal instant; the earliest when several rules run.
    pub(crate) due_at: Option<Timestamp>,
    /// When it was missed.
    pub(crate) breached_at: Option<Timestamp>,
}

/// The term to decide of each of these cases.
#[tracing::instrument(name = "db.clock.decide_terms", skip_all)]
pub(crate) async fn decide_terms<'c>(
    executor: impl sqlx::PgExecutor<'c>,
    cases: &[CaseId],
) -> Result<Vec<(CaseId, DecideTerm)>, StoreError> {
    let ids: Vec<Uuid> = cases.iter().map(|case| case.uuid()).collect();
    let rows = sqlx::query!(
        "select case_id, min(due_at) as due_at, min(breached_at) as breached_at
           from ombudsman.case_clock where case_id = any($1) and stage = 'decide' group by case_id",
        &ids
    )
    .fetch_all(executor)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let term = DecideTerm { due_at: instant(row.due_at), breached_at: instant(row.breached_at) };
            (CaseId::from_uuid(row.case_id), term)
        })
        .collect())
}

/// A clock was started on a case.
#[tracing::instrument(name = "db.clock.start", skip_all)]
pub(crate) async fn start(
    tx: &mut PgConnection,
    clock: &str,
    case: CaseId,
    rule: &str,
    stage: &str,
    due_at: Option<Timestamp>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.case_clock (clock_id, case_id, rule, stage, due_at) values ($1, $2, $3, $4, $5)
         on conflict on constraint case_clock_pkey do update set due_at = excluded.due_at",
        clock,
        case.uuid(),
        rule,
        stage,
        due_at.map(|at| at.to_sqlx()) as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// A clock was moved; absent while it is paused.
#[tracing::instrument(name = "db.clock.set_due", skip_all)]
pub(crate) async fn set_due(tx: &mut PgConnection, clock: &str, due_at: Option<Timestamp>) -> Result<(), StoreError> {
    let due_at = due_at.map(|at| at.to_sqlx());
    sqlx::query!("update ombudsman.case_clock set due_at = $2 where clock_id = $1", clock, due_at as _)
        .execute(tx)
        .await?;
    Ok(())
}

/// A clock ended.
#[tracing::instrument(name = "db.clock.settle", skip_all)]
pub(crate) async fn settle(tx: &mut PgConnection, clock: &str, at: Timestamp) -> Result<(), StoreError> {
    let at = at.to_sqlx();
    sqlx::query!("update ombudsman.case_clock set settled_at = $2 where clock_id = $1", clock, at as _)
        .execute(tx)
        .await?;
    Ok(())
}

/// A clock passed its due instant.
#[tracing::instrument(name = "db.clock.breach", skip_all)]
pub(crate) async fn breach(tx: &mut PgConnection, clock: &str, at: Timestamp) -> Result<(), StoreError> {
    sqlx::query!(
        "update ombudsman.case_clock set breached_at = coalesce(breached_at, $2) where clock_id = $1",
        clock,
        at.to_sqlx() as _
    )
    .execute(tx)
    .await?;
    Ok(())
}
