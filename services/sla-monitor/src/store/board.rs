//! The board as it is read: what was summed, what changed since, and the clocks at the ends of the window, all as they were at one instant.

pub mod fold;
pub mod look;
mod packs;
mod shares;
pub mod words;

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use jiff_sqlx::ToSqlx as _;
use postgres::{Db, StoreError, Tx};
use sla_monitor_domain::board::{Dimension, Hours, MADE_AS, Piece, Range, Shape, Share, Span};
use sqlx::PgConnection;

use shares::{Row, Shares, SummedRow};
use words::Words;

/// The word that is stored for sums of hours.
const HOUR: &str = "hour";

/// Begins to read everything as it is at one instant.
#[tracing::instrument(name = "db.board.snapshot", skip_all)]
pub async fn snapshot(db: &Db) -> Result<Tx, StoreError> {
    let mut tx = db.tx().await?;
    sqlx::query!("set transaction isolation level repeatable read, read only").execute(&mut *tx).await?;
    Ok(tx)
}

/// Begins to read the same beside it, where a connection is idle.
#[tracing::instrument(name = "db.board.beside", skip_all)]
pub async fn beside(db: &Db, tx: &mut PgConnection) -> Result<Option<Tx>, StoreError> {
    let Some(mut beside) = db.idle_tx().await? else { return Ok(None) };
    let snapshot = sqlx::query_scalar!(r#"select pg_export_snapshot() as "snapshot!""#).fetch_one(tx).await?;
    // It takes no parameter.
    if !snapshot.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') {
        return Err(StoreError::corrupt("pg_export_snapshot", "snapshot", snapshot));
    }
    let begin =
        format!("set transaction isolation level repeatable read, read only; set transaction snapshot '{snapshot}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut *beside).await?;
    Ok(Some(beside))
}

/// What sums there are.
pub struct State {
    /// The zone whose days are summed; none where everything is to be summed anew.
    pub zone: Option<String>,
    /// How many affairs changed since they were summed, counted no further than was asked.
    pub changed: i64,
    /// The database's time.
    pub now: Timestamp,
}

/// What sums there are, and how many affairs are not in them, counted no further than `most`.
#[tracing::instrument(name = "db.board.state", skip_all)]
pub async fn state(tx: &mut PgConnection, most: i64) -> Result<State, StoreError> {
    let row = sqlx::query!(
        r#"select zone, made_as, now() as "now!: jiff_sqlx::Timestamp",
                  (select count(*) from (select distinct affair_id from sla_monitor.board_changed limit $1) k) as "changed!"
           from sla_monitor.board_state"#,
        most
    )
    .fetch_one(tx)
    .await?;
    let zone = Some(row.zone).filter(|zone| !zone.is_empty() && row.made_as == MADE_AS);
    Ok(State { zone, changed: row.changed, now: row.now.to_jiff() })
}

/// The number of the last change of an affair or clock; it may not be committed yet.
#[tracing::instrument(level = "debug", name = "db.board.last_change", skip_all)]
pub async fn last_change(db: &Db) -> Result<Option<i64>, StoreError> {
    let last = sqlx::query_scalar!(
        "select pg_sequence_last_value(pg_get_serial_sequence('sla_monitor.board_changed', 'seq'))"
    )
    .fetch_one(db.reader())
    .await?;
    Ok(last)
}

/// What was summed of lines over one part of time.
pub struct Pack {
    /// First day of the year, month or day, or the day of the hour.
    pub start: Date,
    /// Whose lines.
    pub dimension: Dimension,
    /// As [`sla_monitor_domain::board::repacked`] writes it.
    pub lines: Vec<u8>,
}

/// The sums of spans and of hours: of clocks of a rule alone or of all, of every line or of everything alone.
#[tracing::instrument(name = "db.board.packs", skip_all)]
pub async fn packs(
    tx: &mut PgConnection,
    within: Option<&str>,
    spans: &[Span],
    hours: &[Hours],
    only: Option<Dimension>,
) -> Result<Vec<Pack>, StoreError> {
    let of_hours = hours.iter().map(|hours| (HOUR, hours.day, hours.day.saturating_add(1.day()), hours.from, hours.to));
    let of_spans = spans.iter().map(|span| (span.grain.as_str(), span.from, span.to, 0, 1));
    let wanted: Vec<(&str, Date, Date, i16, i16)> = of_spans.chain(of_hours).collect();
    let grains: Vec<String> = wanted.iter().map(|(grain, ..)| (*grain).to_owned()).collect();
    let from: Vec<jiff_sqlx::Date> = wanted.iter().map(|(_, from, ..)| fit(*from).to_sqlx()).collect();
    let to: Vec<jiff_sqlx::Date> = wanted.iter().map(|(_, _, to, ..)| fit(*to).to_sqlx()).collect();
    let (first, after): (Vec<i16>, Vec<i16>) = wanted.iter().map(|(.., from, to)| (*from, *to)).unzip();
    let rows = sqlx::query!(
        r#"select s.start_on as "start_on: jiff_sqlx::Date", s.dimension, s.lines
           from unnest($2::text[], $3::date[], $4::date[], $5::smallint[], $6::smallint[]) as p(grain, from_on, to_on, from_hour, to_hour)
           cross join lateral (
               select * from sla_monitor.board_pack b
               where b.within = $1 and b.grain = p.grain and b.start_on >= p.from_on and b.start_on < p.to_on
                 and b.hour >= p.from_hour and b.hour < p.to_hour and ($7::text is null or b.dimension = $7)
               -- Each span by itself: joined freely, all sums that there are may be read.
               offset 0) s"#,
        within.unwrap_or_default(),
        &grains,
        &from as _,
        &to as _,
        &first,
        &after,
        only.map(Dimension::as_str),
    )
    .fetch_all(tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            let dimension = Dimension::from_word(&row.dimension)
                .ok_or_else(|| StoreError::corrupt("board_pack", "dimension", &row.dimension))?;
            Ok(Pack { start: row.start_on.to_jiff(), dimension, lines: row.lines })
        })
        .collect()
}

