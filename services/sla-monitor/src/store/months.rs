//! The board by month of first receipt.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{Db, StoreError};

use super::board::{Figures, Line};

/// Which clocks, and whose months.
#[derive(Debug, Clone, Default)]
pub struct Months<'a> {
    /// First origin at or after.
    pub from: Option<Timestamp>,
    /// First origin before.
    pub to: Option<Timestamp>,
    /// Only of this rule.
    pub rule: Option<&'a str>,
    /// Name of the zone the months are of.
    pub zone: &'a str,
}

/// Counts the clocks of each month, in order; the line of a month is under its name, e.g. `2026-11`.
#[tracing::instrument(name = "db.months.count", skip_all)]
pub async fn count(db: &Db, months: &Months<'_>) -> Result<Vec<(String, Figures)>, StoreError> {
    let rows = sqlx::query!(
        r#"select month as "month!", count(distinct affair_id) as "cases!", count(*) as "clocks!",
                  count(*) filter (where state = 'fulfilled' and not breached) as "met!",
                  count(*) filter (where breached) as "breached!",
                  count(*) filter (where not breached and state in ('scheduled', 'running', 'paused')) as "open!",
                  count(*) filter (where not breached and state = 'cancelled') as "cancelled!",
                  percentile_disc(array[0.5, 0.75, 0.9, 0.95, 0.99]) within group (order by micros)
                      filter (where state = 'fulfilled') as settle_micros
           from (select affair_id, state, to_char(first_origin_at at time zone $4, 'YYYY-MM') as month,
                        (extract(epoch from settled_at - first_origin_at) * 1000000)::bigint as micros,
                        breached_at is not null or (state = 'running' and due_at < now()) as breached
                 from sla_monitor.clock
                 where ($1::timestamptz is null or first_origin_at >= $1) and ($2::timestamptz is null or first_origin_at < $2)
                   and ($3::text is null or rule = $3)) as chosen
           group by month order by month"#,
        months.from.map(|t| t.to_sqlx()) as _,
        months.to.map(|t| t.to_sqlx()) as _,
        months.rule,
        months.zone,
    )
    .fetch_all(db.reader())
    .await?;
    let figures = rows.into_iter().map(|row| {
        let figures = Figures {
            line: Line::Total,
            cases: row.cases,
            clocks: row.clocks,
            met: row.met,
            breached: row.breached,
            open: row.open,
            cancelled: row.cancelled,
            settle_micros: row.settle_micros,
        };
        (row.month, figures)
    });
    Ok(figures.collect())
}
