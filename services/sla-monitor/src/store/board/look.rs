//! The few durations that a board looks at one by one, since a percentile is among them.

use std::collections::BTreeSet;

use jiff::civil::Date;
use postgres::StoreError;
use sla_monitor_domain::board::{Days, Dimension, Keyed, Range, first_hour};
use sqlx::PgConnection;

use super::words::Words;

/// Which clocks are looked at.
#[derive(Debug)]
pub struct Among {
    /// First days of the months that anything was summed of, of those that are looked at.
    months: BTreeSet<Date>,
    /// First hour, and the first after, by number.
    from_hour: i32,
    to_hour: i32,
    /// Of this rule alone.
    rule: Option<i32>,
}

impl Among {
    /// Those that count from within whole hours, of a rule or of any: in these months, each told by any of its days.
    /// None where nothing was ever counted under the rule.
    pub fn new(
        days: &Days,
        between: Range,
        months: impl IntoIterator<Item = Date>,
        words: &Words,
        rule: Option<&str>,
    ) -> Option<Self> {
        let rule = match rule {
            Some(rule) => Some(words.number(rule)?),
            None => None,
        };
        Some(Self {
            months: months.into_iter().map(Date::first_of_month).collect(),
            from_hour: between.from.map_or(i32::MIN, |from| days.hour_number(from)),
            to_hour: between.to.map_or(i32::MAX, |to| days.hour_number(to)),
            rule,
        })
    }

    fn months(&self) -> Vec<i32> {
        self.months.iter().map(|month| month_number(*month)).collect()
    }

    fn years(&self) -> Vec<i16> {
        let years: BTreeSet<i16> = self.months.iter().map(|month| month.year()).collect();
        years.into_iter().collect()
    }
}

/// A month by number.
pub(super) fn month_number(day: Date) -> i32 {
    i32::from(day.year()) * 12 + i32::from(day.month()) - 1
}

/// Durations of one range, with what their clocks are counted under, in the same places.
pub struct Found {
    /// Microseconds to fulfilment.
    pub micros: Vec<i64>,
    /// By number.
    pub shapes: Vec<i32>,
}

/// The summed durations of ranges.
#[tracing::instrument(name = "db.board.settled", skip_all)]
pub async fn settled(tx: &mut PgConnection, ranges: &[(i64, i64)], among: &Among) -> Result<Vec<Found>, StoreError> {
    let (from, to): (Vec<i64>, Vec<i64>) = ranges.iter().copied().unzip();
    // Each range is looked up by itself: joined freely, every duration would be held against every range.
    let found = match among.rule {
        None => {
            sqlx::query_as!(
                Found,
                r#"select f.micros as "micros!: _", f.shapes as "shapes!: _"
                   from unnest($1::bigint[], $2::bigint[]) as r(from_micros, to_micros)
                   cross join lateral (
                       select array_agg(b.settle_micros) as micros, array_agg(b.shape) as shapes
                       from sla_monitor.board_piece b
                       where b.month = any($3) and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                         and b.hour >= $4 and b.hour < $5) f
                   where f.micros is not null"#,
                &from,
                &to,
                &among.months(),
                among.from_hour,
                among.to_hour,
            )
            .fetch_all(tx)
            .await?
        }
        Some(rule) => {
            sqlx::query_as!(
                Found,
                r#"select f.micros as "micros!: _", f.shapes as "shapes!: _"
                   from unnest($1::bigint[], $2::bigint[]) as r(from_micros, to_micros)
                   cross join lateral (
                       select array_agg(b.settle_micros) as micros, array_agg(b.shape) as shapes
                       from sla_monitor.board_piece b
                       where b.year = any($3) and b.rule = $6 and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                         and b.hour >= $4 and b.hour < $5) f
                   where f.micros is not null"#,
                &from,
                &to,
                &among.years(),
                among.from_hour,
                among.to_hour,
                rule,
            )
            .fetch_all(tx)
            .await?
        }
    };
    Ok(found)
}

