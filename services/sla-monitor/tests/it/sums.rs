//! Boards are made of sums that a worker keeps: whatever was written, rolled back, killed or begun again, they tell what a plain count of everything tells.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use jiff_sqlx::ToSqlx as _;
use kernel::Role;
use sla_monitor_domain::board::MADE_AS;
use sqlx::{PgPool, Row as _};
use testkit::{Served, eventually};
use uuid::Uuid;
use ventanilla_proto::sla::v1 as sla;

use crate::world::{SOON, World, at, client, wire};

/// A row of a board: counts of affairs, clocks, met, breached, open, fallen away; and the percentiles in microseconds.
type Figures = ([i64; 6], Option<Vec<i64>>);

/// Lines by dimension and key.
type Lines = BTreeMap<(&'static str, String), Figures>;

/// Numbers that look random and are the same each time.
pub struct Dice(pub u64);

impl Dice {
    /// Below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// One of them.
    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.roll(all.len() as u64)).unwrap()]
    }

    fn instant(&mut self) -> Timestamp {
        let begin = at("2023-11-20T00:00:00Z");
        begin + SignedDuration::from_secs(i64::try_from(self.roll(500 * 86_400)).unwrap())
    }
}

const RULES: [&str; 2] = ["house.incident.resolution", "house.promise"];
const TEAMS: [&str; 3] = ["norte", "sur", ""];
const MANAGERS: [&str; 3] = ["u-8", "u-9", ""];
const QUEUES: [&str; 4] = ["billing/*/es", "billing/loans/ca", "shop/*/*", ""];
const SEGMENTS: [&str; 3] = ["high", "none", ""];
const CAUSES: [&str; 3] = ["meter", "storm", ""];

async fn change(admin: &PgPool, dice: &mut Dice) {
    let mut tx = admin.acquire().await.unwrap();
    sqlx::query("begin").execute(&mut *tx).await.unwrap();
    for _ in 0..=dice.roll(2) {
        match dice.roll(9) {
            0..=2 => {
                let affair = Uuid::from_u64_pair(dice.roll(u64::MAX), dice.roll(u64::MAX));
                let received = dice.instant();
                sqlx::query(
                    "insert into sla_monitor.affair (affair_id, kind, subject_type, sector, topic, department, first_received_at, channel, segment, cause)
                     values ($1, $2, 'incidencia', '', '', 'd', $3, $4, $5, $6)",
                )
                .bind(affair)
                .bind(dice.of(&["ticket", "case"]))
                .bind(received.to_sqlx())
                .bind(dice.of(&["phone", "email", ""]))
                .bind(dice.of(&SEGMENTS))
                .bind(dice.of(&CAUSES))
                .execute(&mut *tx)
                .await
                .unwrap();
                for n in 0..dice.roll(4) {
                    let origin = if n == 0 { received } else { dice.instant() };
                    sqlx::query(
                        "insert into sla_monitor.clock (clock_id, affair_id, subject, rule, rule_version, kind, stage, calendar, subject_type, department,
                             state, epoch, first_origin_at, origin_at, due_at, traceparent, team, manager, queue)
                         values ($1, $2, $3, $4, 1, $5, $6, 'es.madrid', $7, $8, 'running', 1, $9, $9, now() + make_interval(hours => $10), '', $11, $12, $13)",
                    )
                    .bind(Uuid::from_u64_pair(dice.roll(u64::MAX), n))
                    .bind(affair)
                    .bind(format!("tickets/{affair}/promises/{n}"))
                    .bind(dice.of(&RULES))
                    .bind(dice.of(&["sla", "statutory"]))
                    .bind(dice.of(&["first_reply", "resolution"]))
                    .bind(dice.of(&["incidencia", "reclamacion"]))
                    .bind(dice.of(&["billing", "field-service", "shop"]))
                    .bind(origin.to_sqlx())
                    .bind(i32::try_from(dice.roll(40)).unwrap() - 20)
                    .bind(dice.of(&TEAMS))
                    .bind(dice.of(&MANAGERS))
                    .bind(dice.of(&QUEUES))
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                }
            }
            3 | 4 => {
                let took = i64::try_from(dice.roll(40 * 86_400)).unwrap();
                random(
                    &mut tx,
                    dice,
                    "state = 'fulfilled', settled_at = first_origin_at + make_interval(secs => $2::bigint),
                     first_run_at = case when $2 % 3 = 0 then first_origin_at + make_interval(secs => $2::bigint / 2) end",
                    took,
                )
                .await;
            }
            5 => {
                random(
                    &mut tx,
                    dice,
                    "breached_at = due_at, outcome = case when $2 = 0 then 'kept' else 'broken_silent' end",
                    1,
                )
                .await
            }
            6 => {
                // To another team, or to nobody's.
                let (team, manager, queue) = (dice.of(&TEAMS), dice.of(&MANAGERS), dice.of(&QUEUES));
                let set = format!("team = '{team}', manager = '{manager}', queue = '{queue}' where $2 = 0");
                random(&mut tx, dice, &set, 0).await;
            }
            7 => {
                random(
                    &mut tx,
                    dice,
                    "state = 'running', settled_at = null, department = 'shop', breached_at = null where $2 = 0",
                    0,
                )
                .await
            }
            _ => {
                sqlx::query("update sla_monitor.affair set entry_count = entry_count + 1, channel = '', segment = $2, cause = $3 where affair_id = (select affair_id from sla_monitor.affair order by md5(affair_id::text || $1) limit 1)")
                    .bind(dice.roll(1_000_000).to_string())
                    .bind(dice.of(&SEGMENTS))
                    .bind(dice.of(&CAUSES))
                    .execute(&mut *tx)
                    .await
                    .unwrap();
            }
        }
    }
    let end = if dice.roll(6) == 0 { "rollback" } else { "commit" };
    sqlx::query(end).execute(&mut *tx).await.unwrap();
}

