//! A monitor that was not looking comes to the same verdicts, and late entries correct what was raised.

use std::time::Duration;

use jiff::Timestamp;
use testkit::eventually;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1::PromiseState;

use crate::world::{SOON, Ticket, World, at, clock_in, clocks, later, read};

/// Promises of one ticket: those that will be kept, and those that will not.
struct Promises {
    ticket: Ticket,
    due: Timestamp,
    kept: Vec<String>,
    missed: Vec<String>,
}

/// A monitor that knew of promises and was stopped before they fell due. On a machine too slow for that, again with more time.
async fn stopped_before_due(world: &World) -> Promises {
    for lead in [2_000, 10_000, 40_000] {
        let served = world.start().await;
        let now = world.now().await;
        let (ticket, due) = (Ticket::complaint(now), later(now, lead));
        world.open(&ticket).await;
        let (mut kept, mut missed) = (Vec::new(), Vec::new());
        for _ in 0..10 {
            kept.push(world.promise(&ticket, now, due).await);
            missed.push(world.promise(&ticket, now, due).await);
        }
        clocks(&served, &ticket.name, 21).await;
        served.stop().await;
        if world.now().await < due {
            return Promises { ticket, due, kept, missed };
        }
    }
    panic!("the machine needs more than 40 s to start twenty clocks");
}

#[tokio::test]
async fn a_stopped_monitor_catches_up_with_the_same_verdicts_and_each_once() {
    let world = World::new().await;
    let Promises { ticket, due, kept, mut missed } = stopped_before_due(&world).await;
    // Kept while nobody looked, at the due instant itself; the others never.
    for promise in &kept {
        world.settle(&ticket, promise, PromiseState::Kept, due).await;
    }
    eventually(Duration::from_secs(60), || async { if world.now().await > due { Ok(()) } else { Err("not yet") } })
        .await;
    let served = world.start().await;
    let told = eventually(SOON, || async {
        let mut told = world.told::<sla::ClockBreached>().await;
        told.retain(|t| t.payload.subject.starts_with(&ticket.name));
        if told.len() >= 10 { Ok(told) } else { Err(told.len()) }
    })
    .await;
    let mut subjects: Vec<String> = told.iter().map(|t| t.payload.subject.clone()).collect();
    subjects.sort();
    missed.sort();
    assert_eq!(subjects, missed);
    assert!(told.iter().all(|t| t.occurred == due && t.recorded > due));
    for promise in &kept {
        let clock = clock_in(&served, promise, sla::ClockState::Fulfilled).await;
        assert_eq!(clock.breached_time, None);
    }
    let per_clock: Vec<i64> =
        sqlx::query_scalar("select count(*) from sla_monitor.raised where kind = 'breach' group by clock_id")
            .fetch_all(&world.admin)
            .await
            .unwrap();
    assert!(per_clock.iter().all(|n| *n == 1), "{per_clock:?}");
}

#[tokio::test]
async fn an_import_of_the_past_raises_no_breach_for_what_was_met_in_time() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.due.late_entry_quiet_ms = 60_000;
    let served = world.start_with(settings).await;
    let met = Ticket::incident(at("2010-04-01T00:59:00Z"));
    let missed = Ticket::incident(at("2010-04-01T00:59:00Z"));
    for ticket in [&met, &missed] {
        world.open(ticket).await;
    }
    world.resolve(&met, at("2010-04-07T10:00:00Z")).await;
    world.resolve(&missed, at("2010-06-07T10:00:00Z")).await;
    let met = clock_in(&served, &met.name, sla::ClockState::Fulfilled).await;
    let missed = clock_in(&served, &missed.name, sla::ClockState::Fulfilled).await;
    assert_eq!(met.breached_time, None);
    // Easter of 2010: the 1st is the first day, the 2nd Good Friday; 5..9, 12..16, 19..23 April.
    assert_eq!(read(missed.breached_time), Some(at("2010-04-23T21:59:59.999999Z")));
    let told = world.told::<sla::ClockBreached>().await;
    assert_eq!(told.iter().map(|t| t.payload.clock.as_str()).collect::<Vec<_>>(), [missed.name]);
    assert_eq!(world.told::<sla::WarningRaised>().await.len(), 0);
}

#[tokio::test]
async fn a_late_entry_that_shows_fulfilment_in_time_takes_the_breach_back() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::incident(at("2010-04-01T00:59:00Z"));
    world.open(&ticket).await;
    eventually(SOON, || async {
        let told = world.told::<sla::ClockBreached>().await.len();
        if told == 1 { Ok(()) } else { Err(told) }
    })
    .await;
    let breached = clocks(&served, &ticket.name, 1).await.remove(0);
    assert!(breached.breached_time.is_some());
    world.resolve(&ticket, at("2010-04-07T10:00:00Z")).await;
    let corrected = clock_in(&served, &ticket.name, sla::ClockState::Fulfilled).await;
    assert_eq!(corrected.breached_time, None);
    let settled = world.told::<sla::ClockSettled>().await;
    assert_eq!(settled.last().unwrap().payload.breached_time, None);
    let kept: Option<jiff_sqlx::Timestamp> =
        sqlx::query_scalar("select breached_at from sla_monitor.clock").fetch_one(&world.admin).await.unwrap();
    assert!(kept.is_none());
}