/// The summed durations of ranges of lines, each found by the key of its line, likewise: for each look where something was found, its place and what.
#[tracing::instrument(name = "db.board.settled_of", skip_all)]
pub async fn settled_of(
    tx: &mut PgConnection,
    looks: &[&Keyed],
    among: &Among,
    words: &Words,
) -> Result<Vec<(usize, Vec<i64>)>, StoreError> {
    if looks.is_empty() {
        return Ok(Vec::new());
    }
    let dimensions: Vec<String> = looks.iter().map(|look| look.line.dimension.as_str().to_owned()).collect();
    let (from, to): (Vec<i64>, Vec<i64>) = looks.iter().map(|look| (look.from, look.to)).unzip();
    // Of a month the first hour and the first after it, since of one rule it is found by these.
    let (mut keys, mut begins, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for Keyed { line, .. } in looks {
        let month =
            (line.dimension == Dimension::Month).then(|| format!("{}-01", line.key).parse::<Date>().ok()).flatten();
        let after = month.and_then(|month| month.last_of_month().tomorrow().ok());
        keys.push(month.map_or_else(|| words.number(&line.key).unwrap_or(0), month_number));
        begins.push(month.map_or(i32::MIN, first_hour).max(among.from_hour));
        ends.push(after.map_or(i32::MAX, first_hour).min(among.to_hour));
    }
    let rows = sqlx::query!(
        // Each look goes down one index; a list of each dimension, so that no look begins to go down another.
        r#"with r as materialized (
               select * from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::integer[], $6::integer[])
                   with ordinality as r(dimension, key, from_micros, to_micros, from_hour, to_hour, n)
           )
           select r.n as "n!", (select array_agg(b.settle_micros) from sla_monitor.board_piece b
               where b.year = any($7) and b.rule = r.key and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                 and b.hour >= r.from_hour and b.hour < r.to_hour and ($8::integer is null or b.rule = $8)) as micros
           from r where r.dimension = 'policy'
           union all
           select r.n, (select array_agg(b.settle_micros) from sla_monitor.board_piece b
               where b.month = r.key and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                 and b.hour >= r.from_hour and b.hour < r.to_hour)
           from r where r.dimension = 'month' and $8::integer is null
           union all
           select r.n, (select array_agg(b.settle_micros) from sla_monitor.board_piece b
               where b.year = any($7) and b.rule = $8 and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                 and b.hour >= r.from_hour and b.hour < r.to_hour)
           from r where r.dimension = 'month' and $8::integer is not null
           union all
           select r.n, (select array_agg(b.settle_micros) from sla_monitor.board_piece b
               where b.year = any($7) and b.department = r.key and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                 and b.hour >= r.from_hour and b.hour < r.to_hour and ($8::integer is null or b.rule = $8))
           from r where r.dimension = 'department'
           union all
           select r.n, (select array_agg(b.settle_micros) from sla_monitor.board_piece b
               where b.year = any($7) and b.team = r.key and b.team <> 0 and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                 and b.hour >= r.from_hour and b.hour < r.to_hour and ($8::integer is null or b.rule = $8))
           from r where r.dimension = 'team'
           union all
           select r.n, (select array_agg(b.settle_micros) from sla_monitor.board_piece b
               where b.year = any($7) and b.manager = r.key and b.manager <> 0 and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                 and b.hour >= r.from_hour and b.hour < r.to_hour and ($8::integer is null or b.rule = $8))
           from r where r.dimension = 'manager'
           union all
           select r.n, (select array_agg(b.settle_micros) from sla_monitor.board_piece b
               where b.year = any($7) and b.queue = r.key and b.queue <> 0 and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                 and b.hour >= r.from_hour and b.hour < r.to_hour and ($8::integer is null or b.rule = $8))
           from r where r.dimension = 'queue'
           union all
           select r.n, (select array_agg(b.settle_micros) from sla_monitor.board_piece b
               where b.year = any($7) and b.cause = r.key and b.cause <> 0 and b.settle_micros >= r.from_micros and b.settle_micros < r.to_micros
                 and b.hour >= r.from_hour and b.hour < r.to_hour and ($8::integer is null or b.rule = $8))
           from r where r.dimension = 'cause'"#,
        &dimensions,
        &keys,
        &from,
        &to,
        &begins,
        &ends,
        &among.years(),
        among.rule,
    )
    .fetch_all(tx)
    .await?;
    let place = |n: i64| usize::try_from(n - 1).ok().and_then(|n| looks.get(n)).map(|look| look.place);
    let found = rows.into_iter().filter_map(|row| Some((row.n, row.micros?)));
    found
        .map(|(n, micros)| {
            Ok((place(n).ok_or_else(|| StoreError::corrupt("board_piece", "settle_micros", n))?, micros))
        })
        .collect()
}