/// Changes one clock, any.
async fn random(tx: &mut sqlx::PgConnection, dice: &mut Dice, set: &str, number: i64) {
    let (set, also) = set.split_once(" where ").unwrap_or((set, "$2 = $2"));
    let statement = format!(
        "update sla_monitor.clock set {set} where {also} and clock_id = (select clock_id from sla_monitor.clock order by md5(clock_id::text || $1) limit 1)"
    );
    sqlx::query(sqlx::AssertSqlSafe(statement))
        .bind(dice.roll(1_000_000).to_string())
        .bind(number)
        .execute(tx)
        .await
        .unwrap();
}

/// What a plain count of everything tells.
async fn counted(admin: &PgPool, window: (Option<Timestamp>, Option<Timestamp>), rule: Option<&str>) -> Lines {
    counted_in("Europe/Madrid", admin, window, rule).await
}

/// The same with the months of a zone.
async fn counted_in(
    zone: &str,
    admin: &PgPool,
    window: (Option<Timestamp>, Option<Timestamp>),
    rule: Option<&str>,
) -> Lines {
    let mut lines = Lines::new();
    let month_of = |column: &str| format!("to_char({column} at time zone '{zone}', 'YYYY-MM')");
    let (month, month_of_case) = (month_of("c.first_origin_at"), month_of("a.first_received_at"));
    for (dimension, key, of_case) in [
        ("total", "''", "''"),
        ("policy", "'policies/' || c.rule", "'policies/' || c.rule"),
        ("department", "c.department", "c.department"),
        ("subject_type", "c.subject_type", "c.subject_type"),
        ("stage", "c.stage", "c.stage"),
        ("kind", "c.kind", "c.kind"),
        ("channel", "a.channel", "a.channel"),
        ("outcome", "nullif(c.outcome, '')", "nullif(c.outcome, '')"),
        ("team", "nullif(c.team, '')", "nullif(c.team, '')"),
        ("manager", "'agents/' || nullif(c.manager, '')", "'agents/' || nullif(c.manager, '')"),
        ("queue", "nullif(c.queue, '')", "nullif(c.queue, '')"),
        ("segment", "a.segment", "a.segment"),
        ("cause", "'causes/' || nullif(a.cause, '')", "'causes/' || nullif(a.cause, '')"),
        ("month", &month, &month_of_case),
    ] {
        let statement = format!(
            "with chosen as (
                 select a.affair_id, a.first_received_at, {key} as key, {of_case} as case_key, c.first_origin_at, c.state,
                        (extract(epoch from c.settled_at - case when c.first_run_at is null then c.first_origin_at else c.first_run_at end) * 1000000)::bigint as micros,
                        c.breached_at is not null or (c.state = 'running' and c.due_at < now()) as breached
                 from sla_monitor.clock c join sla_monitor.affair a on a.affair_id = c.affair_id
                 where $3::text is null or c.rule = $3
             ), cases as (
                 select case_key, count(distinct affair_id) as n from chosen
                 where ($1::timestamptz is null or first_received_at >= $1) and ($2::timestamptz is null or first_received_at < $2) group by case_key
             ), clocks as (
                 select key, count(*) as clocks, count(*) filter (where state = 'fulfilled' and not breached) as met,
                        count(*) filter (where breached) as breached,
                        count(*) filter (where state in ('running', 'paused') and not breached) as open,
                        count(*) filter (where state = 'cancelled' and not breached) as cancelled,
                        percentile_disc(array[0.5, 0.75, 0.9, 0.95, 0.99]) within group (order by micros)
                            filter (where state = 'fulfilled') as settle
                 from chosen
                 where ($1::timestamptz is null or first_origin_at >= $1) and ($2::timestamptz is null or first_origin_at < $2)
                 group by key
             )
             select coalesce(key, case_key), coalesce(n, 0), coalesce(clocks, 0), coalesce(met, 0), coalesce(breached, 0), coalesce(open, 0),
                    coalesce(cancelled, 0), settle
             from clocks full join cases on case_key = key
             where coalesce(key, case_key) is not null"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(statement))
            .bind(window.0.map(|t| t.to_sqlx()))
            .bind(window.1.map(|t| t.to_sqlx()))
            .bind(rule)
            .fetch_all(admin)
            .await
            .unwrap();
        for row in rows {
            let counts = [1, 2, 3, 4, 5, 6].map(|column| row.get::<i64, _>(column));
            lines.insert((dimension, row.get(0)), (counts, row.get(7)));
        }
    }
    lines
}

