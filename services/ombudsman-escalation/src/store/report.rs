//! What reached the office and what it decided, counted.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use ombudsman_escalation_domain::report::{Counted, Decided, Received, Reopened};
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
    let reopened = reopened(&mut tx, window).await?;
    tx.rollback().await?;
    Ok(Counted { received, decided, days, reopened })
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
               -- Closing a case does not change what it came to. A review that confirms comes to what the decision comes to that it leaves in force.
               select d.case_id, d.outcome, d.binding, d.redress_minor, d.redress_currency, d.issued_at, c.motive,
                      case when s.case_id is not null or o.case_id is not null then 'superseded'
                           when coalesce(f.state, c.state) = 'closed' then coalesce(f.came_from, c.came_from)
                           else coalesce(f.state, c.state) end as came_to
                 from ombudsman.decision d join ombudsman.office_case c on c.case_id = d.case_id
                 left join ombudsman.superseded_decision s on s.case_id = c.case_id
                 left join ombudsman.superseded_decision o on o.case_id = c.review_of and o.review <> c.case_id
                 left join ombudsman.superseded_decision v on v.review = c.case_id
                 left join ombudsman.office_case f on f.case_id = c.review_of and v.review is null and ombudsman.confirms(c.case_id)
                where d.issued_at >= $1 and d.issued_at < $2 and ($3::text is null or c.regime = $3)
                  -- Of a matter that was reviewed the last decision counts.
                  and not exists (select from ombudsman.office_case r join ombudsman.decision n on n.case_id = r.case_id
                                  where r.review_of = c.case_id and n.issued_at >= $1 and n.issued_at < $2)
                  and not exists (select from ombudsman.office_case r join ombudsman.decision n on n.case_id = r.case_id
                                  where r.review_of = c.review_of and n.issued_at > d.issued_at and n.issued_at < $2)
                  -- What a review of a later year leaves in force was counted in the year it was decided in.
                  and (f.case_id is null or exists (select from ombudsman.decision r where r.case_id = f.case_id and r.issued_at >= $1))
           ), term as (
               -- Of some regimes the term to decide is that to give a result. Time of a party has a bearer.
               select k.case_id, min(k.due_at) as due_at, min(k.breached_at) as breached_at
                 from made m join ombudsman.case_clock k on k.case_id = m.case_id and k.stage in ('decide', 'result') and k.bearer is null
                group by k.case_id
           ), departing as (
               select distinct p.case_id from made m join ombudsman.decision_precedent p on p.case_id = m.case_id and p.contrary
           )
           select m.outcome as "outcome!", m.binding as "binding!", m.motive as "motive?", m.came_to as "came_to!",
                  m.redress_currency as "currency?", p.case_id is not null as "departs!",
                  -- Who counts the clocks may hear of a decision in time only after the term.
                  case when m.issued_at > t.due_at or t.breached_at < m.issued_at then 'late'
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
            came_to: row.came_to,
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
              and not exists (select from ombudsman.office_case r join ombudsman.decision n on n.case_id = r.case_id
                              where r.review_of = c.review_of and n.issued_at > d.issued_at and n.issued_at < $2)
              -- Asked of reviews alone: it is a question of its own for each.
              and (c.review_of is null
                   or not exists (select from ombudsman.decision r where r.case_id = c.review_of and r.issued_at < $1)
                   or not ombudsman.confirms(c.case_id))
            group by 1"#,
        window.from.to_sqlx() as _,
        window.to.to_sqlx() as _,
        window.regime,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.days, unsigned(row.count))).collect())
}

/// What the firm had met and owes once more, by its cause.
async fn reopened(tx: &mut PgConnection, window: Window<'_>) -> Result<Vec<Reopened>, StoreError> {
    let rows = sqlx::query!(
        r#"select c.regime, c.motive, count(*) as "count!"
             from ombudsman.obligation o join ombudsman.office_case c on c.case_id = o.case_id
            where o.reopens_case is not null and o.lapsed_at is null and o.since >= $1 and o.since < $2
              and ($3::text is null or c.regime = $3)
            group by 1, 2"#,
        window.from.to_sqlx() as _,
        window.to.to_sqlx() as _,
        window.regime,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Reopened { regime: row.regime, motive: row.motive, count: unsigned(row.count) })
        .collect())
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or_default()
}
