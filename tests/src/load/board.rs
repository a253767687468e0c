//! Boards over millions of closed clocks: how long one takes by sums, beside a plain count of the same rows by Postgres.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, Role};
use serde::Serialize;
use sqlx::{Connection as _, Executor as _, PgConnection};
use ventanilla_proto::sla::v1 as sla;

use crate::scene::Scene;

/// Affairs written in one statement; they have two clocks and a half each.
const BATCH: i64 = 20_000;
/// How long summing everything may take at most.
const PATIENCE: Duration = Duration::from_secs(7_200);
/// Affairs that changed since they were summed, in the last measurement.
const CHANGED: i64 = 1_000;

/// Milliseconds that a board takes at most.
const SLOWEST_MS: f64 = 300.0;

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Boards {
    clocks: i64,
    seeded_seconds: f64,
    summed_seconds: f64,
    counted_ms: f64,
    windows: Vec<Timed>,
}

/// One window, asked for again and again.
#[derive(Debug, Serialize)]
struct Timed {
    window: &'static str,
    clocks: i64,
    lines: usize,
    p50_ms: f64,
    p99_ms: f64,
}

/// Writes so many closed clocks of three years, with their affairs.
pub(super) async fn seed(url: &str, clocks: i64) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut admin = PgConnection::connect(url).await?;
    admin.execute("set synchronous_commit = off").await?;
    let affairs = clocks * 2 / 5;
    let bar = super::bar(u64::try_from(affairs)?, "writing closed affairs");
    let mut first = 0;
    while first < affairs {
        let last = (first + BATCH).min(affairs);
        // Ids are in the order of time, as the house's are. Times are log-normal, about a median that depends on rule, department and team, channel and what is
        // spent: no two lines are alike. Labels are a large house's: hundreds of teams, and nearly as many combinations as clocks.
        sqlx::query(
            "with affair as (
                 insert into sla_monitor.affair (affair_id, kind, subject_type, sector, topic, department, first_received_at, entry_count, channel, segment, cause, asked)
                 select (lpad(to_hex(n + 1000000000), 12, '0') || substr(md5(n::text), 1, 20))::uuid, 'ticket', (array['consulta','queja','reclamacion','incidencia','baja'])[1 + n % 5], '', '', 'd',
                        now() - interval '1100 days' + n * interval '1 second' * (94000000.0 / $3), 5 + n % 7,
                        (array['phone','email','web','app','shop','letter'])[1 + n % 6], (array['none','low','middle','high',''])[1 + n % 5],
                        case when n % 3 > 0 then 'cause-' || n % 53 else '' end, true
                 from generate_series($1, $2 - 1) n
                 returning affair_id, subject_type, first_received_at, channel, segment
             ), numbered as (
                 select *, row_number() over () as n from affair
             ), clock as (
                 select affair_id, subject_type, n, k, first_received_at as origin_at, (n + k) % 12 as rule, n % 11 as department, n % 330 as team,
                        exp(12 + ((n + k) % 12) * 0.15 + (n % 330) * 0.001 + length(channel || segment) * 0.03
                            + 0.7 * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())) * interval '1 second' as took
                 from numbered cross join lateral generate_series(0, n % 4) k
             )
             insert into sla_monitor.clock (clock_id, affair_id, subject, rule, rule_version, kind, stage, calendar, subject_type, department, state, epoch,
                 first_origin_at, origin_at, due_at, settled_at, breached_at, traceparent, team, manager, queue, outcome)
             select overlay(affair_id::text placing lpad(to_hex(k), 2, '0') from 35)::uuid, affair_id, 'tickets/' || affair_id || '/' || k, case rule when 0 then 'house.incident.resolution' else 'house.rule-' || rule end, 1,
                 (array['sla','statutory','ola'])[1 + rule % 3], 'stage-' || rule % 6, 'es.madrid', subject_type, 'department-' || department,
                 case when rule = 3 and n % 20 = 0 then 'cancelled' else 'fulfilled' end, 1, origin_at, origin_at, origin_at + interval '15 days',
                 origin_at + took, case when took > interval '15 days' then origin_at + interval '15 days' end, '', 'team-' || team, 'u-' || team % 110,
                 'department-' || department || '/topic-' || team % 6 || '/es',
                 case when rule = 5 then (array['kept','broken_silent'])[1 + (took > interval '15 days')::int] else '' end
             from clock",
        )
        .bind(first)
        .bind(last)
        .bind(affairs)
        .execute(&mut admin)
        .await?;
        bar.inc(u64::try_from(last - first)?);
        first = last;
    }
    bar.set_message("looking at what there is");
    for table in ["affair", "clock"] {
        admin.execute(sqlx::AssertSqlSafe(format!("vacuum analyze sla_monitor.{table}"))).await?;
    }
    admin.execute("checkpoint").await?;
    bar.finish_and_clear();
    admin.close().await?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Starts the services, waits until everything is summed, and asks for boards.