/// What GetBoard tells.
async fn told(served: &Served, window: (Option<Timestamp>, Option<Timestamp>), rule: Option<&str>) -> Lines {
    let request = sla::GetBoardRequest {
        from_time: window.0.map(wire),
        to_time: window.1.map(wire),
        policy: rule.map(|rule| format!("policies/{rule}")).unwrap_or_default(),
    };
    let board = client(served, Role::Auditor).get_board(request).await.unwrap().into_inner();
    let total: Vec<sla::BoardRow> =
        board.total.into_iter().filter(|total| total.clock_count > 0 || total.case_count > 0).collect();
    let mut lines = Lines::new();
    for (dimension, rows) in [
        ("total", total),
        ("policy", board.by_policy),
        ("department", board.by_department),
        ("subject_type", board.by_subject_type),
        ("stage", board.by_stage),
        ("kind", board.by_kind),
        ("channel", board.by_channel),
        ("outcome", board.by_promise_outcome),
        ("team", board.by_team),
        ("manager", board.by_manager),
        ("queue", board.by_queue),
        ("segment", board.by_segment),
        ("cause", board.by_cause),
        ("month", board.by_month),
    ] {
        for row in rows {
            let counts = [
                row.case_count,
                row.clock_count,
                row.met_count,
                row.breached_count,
                row.open_count,
                row.cancelled_count,
            ];
            let micros = |d: Option<prost_types::Duration>| {
                d.map(|d| d.seconds * 1_000_000 + i64::from(d.nanos) / 1_000).unwrap()
            };
            let settle = row.settle.map(|s| {
                [s.p50_duration, s.p75_duration, s.p90_duration, s.p95_duration, s.p99_duration].map(micros).to_vec()
            });
            lines.insert((dimension, row.key), (counts, settle));
        }
    }
    lines
}

/// Waits until nothing waits to be summed.
async fn summed(admin: &PgPool) {
    eventually(SOON, || async {
        let waiting: i64 =
            sqlx::query_scalar("select count(*) from sla_monitor.board_changed").fetch_one(admin).await.unwrap();
        if waiting == 0 { Ok(()) } else { Err(waiting) }
    })
    .await;
}