/// A day that Postgres can write, too.
fn fit(day: Date) -> Date {
    day.max(jiff::civil::date(-4_000, 1, 1))
}

/// Affairs that changed since they were summed, as they are: those that were received, or have a clock that counts from, within a part of time.
#[tracing::instrument(name = "db.board.changed", skip_all)]
pub async fn changed(tx: &mut PgConnection, part: Range) -> Result<Vec<Share>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select a.affair_id, a.first_received_at as "received_at: _", a.entry_count, a.channel, a.segment, a.cause,
                  c.clock_id, c.rule, c.department, c.subject_type, c.stage, c.kind, c.outcome, c.team, c.manager, c.queue, c.first_origin_at as "first_origin_at: _",
                  case c.state when 'fulfilled' then 'fulfilled' when 'cancelled' then 'cancelled' else 'open' end as "ended_as!",
                  (extract(epoch from c.settled_at - coalesce(c.first_run_at, c.first_origin_at)) * 1000000)::bigint as settle_micros,
                  (c.breached_at is not null or (c.state = 'running' and c.due_at < now())) as "breached!"
           from (select distinct affair_id from sla_monitor.board_changed) k
           join sla_monitor.affair a on a.affair_id = k.affair_id
           join sla_monitor.clock c on c.affair_id = k.affair_id
           where a.first_received_at >= coalesce($1, '-infinity'::timestamptz) and a.first_received_at < coalesce($2, 'infinity'::timestamptz)
              or exists (select from sla_monitor.clock o where o.affair_id = k.affair_id
                         and o.first_origin_at >= coalesce($1, '-infinity'::timestamptz) and o.first_origin_at < coalesce($2, 'infinity'::timestamptz))
           order by a.affair_id, c.clock_id"#,
        part.from.map(|t| t.to_sqlx()) as _,
        part.to.map(|t| t.to_sqlx()) as _,
    )
    .fetch_all(tx)
    .await?;
    Ok(Shares::default().read(rows)?.into_iter().map(|(_, share)| share).collect())
}

/// Affairs that changed since they were summed, as they were summed, likewise.
#[tracing::instrument(name = "db.board.summed_of_changed", skip_all)]
pub async fn summed_of_changed(tx: &mut PgConnection, words: &Words, part: Range) -> Result<Vec<Share>, StoreError> {
    let rows = sqlx::query_as!(
        SummedRow,
        r#"select a.affair_id, a.received_at as "received_at: _", a.entry_count, s.channel, s.segment, s.subject_type, s.stage, s.kind, s.outcome,
                  c.clock_id, c.rule, c.department, c.team, c.manager, c.queue, c.cause, c.first_origin_at as "first_origin_at: _",
                  c.settle_micros, c.cancelled, c.breached
           from (select distinct affair_id from sla_monitor.board_changed) k
           join sla_monitor.board_affair a on a.affair_id = k.affair_id
           join sla_monitor.board_piece c on c.affair_id = k.affair_id
           join sla_monitor.board_shape s on s.shape = c.shape
           where a.received_at >= coalesce($1, '-infinity'::timestamptz) and a.received_at < coalesce($2, 'infinity'::timestamptz)
              or exists (select from sla_monitor.board_piece o where o.affair_id = k.affair_id
                         and o.first_origin_at >= coalesce($1, '-infinity'::timestamptz) and o.first_origin_at < coalesce($2, 'infinity'::timestamptz))
           order by a.affair_id, c.clock_id"#,
        part.from.map(|t| t.to_sqlx()) as _,
        part.to.map(|t| t.to_sqlx()) as _,
    )
    .fetch_all(tx)
    .await?;
    let rows = rows.into_iter().map(|row| row.said(words)).collect::<Result<_, _>>()?;
    Ok(Shares::default().read(rows)?.into_iter().map(|(_, share)| share).collect())
}