pub(super) async fn measure(url: &str, seeded_seconds: f64, calls: usize) -> anyhow::Result<(Scene, Boards)> {
    let begun = Instant::now();
    let scene = Scene::on(url, 16).await?;
    let mut admin = PgConnection::connect(url).await?;
    summed(&mut admin).await?;
    let summed_seconds = begun.elapsed().as_secs_f64();
    for table in ["board_piece", "board_pack", "board_affair", "board_changed"] {
        admin.execute(sqlx::AssertSqlSafe(format!("vacuum analyze sla_monitor.{table}"))).await?;
    }
    admin.execute("checkpoint").await?;
    let counted = Instant::now();
    let clocks: i64 = plain_count(&mut admin).await?;
    let counted_ms = counted.elapsed().as_secs_f64() * 1e3;
    let now = Ambient::system().now();
    let back = |days: i64, hours: i64| now.checked_sub(SignedDuration::from_hours(days * 24 + hours));
    let all = sla::GetBoardRequest::default();
    let year =
        sla::GetBoardRequest { from_time: Some(wire(back(400, 3)?)), to_time: Some(wire(back(35, 7)?)), ..all.clone() };
    let rule = sla::GetBoardRequest { policy: "policies/house.incident.resolution".to_owned(), ..all.clone() };
    let mut windows = Vec::new();
    windows.push(ask(&scene, "all", &all, calls, None).await?);
    windows.push(ask(&scene, "a year, from and to the middle of a day", &year, calls, None).await?);
    windows.push(ask(&scene, "one policy of twelve", &rule, calls, None).await?);
    windows.push(ask(&scene, "all, a thousand affairs not summed yet", &all, calls.min(20), Some(&mut admin)).await?);
    admin.close().await?;
    Ok((scene, Boards { clocks, seeded_seconds, summed_seconds, counted_ms, windows }))
}

fn wire(at: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: at.as_second(), nanos: 0 }
}

/// Waits until nothing waits to be summed.
async fn summed(admin: &mut PgConnection) -> anyhow::Result<()> {
    let begun = Instant::now();
    // Each look reads everything that waits: rare enough not to be what is measured.
    let waits = "select count(*) from sla_monitor.board_changed";
    let first: i64 = sqlx::query_scalar(waits).fetch_one(&mut *admin).await?;
    let bar = super::bar(u64::try_from(first)?, "summing changes");
    loop {
        let left: i64 = sqlx::query_scalar(waits).fetch_one(&mut *admin).await?;
        bar.set_position(u64::try_from((first - left).max(0))?);
        if left == 0 {
            bar.finish_and_clear();
            return Ok(());
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "{left} changes are not summed");
        let rest = if left > 100_000 { 15 } else { 1 };
        tokio::time::sleep(Duration::from_secs(rest)).await;
    }
}

/// The same figures without sums, as one statement; answers how many clocks there are.
async fn plain_count(admin: &mut PgConnection) -> anyhow::Result<i64> {
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "select grouping(rule, department, subject_type)::bigint, count(*)
         from (select *, extract(epoch from settled_at - first_origin_at) as took from sla_monitor.clock) c
         group by grouping sets ((), (rule), (department), (subject_type))
         having percentile_disc(array[0.5, 0.75, 0.9, 0.95, 0.99]) within group (order by took) is not null",
    )
    .fetch_all(admin)
    .await?;
    rows.iter().find(|(grouped, _)| *grouped == 7).map(|(_, count)| *count).context("there is no total")
}

async fn ask(
    scene: &Scene,
    window: &'static str,
    request: &sla::GetBoardRequest,
    calls: usize,
    mut changed: Option<&mut PgConnection>,
) -> anyhow::Result<Timed> {
    let mut client = scene.role(Role::Auditor).clocks;
    let mut took = Vec::with_capacity(calls);
    let (mut clocks, mut lines) = (0, 0);
    for call in 0..calls + 2 {
        if let Some(admin) = &mut changed {
            // Each time anew: the worker sums them within a second.
            sqlx::query(
                "update sla_monitor.affair set entry_count = entry_count + 1
                 where affair_id in (select affair_id from sla_monitor.affair order by affair_id limit $1)",
            )
            .bind(CHANGED)
            .execute(&mut **admin)
            .await?;
        }
        let began = Instant::now();
        let board = client.get_board(request.clone()).await.context("the board does not come")?.into_inner();
        // The first two warm up.
        if call > 1 {
            took.push(began.elapsed().as_secs_f64() * 1e3);
        }
        clocks = board.total.map_or(0, |total| total.clock_count);
        lines = 1 + [
            &board.by_policy,
            &board.by_department,
            &board.by_subject_type,
            &board.by_stage,
            &board.by_kind,
            &board.by_channel,
            &board.by_promise_outcome,
            &board.by_team,
            &board.by_manager,
            &board.by_queue,
            &board.by_segment,
            &board.by_cause,
            &board.by_month,
        ]
        .map(Vec::len)
        .iter()
        .sum::<usize>();
    }
    took.sort_by(f64::total_cmp);
    Ok(Timed { window, clocks, lines, p50_ms: took[calls / 2], p99_ms: took[(calls * 99).div_ceil(100) - 1] })
}

impl super::Promised for Boards {
    fn broken(&self) -> Vec<String> {
        let slow = |window: &&Timed| window.p99_ms > SLOWEST_MS;
        let told = |w: &Timed| format!("{}: p99 {:.0} ms, promised {SLOWEST_MS:.0}", w.window, w.p99_ms);
        self.windows.iter().filter(slow).map(told).collect()
    }
}

impl fmt::Display for Boards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} closed clocks, written in {:.0} s, summed in {:.0} s; a plain count of them takes {:.0} ms",
            self.clocks, self.seeded_seconds, self.summed_seconds, self.counted_ms
        )?;
        for Timed { window, clocks, lines, p50_ms, p99_ms } in &self.windows {
            writeln!(f, "{window}: {clocks} clocks on {lines} lines, p50 {p50_ms:.1} ms, p99 {p99_ms:.1} ms")?;
        }
        Ok(())
    }
}
