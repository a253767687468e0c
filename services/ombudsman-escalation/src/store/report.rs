//! What reached the office and what it decided, counted.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ombudsman_escalation_domain::report::{Counted, Decided, Received};
use postgres::{Db, StoreError};
use sqlx::PgConnection;

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window<'a> {
    /// First instant.
    pub(crate) from: Timestamp,
    /// First instant after it.
    pub(crate) to: Timestamp,
    /// Only under these rules.
    pub(crate) regime: Option<&'a str>,
}

/// Counts everything in one snapshot, so that no case is counted as two things.
#[tracing::instrument(name = "db.report.count", skip_all)]
pub(crate) async fn count(db: &Db, window: Window<'_>) -> Result<Counted, StoreError> {
    let mut tx = db.tx().await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    let received = received(&mut tx, window).await?;
    let decided = decided(&mut tx, window).await?;
    let days = days(&mut tx, window).await?;
    tx.rollback().await?;
    Ok(Counted { received, decided, days })
}

async fn received(tx: &mut PgConnection, window: Window<'_>) -> Result<Vec<Received>, StoreError> {
    let rows = sqlx::query!(
        r#"select state, case when state = 'closed' then came_from end as closed_from, ground, motive, statement_due_at is not null as "admitted!",
                  claimed_currency, count(*) as "count!",
                  coalesce(sum(claimed_minor), 0)::bigint as "claimed!", coalesce(max(claimed_minor), 0) as "largest!"
             from ombudsman.office_case
            where filed_at_office >= $1 and filed_at_office < $2 and ($3::text is null or regime = $3) and review_of is null
            group by 1, 2, 3, 4, 5, 6"#,
        window.from.to_sqlx() as _,
        window.to.to_sqlx() as _,
        window.regime,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Received {
            state: row.state,
            closed_from: row.closed_from,
            ground: row.ground,
            motive: row.motive,
            admitted: row.admitted,
            currency: row.claimed_currency,
            count: unsigned(row.count),
            claimed: row.claimed,
            largest: row.largest,
        })
        .collect())
}

async fn decided(tx: &mut PgConnection, window: Window<'_>) -> Result<Vec<Decided>, StoreError> {
    let rows = sqlx::query!(
        r#"with made as materialized (
               select d.case_id, d.outcome, d.binding, d.redress_minor, d.redress_currency, d.issued_at, c.motive, c.state
                 from ombudsman.decision d join ombudsman.office_case c on c.case_id = d.case_id
                where d.issued_at >= $1 and d.issued_at < $2 and ($3::text is null or c.regime = $3)
                  -- Of a matter that was reviewed the last decision counts.
                  and not exists (select from ombudsman.office_case r join ombudsman.decision n on n.case_id = r.case_id
                                  where r.review_of = c.case_id and n.issued_at >= $1 and n.issued_at < $2)
           ), term as (
               select k.case_id, min(k.due_at) as due_at, min(k.breached_at) as breached_at
                 from made m join ombudsman.case_clock k on k.case_id = m.case_id and k.stage = 'decide' group by k.case_id
           ), departing as (
               select distinct p.case_id from made m join ombudsman.decision_precedent p on p.case_id = m.case_id and p.contrary
           )
           select m.outcome as "outcome!", m.binding as "binding!", m.motive as "motive?", m.state as "state!",
                  m.redress_currency as "currency?", p.case_id is not null as "departs!",
                  case when t.breached_at is not null or m.issued_at > t.due_at then 'late'
                       when t.due_at is null then 'unknown' else 'in_term' end as "term!",
                  count(*) as "count!", coalesce(sum(m.redress_minor), 0)::bigint as "redress!",
                  coalesce(max(m.redress_minor), 0) as "largest!"
             from made m left join term t on t.case_id = m.case_id left join departing p on p.case_id = m.case_id
            group by 1, 2, 3, 4, 5, 6, 7"#,
        window.from.to_sqlx() as _,
        window.to.to_sqlx() as _,
        window.regime,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Decided {
            outcome: row.outcome,
            motive: row.motive,
            state: row.state,
            term: row.term,
            binding: row.binding,
            departs: row.departs,
            currency: row.currency,
            count: unsigned(row.count),
            redress: row.redress,
            largest: row.largest,
        })
        .collect())
}

async fn days(tx: &mut PgConnection, window: Window<'_>) -> Result<std::collections::BTreeMap<i32, u64>, StoreError> {
    let rows = sqlx::query!(
        r#"select greatest(floor(extract(epoch from d.issued_at - c.filed_at_office) / 86400), 0)::int as "days!", count(*) as "count!"
             from ombudsman.decision d join ombudsman.office_case c on c.case_id = d.case_id
            where d.issued_at >= $1 and d.issued_at < $2 and ($3::text is null or c.regime = $3)
              and not exists (select from ombudsman.office_case r join ombudsman.decision n on n.case_id = r.case_id
                              where r.review_of = c.case_id and n.issued_at >= $1 and n.issued_at < $2)
            group by 1"#,
        window.from.to_sqlx() as _,
        window.to.to_sqlx() as _,
        window.regime,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.days, unsigned(row.count))).collect())
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
