//! Clocks that fall due among a million that run: how late each is raised, how soon an outage is made up for, and what looking costs when nothing is due.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Serialize;
use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::scene::Scene;

/// Clocks written in one statement.
const BATCH: i64 = 50_000;
/// Clocks that fell due while nothing ran.
const MISSED: i64 = 10_000;
/// Looks at what falls due next.
const LOOKS: usize = 500;
/// Milliseconds after the due instant by which nearly all are raised.
const LATEST_MS: f64 = 1_000.0;
/// Clocks a second that an outage is made up for at.
const LEAST_MADE_UP: f64 = 500.0;
/// Milliseconds that a look costs when nothing is due.
const LONGEST_LOOK_MS: f64 = 1.0;
/// How long raising may take at most.
const PATIENCE: Duration = Duration::from_secs(300);

/// What was found.
#[derive(Debug, Serialize)]
pub(super) struct Raised {
    clocks: i64,
    seeded_seconds: f64,
    missed: i64,
    made_up_per_second: f64,
    due_per_second: u32,
    due: i64,
    late_p50_ms: f64,
    late_p99_ms: f64,
    late_max_ms: f64,
    twice: i64,
    not_raised: i64,
    look_p50_ms: f64,
    look_p99_ms: f64,
}

/// Writes so many running clocks with their entries and with what will fall due of them; some fell due within the last hour.
pub(super) async fn seed(url: &str, clocks: i64) -> anyhow::Result<f64> {
    let begun = Instant::now();
    let mut admin = PgConnection::connect(url).await?;
    admin.execute("set synchronous_commit = off").await?;
    let bar = super::bar(u64::try_from(clocks)?, "writing clocks");
    let mut first = 0;
    while first < clocks {
        let last = (first + BATCH).min(clocks);
        sqlx::query(
            "with new as (
                 select gen_random_uuid() as clock_id, gen_random_uuid() as affair_id, n,
                        now() - interval '20 days' + n * interval '1 second' * (1700000.0 / $3) as origin_at,
                        case when n < $4 then now() - interval '1 hour' + n * interval '0.3 second'
                             else now() + interval '1 day' + n * interval '1 second' * (1200000.0 / $3) end as due_at
                 from generate_series($1, $2 - 1) n
             ), clock as (
                 insert into sla_monitor.clock (clock_id, affair_id, subject, customer_id, rule, rule_version, kind, stage, calendar, subject_type,
                     department, state, epoch, first_origin_at, origin_at, due_at, traceparent)
                 select clock_id, affair_id, 'tickets/' || affair_id, gen_random_uuid(), 'es.l10-2025.17-1.resolve', 1, 'statutory',
                     'resolve_and_answer', 'es.madrid', 'reclamacion', 'department-' || n % 12, 'running', 1, origin_at, origin_at, due_at, ''
                 from new
             ), entry as (
                 insert into sla_monitor.clock_entry (clock_id, seq, kind, occurred_at, recorded_at, source, position)
                 select clock_id, 1, 'started', origin_at, origin_at, 'ticketing', n + 1 from new
             )
             insert into sla_monitor.due (clock_id, kind, epoch, origin_at, due_at, fire_at)
             select clock_id, kind, 1, origin_at, at, at from new
             cross join lateral (values ('breach', due_at), ('warning90', due_at - interval '12 hours'), ('warning75', due_at - interval '18 hours'))
                 as d(kind, at)
             where kind = 'breach' or at > now()",
        )
        .bind(first)
        .bind(last)
        .bind(clocks)
        .bind(MISSED.min(clocks))
        .execute(&mut admin)
        .await?;
        bar.inc(u64::try_from(last - first)?);
        first = last;
    }
    bar.set_message("looking at what there is");
    for table in ["clock", "clock_entry", "due"] {
        admin.execute(sqlx::AssertSqlSafe(format!("vacuum analyze sla_monitor.{table}"))).await?;
    }
    admin.execute("checkpoint").await?;
    bar.finish_and_clear();
    admin.close().await?;
    Ok(begun.elapsed().as_secs_f64())
}

