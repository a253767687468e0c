//! Summing: what changed of affairs is added to the sums of days, months and years, and what was summed of them is remembered, in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff_sqlx::ToSqlx as _;
use postgres::{Db, StoreError, Tx};
use sla_monitor_domain::board::{Days, End, Labels, MADE_AS, Shape, Share, first_hour};
use sqlx::PgConnection;
use uuid::Uuid;

use super::look::month_number;
use super::packs::Sums;
use super::shapes;
use super::shares::{Row, Shares, SummedRow};
use super::words::{Words, number, words};

/// What there is to sum.
pub struct Waiting {
    /// How many changes wait, counted no further than was asked.
    pub changes: i64,
    /// Nothing was summed for as long as was asked.
    pub long: bool,
    /// The zone whose days are summed; empty where nothing was yet.
    pub zone: String,
    /// As which version lines and slots are summed.
    pub made_as: String,
}

/// What there is to sum: how many changes, counted no further than `most`, and whether it is `wait_ms` since something was summed.
#[tracing::instrument(level = "debug", name = "db.board.waiting", skip_all)]
pub async fn waiting(db: &Db, most: i64, wait_ms: u32) -> Result<Waiting, StoreError> {
    let waiting = sqlx::query_as!(
        Waiting,
        r#"select (select count(*) from (select from sla_monitor.board_changed limit $1) w) as "changes!",
                  folded_at <= now() - make_interval(secs => $2::double precision / 1000) as "long!", zone, made_as
           from sla_monitor.board_state"#,
        most,
        f64::from(wait_ms),
    )
    .fetch_one(db.reader())
    .await?;
    Ok(waiting)
}

/// What is held by who sums.
pub struct Held {
    /// Where it is summed.
    pub tx: Tx,
    /// The zone whose days are summed; empty where everything is to be summed anew.
    pub zone: String,
    /// As which version lines and slots are summed.
    pub made_as: String,
    /// Everything was begun anew a little while ago.
    pub just_begun: bool,
}

/// Begins to sum; none while somebody else does. Everything is as it was when this began.
#[tracing::instrument(level = "debug", name = "db.board.begin", skip_all)]
pub async fn begin(db: &Db) -> Result<Option<Held>, StoreError> {
    let mut tx = db.tx().await?;
    sqlx::query!("set transaction isolation level repeatable read").execute(&mut *tx).await?;
    // Many sums are looked up by their keys, and all there are many more: joined in any other way, every batch would read them all.
    let one_by_one = "select set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)";
    sqlx::query(one_by_one).execute(&mut *tx).await?;
    let held = sqlx::query!(
        r#"select zone, made_as, begun_at > now() - interval '10 minutes' as "just_begun!"
           from sla_monitor.board_state for update skip locked"#
    )
    .fetch_optional(&mut *tx)
    .await?;
    match held {
        Some(row) => Ok(Some(Held { tx, zone: row.zone, made_as: row.made_as, just_begun: row.just_begun })),
        None => {
            tx.rollback().await?;
            Ok(None)
        }
    }
}

