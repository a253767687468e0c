//! Summing: what changed of affairs is added to the sums of days, months and years, and what was summed of them is remembered, in one transaction.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use jiff_sqlx::ToSqlx as _;
use postgres::{Db, StoreError, Tx};
use sla_monitor_domain::board::{Days, End, Labels, MADE_AS, Shape, Share, month};
use sqlx::PgConnection;
use uuid::Uuid;

use super::packs::Sums;
use super::shapes;
use super::shares::{Row, Shares};

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
        "with sums as (delete from sla_monitor.board_sum), packs as (delete from sla_monitor.board_pack), clocks as (delete from sla_monitor.board_clock),
              affairs as (delete from sla_monitor.board_affair),
              again as (insert into sla_monitor.board_changed (affair_id) select affair_id from sla_monitor.affair)
         update sla_monitor.board_state set zone = $1, made_as = $2, begun_at = now(), folded_at = now()",
        zone,
        MADE_AS
    )
    .execute(tx)
    .await?;
    Ok(())
}

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
    let changes = read(tx, &affairs).await?;
    let mut sums = Sums::of(days);
    for change in changes.values() {
        for (share, times) in [(change.before.as_ref(), -1), (change.after.as_ref().map(|(share, _)| share), 1)] {
            if let Some(share) = share {
                sums.add(share, times);
            }
        }
    }
    sums.write(tx).await?;
    remember(tx, days, &affairs, &changes).await?;
    Ok(affairs.len())
}

async fn read(tx: &mut PgConnection, affairs: &[Uuid]) -> Result<BTreeMap<Uuid, Change>, StoreError> {
    let mut changes: BTreeMap<Uuid, Change> = BTreeMap::new();
    let mut shares = Shares::default();
    let before = sqlx::query_as!(
        Row,
        r#"select a.affair_id, a.received_at as "received_at: _", a.entry_count, s.channel, s.segment, c.cause,
                  c.clock_id, c.rule, c.department, s.subject_type, s.stage, s.kind, s.outcome, c.team, c.manager, c.queue, c.first_origin_at as "first_origin_at: _",
                  c.ended_as, c.settle_micros, c.breached
           from sla_monitor.board_affair a
           join sla_monitor.board_clock c on c.affair_id = a.affair_id
           join sla_monitor.board_shape s on s.shape = c.shape
           where a.affair_id = any($1)
           order by a.affair_id, c.clock_id"#,
        affairs
    )
    .fetch_all(&mut *tx)
    .await?;
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
) -> Result<(), StoreError> {
    let numbers = numbers(tx, changes).await?;
    let (mut ids, mut received, mut entries) = (Vec::new(), Vec::new(), Vec::new());
    let (mut clocks, mut of, mut under, mut origins, mut ends, mut breached, mut took) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut months, mut labels) = (Vec::new(), Vec::new());
    for (id, change) in changes {
        let Some((share, named)) = &change.after else { continue };
        ids.push(*id);
        received.push(share.received.to_sqlx());
        entries.push(share.entries);
        for (piece, clock) in share.pieces.iter().zip(named) {
            let number = numbers.get(&piece.labels.shape());
            clocks.push(*clock);
            of.push(*id);
            under.push(*number.ok_or_else(|| StoreError::corrupt("board_shape", "shape", clock))?);
            origins.push(piece.origin.to_sqlx());
            months.push(month(days.of(piece.origin)).key.to_string());
            labels.push(&piece.labels);
            breached.push(piece.breached);
            let (end, micros) = match piece.end {
                End::Open => ("open", None),
                End::Cancelled => ("cancelled", None),
                End::Fulfilled { micros } => ("fulfilled", Some(micros)),
            };
            ends.push(end.to_owned());
            took.push(micros);
        }
    }
    let words = |of: fn(&Labels) -> &Arc<str>| labels.iter().map(|labels| of(labels).to_string()).collect::<Vec<_>>();
    sqlx::query!(
        "with known as (
             insert into sla_monitor.board_affair as a (affair_id, received_at, entry_count)
             select * from unnest($2::uuid[], $3::timestamptz[], $4::bigint[])
             on conflict on constraint board_affair_pkey
                 do update set received_at = excluded.received_at, entry_count = excluded.entry_count
         ), written as (
             insert into sla_monitor.board_clock as c
                 (clock_id, affair_id, shape, first_origin_at, ended_as, breached, settle_micros, month, rule, department, team, manager, queue, cause)
             select * from unnest($5::uuid[], $6::uuid[], $7::integer[], $8::timestamptz[], $9::text[], $10::boolean[], $11::bigint[],
                                  $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[], $18::text[])
             on conflict on constraint board_clock_pkey
                 do update set affair_id = excluded.affair_id, shape = excluded.shape, first_origin_at = excluded.first_origin_at,
                               ended_as = excluded.ended_as, breached = excluded.breached, settle_micros = excluded.settle_micros,
                               month = excluded.month, rule = excluded.rule, department = excluded.department, team = excluded.team,
                               manager = excluded.manager, queue = excluded.queue, cause = excluded.cause
                 where (c.affair_id, c.shape, c.first_origin_at, c.ended_as, c.breached, c.settle_micros, c.rule, c.department, c.team, c.manager, c.queue, c.cause)
                     is distinct from (excluded.affair_id, excluded.shape, excluded.first_origin_at, excluded.ended_as, excluded.breached,
                                       excluded.settle_micros, excluded.rule, excluded.department, excluded.team, excluded.manager, excluded.queue, excluded.cause)
         ), gone as (
             delete from sla_monitor.board_clock c where c.affair_id = any($1) and not (c.clock_id = any($5))
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
        &under,
        &origins as _,
        &ends,
        &breached,
        &took as _,
        &months,
        &words(|labels| &labels.rule),
        &words(|labels| &labels.department),
        &words(|labels| &labels.team),
        &words(|labels| &labels.manager),
        &words(|labels| &labels.queue),
        &words(|labels| &labels.cause),
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