/// Starts the services on what was written, and watches what they raise.
pub(super) async fn measure(
    url: &str,
    clocks: i64,
    seeded_seconds: f64,
    (due_per_second, seconds): (u32, u64),
) -> anyhow::Result<(Scene, Raised)> {
    let missed = MISSED.min(clocks);
    let begun = Instant::now();
    let scene = Scene::on(url, 16).await?;
    let mut admin = PgConnection::connect(url).await?;
    until(&mut admin, missed).await.context("what fell due in the outage is not raised")?;
    let made_up_per_second = missed as f64 / begun.elapsed().as_secs_f64();
    let due = i64::from(due_per_second) * i64::try_from(seconds)?;
    anyhow::ensure!(due + missed <= clocks, "{due} clocks to fall due are more than there are");
    // From a quarter of a minute on, evenly, so that this statement is over long before: their warnings are behind them.
    sqlx::query(
        "with chosen as (
             select clock_id, row_number() over () as n from
                 (select clock_id from sla_monitor.due where kind = 'breach' order by fire_at limit $1) as picked
         ), gone as (
             delete from sla_monitor.due using chosen where due.clock_id = chosen.clock_id and due.kind <> 'breach'
         ), nearer as (
             update sla_monitor.clock c set due_at = now() + interval '15 seconds' + k.n * interval '1 second' / $2
             from chosen k where c.clock_id = k.clock_id
         )
         update sla_monitor.due d set due_at = now() + interval '15 seconds' + k.n * interval '1 second' / $2,
                                      fire_at = now() + interval '15 seconds' + k.n * interval '1 second' / $2
         from chosen k where d.clock_id = k.clock_id and d.kind = 'breach'",
    )
    .bind(due)
    .bind(f64::from(due_per_second))
    .execute(&mut admin)
    .await?;
    until(&mut admin, missed + due).await.context("what fell due is not raised")?;
    let (late_p50_ms, late_p99_ms, late_max_ms): (f64, f64, f64) = sqlx::query_as(
        "select percentile_disc(0.5) within group (order by late), percentile_disc(0.99) within group (order by late), max(late)
         from (select extract(epoch from raised_at - due_at)::float8 * 1000 as late from sla_monitor.raised
               where kind = 'breach' order by due_at desc limit $1) as latest",
    )
    .bind(due)
    .fetch_one(&mut admin)
    .await?;
    let (told, of): (i64, i64) = sqlx::query_as(
        "select count(*), count(distinct aggregate) from (
             select aggregate, type from sla_monitor.ledger union all select aggregate, type from sla_monitor.ledger_inbox) e
         where type = 'ventanilla.sla.v1.ClockBreached'",
    )
    .fetch_one(&mut admin)
    .await?;
    let mut looks = Vec::with_capacity(LOOKS);
    for _ in 0..LOOKS {
        let began = Instant::now();
        sqlx::query("select clock_timestamp(), (select fire_at from sla_monitor.due order by fire_at limit 1)")
            .fetch_one(&mut admin)
            .await?;
        looks.push(began.elapsed().as_secs_f64() * 1e3);
    }
    looks.sort_by(f64::total_cmp);
    let raised = Raised {
        clocks,
        seeded_seconds,
        missed,
        made_up_per_second,
        due_per_second,
        due,
        late_p50_ms,
        late_p99_ms,
        late_max_ms,
        twice: told - of,
        not_raised: missed + due - of,
        look_p50_ms: looks[LOOKS / 2],
        look_p99_ms: looks[LOOKS * 99 / 100],
    };
    admin.close().await?;
    Ok((scene, raised))
}

/// Waits until so many breaches are raised.
async fn until(admin: &mut PgConnection, expected: i64) -> anyhow::Result<()> {
    let begun = Instant::now();
    loop {
        let raised: i64 = sqlx::query_scalar("select count(*) from sla_monitor.raised where kind = 'breach'")
            .fetch_one(&mut *admin)
            .await?;
        if raised >= expected {
            return Ok(());
        }
        anyhow::ensure!(begun.elapsed() < PATIENCE, "{raised} of {expected} are raised");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

impl super::Promised for Raised {
    fn broken(&self) -> Vec<String> {
        let mut broken = Vec::new();
        if self.late_p99_ms > LATEST_MS {
            broken.push(format!("p99 of lateness is {:.0} ms, promised {LATEST_MS:.0}", self.late_p99_ms));
        }
        if self.made_up_per_second < LEAST_MADE_UP {
            broken.push(format!("an outage is made up for at {:.0} a second", self.made_up_per_second));
        }
        if self.look_p50_ms > LONGEST_LOOK_MS {
            broken.push(format!("a look when nothing is due takes {:.3} ms", self.look_p50_ms));
        }
        if self.twice > 0 || self.not_raised > 0 {
            broken.push(format!("{} were raised twice, {} not", self.twice, self.not_raised));
        }
        broken
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} running clocks, written in {:.0} s", self.clocks, self.seeded_seconds)?;
        writeln!(
            f,
            "{} that fell due in an outage: made up for at {:.0} a second from the start of the services on",
            self.missed, self.made_up_per_second
        )?;
        writeln!(
            f,
            "{} due at {} a second: raised after p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms; {} twice, {} not",
            self.due,
            self.due_per_second,
            self.late_p50_ms,
            self.late_p99_ms,
            self.late_max_ms,
            self.twice,
            self.not_raised
        )?;
        writeln!(f, "a look when nothing is due: p50 {:.3} ms, p99 {:.3} ms", self.look_p50_ms, self.look_p99_ms)
    }
}
