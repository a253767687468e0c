//! Warnings and breaches: each once, by the database's time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use testkit::eventually;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1::{self as ticketing, PromiseState};

use crate::world::{SOON, Ticket, World, clock_in, clocks, clocks_that, later, read};

/// Waits until so many breaches stand in the ledger.
async fn breaches(world: &World, expected: usize) -> Vec<crate::world::Told<sla::ClockBreached>> {
    eventually(SOON, || async {
        let told = world.told::<sla::ClockBreached>().await;
        if told.len() >= expected { Ok(told) } else { Err(told.len()) }
    })
    .await
}

#[tokio::test]
async fn two_workers_raise_every_warning_and_breach_exactly_once() {
    let world = World::new().await;
    let (one, two) = (world.start().await, world.start().await);
    let now = world.now().await;
    let ticket = Ticket::complaint(now);
    world.open(&ticket).await;
    for i in 0..40 {
        world.promise(&ticket, now, later(now, 1_500 + i * 20)).await;
    }
    let told = breaches(&world, 40).await;
    assert_eq!(told.len(), 40);
    let warnings = world.told::<sla::WarningRaised>().await;
    let mut of_clock: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for warning in &warnings {
        of_clock.entry(&warning.payload.clock).or_default().push(warning.payload.threshold_percent);
    }
    assert_eq!(of_clock.len(), 40);
    assert!(of_clock.values().all(|shares| shares == &[50, 75, 90]), "{of_clock:?}");
    for entry in &told {
        let due = read(entry.payload.breached_time).unwrap();
        assert_eq!(entry.occurred, due);
        // Late, never early; how late is the difference.
        assert!(entry.recorded >= due);
    }
    let raised: i64 =
        sqlx::query_scalar("select count(*) from sla_monitor.raised").fetch_one(&world.admin).await.unwrap();
    assert_eq!(raised, 160);
    let left: i64 =
        sqlx::query_scalar("select count(*) from sla_monitor.due where kind = 'breach' and fire_at < now()")
            .fetch_one(&world.admin)
            .await
            .unwrap();
    assert_eq!(left, 0);
    one.stop().await;
    two.stop().await;
}

#[tokio::test]
async fn the_database_decides_what_time_it_is() {
    for days in [-400, 400] {
        let world = World::skewed(SignedDuration::from_hours(24 * days)).await;
        let served = world.start().await;
        let now = world.now().await;
        let ticket = Ticket::complaint(now);
        world.open(&ticket).await;
        let far = world.promise(&ticket, now, later(now, 3_600_000)).await;
        let near = world.promise(&ticket, now, later(now, 400)).await;
        let told = breaches(&world, 1).await;
        assert_eq!(told[0].payload.subject, near, "{days} days off");
        let clock = clocks(&served, &far, 1).await.remove(0);
        assert_eq!((clock.state(), clock.breached_time), (sla::ClockState::Running, None), "{days} days off");
        assert!(world.told::<sla::WarningRaised>().await.iter().all(|w| w.payload.subject == near));
        served.stop().await;
    }
}

#[tokio::test]
async fn jumps_of_the_wall_clock_while_it_runs_raise_nothing_and_put_nothing_off() {
    let world = World::skewed(SignedDuration::ZERO).await;
    let served = world.start().await;
    let ticket = Ticket::complaint(world.now().await);
    world.open(&ticket).await;
    clocks(&served, &ticket.name, 1).await;
    let mut due = Vec::new();
    // An hour ahead and an hour behind, thirty days, four hundred days, each from the one before.
    for hours in [1, -2, 24 * 30 + 1, -24 * 60, 24 * 430] {
        world.harness.surroundings.advance(SignedDuration::from_hours(hours));
        let now = world.now().await;
        let far = world.promise(&ticket, now, later(now, 3_600_000)).await;
        let near = world.promise(&ticket, now, later(now, 300)).await;
        due.push((near, later(now, 300)));
        let told = breaches(&world, due.len()).await;
        let raised: Vec<(String, Timestamp)> =
            told.into_iter().map(|breach| (breach.payload.subject, breach.occurred)).collect();
        assert_eq!(raised, due, "after a jump of {hours} hours");
        let clock = clocks(&served, &far, 1).await.remove(0);
        assert_eq!((clock.state(), clock.breached_time), (sla::ClockState::Running, None), "{hours} hours");
    }
    let warned = world.told::<sla::WarningRaised>().await;
    assert!(warned.iter().all(|warning| due.iter().any(|(near, _)| *near == warning.payload.subject)));
}