/// Affairs that were received, or have a clock that counts from, within a part of time; of a rule, its clocks alone.
#[tracing::instrument(name = "db.board.between", skip_all)]
pub async fn between(tx: &mut PgConnection, part: Range, rule: Option<&str>) -> Result<Vec<Share>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select a.affair_id, a.first_received_at as "received_at: _", a.entry_count, a.channel, a.segment, a.cause,
                  c.clock_id, c.rule, c.department, c.subject_type, c.stage, c.kind, c.outcome, c.team, c.manager, c.queue, c.first_origin_at as "first_origin_at: _",
                  case c.state when 'fulfilled' then 'fulfilled' when 'cancelled' then 'cancelled' else 'open' end as "ended_as!",
                  (extract(epoch from c.settled_at - coalesce(c.first_run_at, c.first_origin_at)) * 1000000)::bigint as settle_micros,
                  (c.breached_at is not null or (c.state = 'running' and c.due_at < now())) as "breached!"
           from (select affair_id from sla_monitor.affair
                 where kind = 'ticket' and first_received_at >= coalesce($1, '-infinity'::timestamptz) and first_received_at < coalesce($2, 'infinity'::timestamptz)
                 union
                 select affair_id from sla_monitor.affair
                 where kind = 'case' and first_received_at >= coalesce($1, '-infinity'::timestamptz) and first_received_at < coalesce($2, 'infinity'::timestamptz)
                 union
                 select affair_id from sla_monitor.clock
                 where first_origin_at >= coalesce($1, '-infinity'::timestamptz) and first_origin_at < coalesce($2, 'infinity'::timestamptz)) k
           join sla_monitor.affair a on a.affair_id = k.affair_id
           join sla_monitor.clock c on c.affair_id = k.affair_id
           where $3::text is null or c.rule = $3
           order by a.affair_id, c.clock_id"#,
        part.from.map(|t| t.to_sqlx()) as _,
        part.to.map(|t| t.to_sqlx()) as _,
        rule,
    )
    .fetch_all(tx)
    .await?;
    Ok(Shares::default().read(rows)?.into_iter().map(|(_, share)| share).collect())
}

/// Clocks that run past their due instant and were not noted as breached yet, of affairs that did not change since they were summed.
#[tracing::instrument(name = "db.board.overdue", skip_all)]
pub async fn overdue(tx: &mut PgConnection) -> Result<Vec<Piece>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select a.affair_id, a.first_received_at as "received_at: _", a.entry_count, a.channel, a.segment, a.cause,
                  c.clock_id, c.rule, c.department, c.subject_type, c.stage, c.kind, c.outcome, c.team, c.manager, c.queue, c.first_origin_at as "first_origin_at: _",
                  'open' as "ended_as!", null::bigint as settle_micros, true as "breached!"
           from sla_monitor.clock c
           join sla_monitor.affair a on a.affair_id = c.affair_id
           where c.state = 'running' and c.breached_at is null and c.due_at < now()
             and not exists (select from sla_monitor.board_changed k where k.affair_id = c.affair_id)
           order by a.affair_id, c.clock_id"#
    )
    .fetch_all(tx)
    .await?;
    Ok(Shares::default().read(rows)?.into_iter().flat_map(|(_, share)| share.pieces).collect())
}

/// What clocks are counted under of which there is little, by number.
#[tracing::instrument(name = "db.board.shapes", skip_all)]
pub async fn shapes(tx: &mut PgConnection) -> Result<HashMap<i32, Shape>, StoreError> {
    let rows =
        sqlx::query!("select shape, subject_type, stage, kind, channel, outcome, segment from sla_monitor.board_shape")
            .fetch_all(tx)
            .await?;
    let shapes = rows.into_iter().map(|row| {
        let shape = Shape {
            subject_type: row.subject_type.into(),
            stage: row.stage.into(),
            kind: row.kind.into(),
            channel: row.channel.into(),
            outcome: row.outcome.into(),
            segment: row.segment.into(),
        };
        (row.shape, shape)
    });
    Ok(shapes.collect())
}
