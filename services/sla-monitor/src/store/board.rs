//! The board: one statement over the clocks of a window.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{Db, StoreError};

/// What a line is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Everything.
    Total,
    /// One policy.
    Policy(String),
    /// One department.
    Department(String),
    /// One type of subject.
    SubjectType(String),
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// What it is about.
    pub line: Line,
    /// Affairs.
    pub cases: i64,
    /// Clocks.
    pub clocks: i64,
    /// Met in time.
    pub met: i64,
    /// Breached.
    pub breached: i64,
    /// Open and not breached.
    pub open: i64,
    /// Fell away unbreached.
    pub cancelled: i64,
    /// Microseconds to fulfilment at 50, 75, 90, 95 and 99 %, where something was fulfilled.
    pub settle_micros: Option<Vec<i64>>,
}

/// The whole board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figured {
    /// Lines.
    pub lines: Vec<Figures>,
    /// Ledger entries about the affairs of the window.
    pub events: i64,
    /// The database's time.
    pub now: Timestamp,
}

/// Counts the clocks whose first origin lies in the window.
#[tracing::instrument(name = "db.board.count", skip_all)]
pub async fn count(
    db: &Db,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    rule: Option<&str>,
) -> Result<Figured, StoreError> {
    let rows = sqlx::query!(
        r#"with chosen as materialized (
               select affair_id, rule, department, subject_type, state,
                      (extract(epoch from settled_at - first_origin_at) * 1000000)::bigint as micros,
                      breached_at is not null or (state = 'running' and due_at < now()) as breached
               from sla_monitor.clock
               where ($1::timestamptz is null or first_origin_at >= $1) and ($2::timestamptz is null or first_origin_at < $2)
                 and ($3::text is null or rule = $3)
           ), events as (
               select coalesce(sum(entry_count), 0)::bigint as n from sla_monitor.affair
               where affair_id in (select affair_id from chosen)
           )
           select grouping(rule, department, subject_type) as "grouping!", rule as "rule?", department as "department?", subject_type as "subject_type?",
                  count(distinct affair_id) as "cases!", count(*) as "clocks!",
                  count(*) filter (where state = 'fulfilled' and not breached) as "met!",
                  count(*) filter (where breached) as "breached!",
                  count(*) filter (where not breached and state in ('scheduled', 'running', 'paused')) as "open!",
                  count(*) filter (where not breached and state = 'cancelled') as "cancelled!",
                  percentile_disc(array[0.5, 0.75, 0.9, 0.95, 0.99]) within group (order by micros)
                      filter (where state = 'fulfilled') as settle_micros,
                  (select n from events) as "events!", now() as "now!: jiff_sqlx::Timestamp"
           from chosen
           group by grouping sets ((), (rule), (department), (subject_type))
           order by rule, department, subject_type"#,
        from.map(|t| t.to_sqlx()) as _,
        to.map(|t| t.to_sqlx()) as _,
        rule
    )
    .fetch_all(db.reader())
    .await?;
    let Some(first) = rows.first() else {
        return Err(StoreError::corrupt("clock", "grouping", "no total"));
    };
    let (events, now) = (first.events, first.now.to_jiff());
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        // A bit of `grouping` is set for each column that the line does not group by.
        let line = match (row.grouping, row.rule, row.department, row.subject_type) {
            (0b111, ..) => Line::Total,
            (0b011, Some(rule), ..) => Line::Policy(rule),
            (0b101, _, Some(department), _) => Line::Department(department),
            (0b110, _, _, Some(subject_type)) => Line::SubjectType(subject_type),
            (grouping, ..) => return Err(StoreError::corrupt("clock", "grouping", grouping)),
        };
        lines.push(Figures {
            line,
            cases: row.cases,
            clocks: row.clocks,
            met: row.met,
            breached: row.breached,
            open: row.open,
            cancelled: row.cancelled,
            settle_micros: row.settle_micros,
        });
    }
    Ok(Figured { lines, events, now })
}