/// Forgets every sum, and counts days in this zone from now on: every affair waits to be summed again.
#[tracing::instrument(name = "db.board.start_over", skip_all)]
pub async fn start_over(tx: &mut PgConnection, zone: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "with packs as (delete from sla_monitor.board_pack), pieces as (delete from sla_monitor.board_piece), words as (delete from sla_monitor.board_word),
              affairs as (delete from sla_monitor.board_affair),
              -- What binaries from before packs summed.
              sums as (delete from sla_monitor.board_sum), clocks as (delete from sla_monitor.board_clock),
              again as (insert into sla_monitor.board_changed (affair_id) select affair_id from sla_monitor.affair)
         update sla_monitor.board_state set zone = $1, made_as = $2, begun_at = now(), folded_at = now()",
        zone,
        MADE_AS
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// What a clock is counted under of which there may be many, in the order of the columns.
const WORDS: [fn(&Labels) -> &Arc<str>; 6] = [
    |labels| &labels.rule,
    |labels| &labels.department,
    |labels| &labels.team,
    |labels| &labels.manager,
    |labels| &labels.queue,
    |labels| &labels.cause,
];

/// An affair that changed: as it was summed, and as it is.
#[derive(Default)]
struct Change {
    before: Option<Share>,
    after: Option<(Share, Vec<Uuid>)>,
}

/// Sums at most so many of the affairs that changed; answers how many. The caller holds the state since [`begin`].
#[tracing::instrument(name = "db.board.fold", skip_all)]
pub async fn fold(tx: &mut PgConnection, days: &Days, batch: i64) -> Result<usize, StoreError> {
    let affairs = sqlx::query_scalar!(
        "select distinct affair_id from sla_monitor.board_changed order by affair_id limit $1",
        batch
    )
    .fetch_all(&mut *tx)
    .await?;
    if affairs.is_empty() {
        return Ok(0);
    }
    let mut words = words(tx).await?;
    let changes = read(tx, &affairs, &words).await?;
    let mut sums = Sums::of(days);
    for change in changes.values() {
        for (share, times) in [(change.before.as_ref(), -1), (change.after.as_ref().map(|(share, _)| share), 1)] {
            if let Some(share) = share {
                sums.add(share, times);
            }
        }
    }
    sums.write(tx).await?;
    remember(tx, days, &affairs, &changes, &mut words).await?;
    Ok(affairs.len())
}

async fn read(tx: &mut PgConnection, affairs: &[Uuid], words: &Words) -> Result<BTreeMap<Uuid, Change>, StoreError> {
    let mut changes: BTreeMap<Uuid, Change> = BTreeMap::new();
    let mut shares = Shares::default();
    let before = sqlx::query_as!(
        SummedRow,
        r#"select a.affair_id, a.received_at as "received_at: _", a.entry_count, s.channel, s.segment, s.subject_type, s.stage, s.kind, s.outcome,
                  c.clock_id, c.rule, c.department, c.team, c.manager, c.queue, c.cause, c.first_origin_at as "first_origin_at: _",
                  c.settle_micros, c.cancelled, c.breached
           from sla_monitor.board_affair a
           join sla_monitor.board_piece c on c.affair_id = a.affair_id
           join sla_monitor.board_shape s on s.shape = c.shape
           where a.affair_id = any($1)
           order by a.affair_id, c.clock_id"#,
        affairs
    )
    .fetch_all(&mut *tx)
    .await?;
    let before = before.into_iter().map(|row| row.said(words)).collect::<Result<_, _>>()?;
    for (id, share) in shares.read(before)? {
        changes.entry(id).or_default().before = Some(share);
    }
    // What time alone makes of a clock, that it runs past its due instant, is not summed.
    let after = sqlx::query_as!(
        Row,
        r#"select a.affair_id, a.first_received_at as "received_at: _", a.entry_count, a.channel, a.segment, a.cause,
                  c.clock_id, c.rule, c.department, c.subject_type, c.stage, c.kind, c.outcome, c.team, c.manager, c.queue, c.first_origin_at as "first_origin_at: _",
                  case c.state when 'fulfilled' then 'fulfilled' when 'cancelled' then 'cancelled' else 'open' end as "ended_as!",
                  (extract(epoch from c.settled_at - coalesce(c.first_run_at, c.first_origin_at)) * 1000000)::bigint as settle_micros,
                  c.breached_at is not null as "breached!"
           from sla_monitor.affair a
           join sla_monitor.clock c on c.affair_id = a.affair_id
           where a.affair_id = any($1)
           order by a.affair_id, c.clock_id"#,
        affairs
    )
    .fetch_all(&mut *tx)
    .await?;
    for (id, share, clocks) in shares.read_with_clocks(after)? {
        changes.entry(id).or_default().after = Some((share, clocks));
    }
    Ok(changes)
}

/// Remembers what was summed of affairs, and that they do not wait any more.
async fn remember(
    tx: &mut PgConnection,
    days: &Days,
    affairs: &[Uuid],
    changes: &BTreeMap<Uuid, Change>,
    words: &mut Words,
) -> Result<(), StoreError> {
    let numbers = numbers(tx, changes).await?;
    let shares = || changes.iter().filter_map(|(id, change)| change.after.as_ref().map(|after| (id, after)));
    let labels: Vec<&Arc<Labels>> =
        shares().flat_map(|(_, (share, _))| share.pieces.iter().map(|piece| &piece.labels)).collect();
    let used = labels.iter().flat_map(|labels| WORDS.map(|of| &**of(labels))).collect();
    number(tx, words, used).await?;
    let (mut ids, mut received, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    let (mut clocks, mut of, mut under, mut origins, mut hours, mut years, mut months) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut cancelled, mut breached, mut took) = (Vec::new(), Vec::new(), Vec::new());
    for (id, (share, named)) in shares() {
        ids.push(*id);
        received.push(share.received.to_sqlx());
        entries.push(share.entries);
        for (piece, clock) in share.pieces.iter().zip(named) {
            let number = numbers.get(&piece.labels.shape());
            clocks.push(*clock);
            of.push(*id);
            under.push(*number.ok_or_else(|| StoreError::corrupt("board_shape", "shape", clock))?);
            origins.push(piece.origin.to_sqlx());
            let (day, hour, _) = days.hour(piece.origin);
            hours.push(first_hour(day) + i32::from(hour));
            years.push(day.year());
            months.push(month_number(day));
            breached.push(piece.breached);
            cancelled.push(piece.end == End::Cancelled);
            took.push(if let End::Fulfilled { micros } = piece.end { Some(micros) } else { None });
        }
    }
    let mut said: [Vec<i32>; WORDS.len()] = Default::default();
    for (column, of) in said.iter_mut().zip(WORDS) {
        for labels in &labels {
            column
                .push(words.number(of(labels)).ok_or_else(|| StoreError::corrupt("board_word", "said", "no number"))?);
        }
    }
    let [rule, department, team, manager, queue, cause] = said;
    sqlx::query!(
        "with known as (
             insert into sla_monitor.board_affair as a (affair_id, received_at, entry_count)
             select * from unnest($2::uuid[], $3::timestamptz[], $4::bigint[])
             on conflict on constraint board_affair_pkey
                 do update set received_at = excluded.received_at, entry_count = excluded.entry_count
         ), written as (
             insert into sla_monitor.board_piece as c
                 (affair_id, clock_id, first_origin_at, settle_micros, hour, shape, rule, department, team, manager, queue, cause, year, month, cancelled, breached)
             select * from unnest($6::uuid[], $5::uuid[], $7::timestamptz[], $8::bigint[], $9::integer[], $10::integer[], $11::integer[], $12::integer[],
                                  $13::integer[], $14::integer[], $15::integer[], $16::integer[], $17::smallint[], $18::integer[], $19::boolean[], $20::boolean[])
             on conflict on constraint board_piece_pkey
                 do update set first_origin_at = excluded.first_origin_at, settle_micros = excluded.settle_micros, hour = excluded.hour,
                               shape = excluded.shape, rule = excluded.rule, department = excluded.department, team = excluded.team,
                               manager = excluded.manager, queue = excluded.queue, cause = excluded.cause, year = excluded.year,
                               month = excluded.month, cancelled = excluded.cancelled, breached = excluded.breached
                 where (c.first_origin_at, c.settle_micros, c.hour, c.shape, c.rule, c.department, c.team, c.manager, c.queue, c.cause, c.cancelled, c.breached)
                     is distinct from (excluded.first_origin_at, excluded.settle_micros, excluded.hour, excluded.shape, excluded.rule, excluded.department,
                                       excluded.team, excluded.manager, excluded.queue, excluded.cause, excluded.cancelled, excluded.breached)
         ), gone as (
             delete from sla_monitor.board_piece c where c.affair_id = any($1) and not (c.clock_id = any($5))
         ), unknown as (
             delete from sla_monitor.board_affair a where a.affair_id = any($1) and not (a.affair_id = any($2))
         ), done as (
             delete from sla_monitor.board_changed where affair_id = any($1)
         )
         update sla_monitor.board_state set folded_at = now()",
        affairs,
        &ids,
        &received as _,
        &entries,
        &clocks,
        &of,
        &origins as _,
        &took as _,
        &hours,
        &under,
        &rule,
        &department,
        &team,
        &manager,
        &queue,
        &cause,
        &years,
        &months,
        &cancelled,
        &breached,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// The numbers of what clocks are counted under of which there is little; new ones get one.
async fn numbers(tx: &mut PgConnection, changes: &BTreeMap<Uuid, Change>) -> Result<HashMap<Shape, i32>, StoreError> {
    let pieces = changes.values().filter_map(|change| change.after.as_ref()).flat_map(|(share, _)| &share.pieces);
    let all: HashSet<Shape> = pieces.map(|piece| piece.labels.shape()).collect();
    let of = |of: fn(&Shape) -> &Arc<str>| all.iter().map(|shape| of(shape).to_string()).collect::<Vec<String>>();
    sqlx::query!(
        "insert into sla_monitor.board_shape (subject_type, stage, kind, channel, outcome, segment)
         select n.* from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
             as n(subject_type, stage, kind, channel, outcome, segment)
         where not exists (select from sla_monitor.board_shape s
                           where (s.subject_type, s.stage, s.kind, s.channel, s.outcome, s.segment)
                               = (n.subject_type, n.stage, n.kind, n.channel, n.outcome, n.segment))",
        &of(|shape| &shape.subject_type),
        &of(|shape| &shape.stage),
        &of(|shape| &shape.kind),
        &of(|shape| &shape.channel),
        &of(|shape| &shape.outcome),
        &of(|shape| &shape.segment),
    )
    .execute(&mut *tx)
    .await?;
    Ok(shapes(tx).await?.into_iter().map(|(number, shape)| (shape, number)).collect())
}