#[tokio::test]
async fn whatever_is_written_rolled_back_or_killed_the_board_tells_what_a_count_of_everything_tells() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.board.wait_ms = 20;
    settings.board.batch = 3;
    settings.due.patience_ms = 3_600_000;
    let mut served = world.start_with(settings.clone()).await;
    let mut dice = Dice(20_261_130);
    let mut killed = 0;
    for round in 0..12 {
        let writers = (0..3).map(|n| {
            let (admin, mut dice) = (world.admin.clone(), Dice(round * 10 + n));
            tokio::spawn(async move {
                for _ in 0..12 {
                    change(&admin, &mut dice).await;
                }
            })
        });
        let writers: Vec<_> = writers.collect();
        if round % 4 == 1 {
            // Whoever sums is cut off wherever it is.
            while killed < round / 4 + 1 {
                change(&world.admin, &mut dice).await;
                let kill = "select pg_terminate_backend(pid) from pg_stat_activity
                            where datname = current_database() and query like '%board_%' and state <> 'idle' and pid <> pg_backend_pid()";
                killed += sqlx::query(kill).execute(&world.admin).await.unwrap().rows_affected();
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
        if round % 4 == 2 {
            served.stop().await;
            served = world.start_with(settings.clone()).await;
        }
        for _ in 0..3 {
            let (from, to) = (dice.instant(), dice.instant());
            let day = at("2024-02-29T23:00:00Z");
            let windows = [
                (None, None),
                (Some(from.min(to)), Some(from.max(to) + SignedDuration::from_secs(1))),
                (Some(day), None),
                (None, Some(day)),
            ];
            let (window, rule) = (dice.of(&windows), dice.of(&[None, None, Some(RULES[0]), Some(RULES[1])]));
            assert_eq!(
                told(&served, window, rule).await,
                counted(&world.admin, window, rule).await,
                "round {round}, {window:?}, {rule:?}"
            );
        }
    }
    // When nothing is written any more, everything comes to be summed, and tells the same.
    summed(&world.admin).await;
    for rule in [None, Some(RULES[0])] {
        assert_eq!(told(&served, (None, None), rule).await, counted(&world.admin, (None, None), rule).await);
    }
    let summed: i64 = sqlx::query_scalar("select count(*) from sla_monitor.board_pack where grain = 'year'")
        .fetch_one(&world.admin)
        .await
        .unwrap();
    assert!(summed > 0);
}

#[tokio::test]
async fn sums_that_were_written_to_past_the_clocks_are_found_out_and_not_told() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.board.wait_ms = 20;
    let served = world.start_with(settings).await;
    let mut dice = Dice(7);
    for _ in 0..40 {
        change(&world.admin, &mut dice).await;
    }
    summed(&world.admin).await;
    let fewer = "delete from sla_monitor.board_piece where settle_micros is not null";
    assert!(sqlx::query(fewer).execute(&world.admin).await.unwrap().rows_affected() > 0);
    let refused = client(&served, Role::Auditor).get_board(sla::GetBoardRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Internal, "{refused:?}");
}

/// As if everything was begun to be summed an hour ago.
async fn long_ago(admin: &PgPool) {
    sqlx::query("update sla_monitor.board_state set begun_at = now() - interval '1 hour'")
        .execute(admin)
        .await
        .unwrap();
}

#[tokio::test]
async fn sums_that_cannot_be_gone_on_with_are_made_anew() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.board.wait_ms = 20;
    let served = world.start_with(settings).await;
    let mut dice = Dice(29);
    for _ in 0..40 {
        change(&world.admin, &mut dice).await;
    }
    summed(&world.admin).await;
    long_ago(&world.admin).await;
    sqlx::query("delete from sla_monitor.board_pack").execute(&world.admin).await.unwrap();
    // What was summed of each is taken away before it is summed again, and there is nothing to take it from.
    sqlx::query("update sla_monitor.clock set department = 'elsewhere'").execute(&world.admin).await.unwrap();
    summed(&world.admin).await;
    let all = (None, None);
    assert_eq!(told(&served, all, None).await, counted(&world.admin, all, None).await);
    let begun = "select begun_at > now() - interval '10 minutes' from sla_monitor.board_state";
    assert!(sqlx::query_scalar::<_, bool>(begun).fetch_one(&world.admin).await.unwrap());
}

