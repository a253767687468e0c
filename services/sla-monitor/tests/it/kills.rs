//! Warnings and breaches that fall due while workers die: each once, at its instant, and how late it was told.
//!
//! The database's time is the test's: hours pass in steps. Workers die in two ways. A process is cut off wherever it is; and a connection is
//! ended from within its transaction, after what came was claimed, after it was written down, or as it commits.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use sqlx::PgPool;
use testkit::{Served, eventually};
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1::PromiseState;
use ventanilla_sla_monitor::{Settings, assemble};

use crate::sums::Dice;
use crate::world::{SOON, Ticket, Told, World, clocks, later, read, wire};

const PROMISES: usize = 80;
/// Kept at the last instant, one in so many.
const KEPT: usize = 4;
const MINUTE: i64 = 60_000;
const SHARES: [i32; 3] = [50, 75, 90];

/// Gives the service a clock that the test moves: its functions of time are found before those of the database.
pub async fn give_clock(admin: &PgPool) {
    let statements = "
        create schema test;
        create table test.clock (ahead interval not null);
        insert into test.clock values ('0');
        create function sla_monitor.now() returns timestamptz stable language sql
            as 'select pg_catalog.now() + ahead from test.clock';
        create function sla_monitor.clock_timestamp() returns timestamptz volatile language sql
            as 'select pg_catalog.clock_timestamp() + ahead from test.clock';
        create sequence test.noting;
        create sequence test.telling;
        create sequence test.committing";
    sqlx::raw_sql(statements).execute(admin).await.unwrap();
}

/// From here on every so many times a transaction ends with its connection: as rows are noted, as they are told, or as it commits.
async fn let_connections_die(admin: &PgPool) {
    let statements = "
        create function test.maybe_die() returns trigger language plpgsql as $$
        begin
            -- A sequence goes on where a transaction is undone.
            if nextval('test.' || tg_argv[0]) % tg_argv[1]::bigint = 0 then
                perform pg_terminate_backend(pg_backend_pid());
            end if;
            return null;
        end $$;
        create trigger dies_noting after insert on sla_monitor.raised
            for each statement execute function test.maybe_die('noting', 11);
        create trigger dies_telling after insert on sla_monitor.ledger_inbox
            for each statement execute function test.maybe_die('telling', 17);
        create constraint trigger dies_committing after insert on sla_monitor.raised deferrable initially deferred
            for each row execute function test.maybe_die('committing', 60)";
    sqlx::raw_sql(statements).execute(admin).await.unwrap();
}

/// Settings of a service that goes by that clock.
pub fn by_the_clock(world: &World) -> Settings {
    let mut settings = world.settings();
    settings.database.schema = "sla_monitor,pg_catalog".to_owned();
    settings
}

/// Moves that clock.
pub async fn pass(admin: &PgPool, minutes: i64) {
    sqlx::query("update test.clock set ahead = ahead + make_interval(mins => $1)")
        .bind(i32::try_from(minutes).unwrap())
        .execute(admin)
        .await
        .unwrap();
}

/// How many connections died noting, telling and committing.
async fn deaths(admin: &PgPool) -> [i64; 3] {
    let counts: (i64, i64, i64) = sqlx::query_as(
        "select (select last_value from test.noting) / 11, (select last_value from test.telling) / 17,
                (select last_value from test.committing) / 60",
    )
    .fetch_one(admin)
    .await
    .unwrap();
    counts.into()
}

struct Promise {
    name: String,
    due: Timestamp,
    kept: bool,
}

/// The world and its two workers.
struct Run {
    world: World,
    ticket: Ticket,
    made: Timestamp,
    promises: Vec<Promise>,
    workers: Vec<Option<Served>>,
    /// Spans in which nobody was there.
    alone: Vec<(Timestamp, Timestamp)>,
}

