//! Clocks that sla-monitor runs on cases.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use kernel::ResourceId as _;
use ombudsman_escalation_domain::CaseId;
use ombudsman_escalation_domain::vocabulary::{Party, TermKind};
use postgres::StoreError;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{instant, word};

const TABLE: &str = "case_clock";

/// What sla-monitor counts of a case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Terms {
    /// When the office must decide; the earliest when several rules run.
    pub(crate) decide_due_at: Option<Timestamp>,
    /// When that was missed.
    pub(crate) decide_breached_at: Option<Timestamp>,
    /// Time that the parties have, or let pass; what is over first comes first.
    pub(crate) of_parties: Vec<PartyClock>,
}

/// Time that a party has for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartyClock {
    /// What for.
    pub(crate) kind: TermKind,
    /// Whose it is.
    pub(crate) bearer: Party,
    /// The last instant in time.
    pub(crate) due_at: Timestamp,
    /// When it was over, unused.
    pub(crate) lapsed_at: Option<Timestamp>,
}

/// The terms of one case.
#[tracing::instrument(name = "db.clock.terms_of", skip_all)]
pub(crate) async fn terms_of<'c>(executor: impl sqlx::PgExecutor<'c>, case: CaseId) -> Result<Terms, StoreError> {
    Ok(terms(executor, &[case]).await?.remove(&case).unwrap_or_default())
}

/// The terms of each of these cases; one without any is left out.
#[tracing::instrument(name = "db.clock.terms", skip_all)]
pub(crate) async fn terms<'c>(
    executor: impl sqlx::PgExecutor<'c>,
    cases: &[CaseId],
) -> Result<BTreeMap<CaseId, Terms>, StoreError> {
    let ids: Vec<Uuid> = cases.iter().map(|case| case.uuid()).collect();
    let rows = sqlx::query!(
        "select case_id, stage, bearer, due_at, breached_at, lapsed_at from ombudsman.case_clock
          where case_id = any($1) and (stage in ('decide', 'result') or (bearer is not null and settled_at is null)) order by due_at, clock_id",
        &ids
    )
    .fetch_all(executor)
    .await?;
    let mut all: BTreeMap<CaseId, Terms> = BTreeMap::new();
    for row in rows {
        let terms = all.entry(CaseId::from_uuid(row.case_id)).or_default();
        let earliest = |known: Option<Timestamp>, found: Option<Timestamp>| known.into_iter().chain(found).min();
        match row.bearer {
            None => {
                terms.decide_due_at = earliest(terms.decide_due_at, instant(row.due_at));
                terms.decide_breached_at = earliest(terms.decide_breached_at, instant(row.breached_at));
            }
            Some(bearer) => terms.of_parties.push(PartyClock {
                kind: word(&row.stage, TABLE, "stage", row.case_id)?,
                bearer: word(&bearer, TABLE, "bearer", row.case_id)?,
                due_at: instant(row.due_at).ok_or_else(|| StoreError::corrupt(TABLE, "due_at", row.case_id))?,
                lapsed_at: instant(row.lapsed_at),
            }),
        }
    }
    Ok(all)
}

/// The time of a party was started.
#[tracing::instrument(name = "db.clock.give_party", skip_all)]
pub(crate) async fn give_party(
    tx: &mut PgConnection,
    clock: &str,
    case: CaseId,
    rule: &str,
    given: &PartyClock,
) -> Result<(), StoreError> {
    sqlx::query!(
        "insert into ombudsman.case_clock (clock_id, case_id, rule, stage, due_at, bearer) values ($1, $2, $3, $4, $5, $6)
         on conflict on constraint case_clock_pkey do nothing",
        clock,
        case.uuid(),
        rule,
        given.kind.as_str(),
        given.due_at.to_sqlx() as _,
        given.bearer.as_str(),
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The time of a party was over, unused.
#[tracing::instrument(name = "db.clock.lapse", skip_all)]
pub(crate) async fn lapse(tx: &mut PgConnection, clock: &str, at: Timestamp) -> Result<(), StoreError> {
    let at = at.to_sqlx();
    sqlx::query!("update ombudsman.case_clock set lapsed_at = $2 where clock_id = $1", clock, at as _)
        .execute(tx)
        .await?;
    Ok(())
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