#[tokio::test]
async fn what_binaries_from_before_packs_summed_is_cleared_and_everything_summed_anew() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.board.wait_ms = 20;
    let served = world.start_with(settings.clone()).await;
    let mut dice = Dice(43);
    for _ in 0..40 {
        change(&world.admin, &mut dice).await;
    }
    summed(&world.admin).await;
    served.stop().await;
    // One of them began anew since, beside the packs that it does not know.
    for statement in [
        "insert into sla_monitor.board_sum (within, grain, start_on, dimension, key, cases, events, clocks, met, breached, open, cancelled)
         values ('', 'year', '2024-01-01', 'total', '', 7, 7, 7, 7, 0, 0, 0)",
        "insert into sla_monitor.board_clock (clock_id, affair_id, first_origin_at, ended_as, breached)
         select clock_id, affair_id, first_origin_at, 'open', false from sla_monitor.clock",
        "update sla_monitor.board_state set made_as = '4', begun_at = now() - interval '1 hour'",
    ] {
        assert!(sqlx::query(statement).execute(&world.admin).await.unwrap().rows_affected() > 0);
    }
    let served = world.start_with(settings).await;
    let left = "select made_as || ' ' || (select count(*) from sla_monitor.board_sum) || ' ' || (select count(*) from sla_monitor.board_clock)
                from sla_monitor.board_state";
    eventually(SOON, || async {
        let left: String = sqlx::query_scalar(left).fetch_one(&world.admin).await.unwrap();
        if left == format!("{MADE_AS} 0 0") { Ok(()) } else { Err(left) }
    })
    .await;
    summed(&world.admin).await;
    for rule in [None, Some(RULES[1])] {
        assert_eq!(told(&served, (None, None), rule).await, counted(&world.admin, (None, None), rule).await);
    }
}

#[tokio::test]
async fn another_zone_has_everything_summed_again_by_its_own_days() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.board.wait_ms = 20;
    let served = world.start_with(settings.clone()).await;
    let mut dice = Dice(11);
    for _ in 0..20 {
        change(&world.admin, &mut dice).await;
    }
    summed(&world.admin).await;
    served.stop().await;
    settings.law.calendar = "pe".to_owned();
    // Whoever begins anew at once again would do so against somebody who does not know the other zone yet.
    long_ago(&world.admin).await;
    let served = world.start_with(settings).await;
    change(&world.admin, &mut dice).await;
    let zone = || async {
        sqlx::query_scalar::<_, String>("select zone from sla_monitor.board_state")
            .fetch_one(&world.admin)
            .await
            .unwrap()
    };
    eventually(SOON, || async {
        let zone = zone().await;
        if zone == "America/Lima" { Ok(()) } else { Err(zone) }
    })
    .await;
    summed(&world.admin).await;
    // From a midnight in Lima, so that all is whole days of it.
    for window in [(None, None), (Some(at("2024-03-01T05:00:00Z")), Some(at("2024-06-01T05:00:00Z")))] {
        assert_eq!(told(&served, window, None).await, counted_in("America/Lima", &world.admin, window, None).await);
    }
}

#[tokio::test]
async fn a_window_of_some_hours_tells_what_a_count_tells_about_a_change_of_clocks_too() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.board.wait_ms = 20;
    let served = world.start_with(settings.clone()).await;
    // Five clocks in an hour, over three days of which one has 23 hours.
    sqlx::query(
        "with affairs as (
             insert into sla_monitor.affair (affair_id, kind, subject_type, sector, topic, department, first_received_at, channel)
             select md5(n::text)::uuid, 'ticket', 'incidencia', '', '', 'd', timestamptz '2024-03-29 22:00Z' + make_interval(mins => n * 12), 'phone'
             from generate_series(1, 360) n returning affair_id, first_received_at
         )
         insert into sla_monitor.clock (clock_id, affair_id, subject, rule, rule_version, kind, stage, calendar, subject_type, department, state, epoch,
             first_origin_at, origin_at, due_at, settled_at, traceparent)
         select affair_id, affair_id, 'tickets/' || affair_id, case when d < 9 then 'house.promise' else 'house.incident.resolution' end, 1, 'sla', 'resolve',
                'es.madrid', 'incidencia', 'department-' || d % 3, 'fulfilled', 1, first_received_at, first_received_at, first_received_at + interval '20 days',
                first_received_at + make_interval(secs => 600 + 37 * d), ''
         from affairs cross join lateral (select ('x' || left(md5('d' || affair_id), 6))::bit(24)::int % 20 as d) k",
    )
    .execute(&world.admin)
    .await
    .unwrap();
    summed(&world.admin).await;
    served.stop().await;
    // From here on what changes waits, and is counted beside the sums.
    settings.board.wait_ms = 86_400_000;
    let served = world.start_with(settings).await;
    let mut dice = Dice(31);
    let begin = at("2024-03-29T21:30:00Z");
    for round in 0..24 {
        if round == 8 {
            let later = "update sla_monitor.clock set settled_at = settled_at + interval '3 minutes', department = 'department-1'
                         where extract(minute from first_origin_at) in (0, 24)";
            assert!(sqlx::query(later).execute(&world.admin).await.unwrap().rows_affected() > 50);
        }
        // Every third from and to a whole hour.
        let unit = if round % 3 == 0 { 3_600 } else { 60 };
        let mut instant =
            || begin + SignedDuration::from_secs(i64::try_from(dice.roll(75 * 3_600 / unit) * unit).unwrap() + 1_800);
        let (one, other) = (instant(), instant());
        let window = (Some(one.min(other)), Some(one.max(other) + SignedDuration::from_secs(3_600)));
        for rule in [None, Some(RULES[1])] {
            assert_eq!(
                told(&served, window, rule).await,
                counted(&world.admin, window, rule).await,
                "round {round}, {window:?}, {rule:?}"
            );
        }
    }
    let waiting: i64 =
        sqlx::query_scalar("select count(*) from sla_monitor.board_changed").fetch_one(&world.admin).await.unwrap();
    assert!(waiting > 50, "{waiting}");
}