impl Run {
    async fn begin(dice: &mut Dice) -> Self {
        let world = World::new().await;
        give_clock(&world.admin).await;
        let (ticket, made) = (Ticket::complaint(world.now().await), world.now().await);
        let mut run = Self { world, ticket, made, promises: Vec::new(), workers: vec![None, None], alone: Vec::new() };
        run.come(0).await;
        run.come(1).await;
        run.world.open(&run.ticket).await;
        for n in 0..PROMISES {
            let due = later(made, 20 * MINUTE + i64::try_from(dice.roll(360 * 60_000)).unwrap());
            let name = run.world.promise(&run.ticket, made, due).await;
            run.promises.push(Promise { name, due, kept: n % KEPT == 0 });
        }
        let served = run.workers[0].as_ref().unwrap();
        clocks(served, &run.promises[PROMISES - 1].name, 1).await;
        let_connections_die(&run.world.admin).await;
        run
    }

    async fn come(&mut self, which: usize) {
        let mut settings = by_the_clock(&self.world);
        settings.due.batch = 7;
        let assembled = assemble(settings, self.world.house());
        let apart = async move { assembled.await.unwrap() };
        self.workers[which] = Some(self.world.harness.start_apart(apart).await);
    }

    fn die(&mut self, which: usize) {
        if let Some(served) = self.workers[which].take() {
            served.kill();
        }
    }

    async fn now(&self) -> Timestamp {
        let now: jiff_sqlx::Timestamp =
            sqlx::query_scalar("select sla_monitor.now()").fetch_one(&self.world.admin).await.unwrap();
        now.to_jiff()
    }

    /// Lets time pass. What is kept in it is kept at its last instant, and word of it is on its way.
    async fn pass(&self, minutes: u64) {
        let (from, step) = (self.now().await, SignedDuration::from_mins(i64::try_from(minutes).unwrap()));
        for promise in self.promises.iter().filter(|p| p.kept && p.due > from && p.due <= from + step) {
            self.world.settle(&self.ticket, &promise.name, PromiseState::Kept, promise.due).await;
        }
        pass(&self.world.admin, i64::try_from(minutes).unwrap()).await;
    }

    async fn raised(&self) -> i64 {
        sqlx::query_scalar("select count(*) from sla_monitor.raised").fetch_one(&self.world.admin).await.unwrap()
    }

    /// What has come and is not raised.
    async fn come_and_waiting(&self) -> i64 {
        sqlx::query_scalar("select count(*) from sla_monitor.due where fire_at <= sla_monitor.now()")
            .fetch_one(&self.world.admin)
            .await
            .unwrap()
    }

    /// Waits until something of what came is raised, or nothing is left of it.
    async fn in_the_midst(&self, before: i64) {
        eventually(SOON, || async {
            let (raised, left) = (self.raised().await, self.come_and_waiting().await);
            if raised > before || left == 0 { Ok(()) } else { Err((raised, left)) }
        })
        .await;
    }

    /// One of the ways in which time passes and workers die.
    async fn round(&mut self, dice: &mut Dice) {
        let (minutes, before) = (5 + dice.roll(35), self.raised().await);
        let which = usize::try_from(dice.roll(2)).unwrap();
        match dice.roll(3) {
            0 => {
                self.die(0);
                self.die(1);
                let from = self.now().await;
                self.pass(minutes).await;
                self.alone.push((from, self.now().await));
                self.come(0).await;
                self.come(1).await;
            }
            1 => {
                self.pass(minutes).await;
                self.die(which);
                self.in_the_midst(before).await;
                self.come(which).await;
            }
            _ => {
                self.pass(minutes).await;
                self.in_the_midst(before).await;
                self.die(which);
                self.die(1 - which);
                self.come(which).await;
                self.come(1 - which).await;
            }
        }
    }