#[tokio::test]
async fn a_due_instant_that_passed_shows_at_once_whether_or_not_a_worker_looked() {
    let world = World::new().await;
    let mut settings = world.settings();
    // Nothing is raised for an hour: what shows is derived.
    settings.due.late_entry_quiet_ms = 3_600_000;
    let served = world.start_with(settings).await;
    let now = world.now().await;
    let ticket = Ticket::complaint(later(now, -40 * 86_400_000));
    world.open(&ticket).await;
    let clock = clock_in(&served, &ticket.name, sla::ClockState::Running).await;
    assert_eq!(clock.breached_time, clock.due_time);
    assert!(clock.warnings.iter().all(|w| w.passed));
    assert_eq!(world.told::<sla::ClockBreached>().await.len(), 0);
}

#[tokio::test]
async fn a_promise_kept_in_time_is_never_breached_and_one_kept_late_is() {
    let world = World::new().await;
    let served = world.start().await;
    let now = world.now().await;
    let ticket = Ticket::complaint(now);
    world.open(&ticket).await;
    let due = later(now, 3_000);
    let in_time = world.promise(&ticket, now, due).await;
    let late = world.promise(&ticket, now, due).await;
    world.settle(&ticket, &in_time, PromiseState::Kept, due).await;
    let told = breaches(&world, 1).await;
    world.settle(&ticket, &late, PromiseState::Kept, later(due, 900)).await;
    assert_eq!(told[0].payload.subject, late);
    let late = clock_in(&served, &late, sla::ClockState::Fulfilled).await;
    assert_eq!(read(late.breached_time), Some(due));
    let in_time = clock_in(&served, &in_time, sla::ClockState::Fulfilled).await;
    assert_eq!(in_time.breached_time, None);
    assert_eq!(world.told::<sla::ClockBreached>().await.len(), 1);
}

#[tokio::test]
async fn a_term_that_stands_as_a_promise_has_the_clock_it_has_and_no_other() {
    let world = World::new().await;
    let served = world.start().await;
    let now = world.now().await;
    let ticket = Ticket::complaint(now);
    world.open(&ticket).await;
    let before = clocks(&served, &ticket.name, 1).await;
    let stands = ticketing::PromiseMade {
        ticket: ticket.name.clone(),
        promise: format!("{}/promises/{}", ticket.name, world.harness.surroundings.ambient.uuid(now)),
        due_time: before[0].due_time,
        term_clock: before[0].name.clone(),
        ..Default::default()
    };
    world.ticketing.write(&ticket.name, &stands, now).await;
    let settled = ticketing::PromiseSettled {
        ticket: ticket.name.clone(),
        promise: stands.promise.clone(),
        state: PromiseState::BrokenSilent.into(),
    };
    world.ticketing.write(&ticket.name, &settled, now).await;
    // What comes after it has a clock.
    let promised = world.promise(&ticket, now, later(now, 3_600_000)).await;
    let all = clocks_that(&served, &ticket.name, |all| all.iter().any(|clock| clock.subject == promised)).await;
    assert_eq!(all.len(), 2, "{all:?}");
    assert!(all.iter().all(|clock| clock.state() == sla::ClockState::Running && clock.breached_time.is_none()));
}

#[tokio::test]
async fn a_promise_declared_broken_is_a_breach_at_its_due_instant() {
    let world = World::new().await;
    let served = world.start().await;
    let now = world.now().await;
    let ticket = Ticket::complaint(now);
    world.open(&ticket).await;
    let due = later(now, 3_600_000);
    let promise = world.promise(&ticket, now, due).await;
    world.settle(&ticket, &promise, PromiseState::BrokenAnnounced, later(now, 10)).await;
    let clock = clock_in(&served, &promise, sla::ClockState::Cancelled).await;
    assert_eq!(read(clock.breached_time), Some(due));
    let replaced = world.promise(&ticket, now, due).await;
    world.settle(&ticket, &replaced, PromiseState::Renegotiated, later(now, 10)).await;
    let clock = clock_in(&served, &replaced, sla::ClockState::Cancelled).await;
    assert_eq!(clock.breached_time, None);
    // The ticket brings the clocks of its promises along.
    assert_eq!(clocks_that(&served, &ticket.name, |c| c.len() == 3).await.len(), 3);
}