/// How many entries of the indexes that percentiles are looked up in were read so far: of all clocks, and of single lines.
async fn looked_at(admin: &PgPool) -> (i64, i64) {
    sqlx::query("select pg_stat_force_next_flush()").execute(admin).await.unwrap();
    let read = "select coalesce(sum(idx_tup_read) filter (where indexrelname = 'board_piece_of_month_idx'), 0)::bigint,
                       coalesce(sum(idx_tup_read) filter (where indexrelname = 'board_piece_of_department_idx'), 0)::bigint
                from pg_stat_user_indexes where relname = 'board_piece'";
    sqlx::query_as(read).fetch_one(admin).await.unwrap()
}

#[tokio::test]
async fn of_three_hundred_departments_each_has_its_exact_percentiles_and_few_clocks_are_looked_at() {
    const CLOCKS: i64 = 3_000;
    let world = World::new().await;
    let mut settings = world.settings();
    settings.board.wait_ms = 20;
    settings.board.batch = 5_000;
    let served = world.start_with(settings).await;
    // Each department has a pace of its own, so that its ranks lie where no other's do.
    sqlx::query(
        "with affairs as (
             insert into sla_monitor.affair (affair_id, kind, subject_type, sector, topic, department, first_received_at)
             select md5(n::text)::uuid, 'ticket', 'incidencia', '', '', 'd', timestamptz '2024-03-01 10:00Z' + make_interval(mins => n)
             from generate_series(1, $1::int) n returning affair_id, first_received_at
         )
         insert into sla_monitor.clock (clock_id, affair_id, subject, rule, rule_version, kind, stage, calendar, subject_type, department, state, epoch,
             first_origin_at, origin_at, due_at, settled_at, traceparent)
         select affair_id, affair_id, 'tickets/' || affair_id, 'house.incident.resolution', 1, 'sla', 'resolve', 'es.madrid', 'incidencia',
                'department-' || d, 'fulfilled', 1, first_received_at, first_received_at, first_received_at + interval '20 days',
                first_received_at + make_interval(secs => 600 * (1 + d) * (1 + ('x' || left(md5('t' || affair_id), 6))::bit(24)::int / 16777216.0)), ''
         from affairs cross join lateral (select ('x' || left(md5('d' || affair_id), 6))::bit(24)::int % 300 as d) k",
    )
    .bind(i32::try_from(CLOCKS).unwrap())
    .execute(&world.admin)
    .await
    .unwrap();
    summed(&world.admin).await;
    // As it is where time has passed: which index is taken rests on what is known of the table.
    sqlx::query("vacuum analyze sla_monitor.board_piece").execute(&world.admin).await.unwrap();
    let before = looked_at(&world.admin).await;
    let board = told(&served, (None, None), None).await;
    served.stop().await;
    // What a connection looked at the database counts once it is gone.
    let after = testkit::eventually(std::time::Duration::from_secs(30), || async {
        let after = looked_at(&world.admin).await;
        if after.1 > before.1 { Ok(after) } else { Err("not counted yet") }
    })
    .await;
    assert_eq!(board, counted(&world.admin, (None, None), None).await);
    assert_eq!(board.keys().filter(|(dimension, _)| *dimension == "department").count(), 300);
    // Five ranks each: hardly more than the clock that has it.
    let (all, of_departments) = (after.0 - before.0, after.1 - before.1);
    assert!(all < CLOCKS / 20 && (300..2_000).contains(&of_departments), "{all} and {of_departments} of {CLOCKS}");
}