    /// Nothing that came is left, and all of it is in the ledger.
    async fn settle_down(&self) {
        eventually(3 * SOON, || async {
            let waiting: i64 = sqlx::query_scalar("select count(*) from sla_monitor.ledger_inbox")
                .fetch_one(&self.world.admin)
                .await
                .unwrap();
            let left = (self.come_and_waiting().await, waiting);
            if left == (0, 0) { Ok(()) } else { Err(left) }
        })
        .await;
    }

    /// When a promise warns, by plain arithmetic.
    fn share_of(&self, due: Timestamp, percent: i32) -> Timestamp {
        let whole = due.as_microsecond() - self.made.as_microsecond();
        let micros = i128::from(whole) * i128::from(percent) / 100;
        Timestamp::from_microsecond(self.made.as_microsecond() + i64::try_from(micros).unwrap()).unwrap()
    }

    /// Told when it had come and not before; of what came while nobody was there, when somebody was again.
    fn told_late<M: std::fmt::Debug>(&self, told: &Told<M>) {
        assert!(told.recorded >= told.occurred, "early: {told:?}");
        for (from, until) in &self.alone {
            let came_then = *from < told.occurred && told.occurred <= *until;
            assert!(!came_then || told.recorded >= *until, "told by nobody: {told:?}");
        }
    }

    /// Each at its instant and nothing twice; of what was kept, no breach.
    async fn each_was_told_once(&self) {
        let mut warned: BTreeMap<(String, i32), Vec<Timestamp>> = BTreeMap::new();
        for told in self.world.told::<sla::WarningRaised>().await {
            self.told_late(&told);
            assert_eq!(read(told.payload.threshold_time), Some(told.occurred));
            let of = (told.payload.subject, told.payload.threshold_percent);
            warned.entry(of).or_default().push(told.occurred);
        }
        let mut breached: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for told in self.world.told::<sla::ClockBreached>().await {
            self.told_late(&told);
            assert_eq!(told.payload.breached_time, Some(wire(told.occurred)));
            breached.entry(told.payload.subject).or_default().push(told.occurred);
        }
        for promise in &self.promises {
            let (name, due) = (promise.name.clone(), promise.due);
            let expected = if promise.kept { None } else { Some(vec![due]) };
            assert_eq!(breached.remove(&name), expected, "{name}, kept: {}", promise.kept);
            for share in SHARES {
                let told = warned.remove(&(name.clone(), share));
                // Of one that was kept there may be no warning any more.
                let none_needed = promise.kept && told.is_none();
                assert!(none_needed || told == Some(vec![self.share_of(due, share)]), "{name} at {share} %: {told:?}");
            }
        }
        assert_eq!((breached.len(), warned.len()), (0, 0), "of nothing else");
    }

    /// How late each was told is what stands beside it.
    async fn told_is_how_late(&self) {
        let otherwise: i64 = sqlx::query_scalar("
            select count(*) from sla_monitor.raised r where not exists (
                select from sla_monitor.ledger l where l.aggregate = 'clocks/' || r.clock_id and l.occurred_at = r.due_at
                    and l.recorded_at - l.occurred_at = r.raised_at - r.due_at)")
            .fetch_one(&self.world.admin)
            .await
            .unwrap();
        assert_eq!(otherwise, 0);
    }
}

#[tokio::test]
async fn each_warning_and_breach_that_falls_due_while_workers_die_is_told_once_and_how_late() {
    let mut dice = Dice(20_261_201);
    let mut run = Run::begin(&mut dice).await;
    let last = run.promises.iter().map(|promise| promise.due).max().unwrap();
    let mut rounds = 0;
    while run.now().await <= last {
        run.round(&mut dice).await;
        rounds += 1;
    }
    run.settle_down().await;
    let died = deaths(&run.world.admin).await;
    let often = died.iter().all(|died| *died >= 2);
    assert!(
        rounds >= 8 && often && run.alone.len() >= 2,
        "{rounds} rounds, {died:?} connections, alone {:?}",
        run.alone
    );
    run.each_was_told_once().await;
    run.told_is_how_late().await;
}
