//! `ReplayClocks`: whatever of a clock is not what its entries make of it is told, by the name of the field.

use testkit::{Served, eventually};
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::sla::v1 as sla;

use crate::parties::{Case, OVER};
use crate::trials::replay;
use crate::world::{SOON, Ticket, World, at, clock_in, clocks_that, later, read};

const HOUR: i64 = 3_600_000;

async fn write(world: &World, statement: &'static str) {
    let written = sqlx::query(statement).execute(&world.admin).await.unwrap();
    assert!(written.rows_affected() > 0, "{statement}");
}

/// The one clock that would be another.
async fn other(served: &Served, after: &str) -> sla::ClockDifference {
    let (mut differences, summary) = replay(served, sla::ReplayClocksRequest::default()).await;
    assert_eq!((differences.len(), summary.difference_count), (1, 1), "{after}: {differences:?}");
    differences.remove(0)
}

async fn nothing_differs(served: &Served, clocks: i64) {
    let (differences, summary) = replay(served, sla::ReplayClocksRequest::default()).await;
    assert_eq!((differences, summary.clock_count), (Vec::new(), clocks));
}

#[tokio::test]
async fn what_of_a_clock_of_the_house_is_not_what_its_entries_make_is_told_by_its_field() {
    let world = World::new().await;
    let served = world.start().await;
    let now = world.now().await;
    let (ticket, late) = (Ticket::incident(later(now, -30 * HOUR)), Ticket::incident(later(now, -2_000 * HOUR)));
    for ticket in [&ticket, &late] {
        world.open(ticket).await;
        world.resolve(ticket, later(now, -HOUR)).await;
        clock_in(&served, &ticket.name, sla::ClockState::Fulfilled).await;
    }
    clocks_that(&served, &late.name, |clocks| clocks[0].breached_time.is_some()).await;
    nothing_differs(&served, 2).await;
    for (statement, undo, field) in [
        (
            "update sla_monitor.clock set settled_at = settled_at - interval '1 hour' where breached_at is null",
            "update sla_monitor.clock set settled_at = settled_at + interval '1 hour' where breached_at is null",
            "settled_time",
        ),
        (
            "update sla_monitor.clock set origin_at = origin_at + interval '1 hour' where breached_at is null",
            "update sla_monitor.clock set origin_at = origin_at - interval '1 hour' where breached_at is null",
            "origin_time",
        ),
        (
            "update sla_monitor.clock set epoch = 2 where breached_at is null",
            "update sla_monitor.clock set epoch = 1 where breached_at is null",
            "epoch",
        ),
        (
            "update sla_monitor.clock set due_at = due_at + interval '1 day' where breached_at is null",
            "update sla_monitor.clock set due_at = due_at - interval '1 day' where breached_at is null",
            "due_time",
        ),
        (
            "update sla_monitor.clock set breached_at = breached_at + interval '1 day' where breached_at is not null",
            "update sla_monitor.clock set breached_at = breached_at - interval '1 day' where breached_at is not null",
            "breached_time",
        ),
        (
            "update sla_monitor.clock set state = 'cancelled' where breached_at is null",
            "update sla_monitor.clock set state = 'fulfilled' where breached_at is null",
            "state",
        ),
    ] {
        write(&world, statement).await;
        let told = other(&served, statement).await;
        assert_eq!(told.differing_fields, [field]);
        if field == "settled_time" {
            assert_eq!(read(told.settled_time_then), Some(later(now, -HOUR)));
            assert_eq!(read(told.settled_time_now), Some(later(now, -2 * HOUR)));
        }
        write(&world, undo).await;
    }
    nothing_differs(&served, 2).await;
}

#[tokio::test]
async fn the_time_of_parties_is_replayed_too() {
    use office::PartyTermKind as K;
    let world = World::new().await;
    let served = world.start().await;
    let case = Case::open(&world, "es.finance").await;
    case.give(K::Allegations, office::Party::Claimant, OVER).await;
    case.close(K::Allegations, true, "2026-03-25T09:00:00Z").await;
    case.clock(&served, "allegations_on_inadmissibility", |c| c.state() == sla::ClockState::Fulfilled).await;
    case.give(K::Cure, office::Party::Claimant, OVER).await;
    case.clock(&served, "claimant_cures", |c| c.state() == sla::ClockState::Lapsed).await;
    case.give(K::Reflection, office::Party::Claimant, OVER).await;
    case.clock(&served, "reflection_before_acceptance", |c| c.state() == sla::ClockState::Fulfilled).await;
    // Shown is what time has made of it; kept is what was noted, in the transaction that told of it.
    eventually(SOON, || async {
        let told =
            (world.told::<sla::PartyTermLapsed>().await.len(), world.told::<sla::PartyTermSettled>().await.len());
        if told == (1, 2) { Ok(()) } else { Err(told) }
    })
    .await;
    // Beside the term of the office itself.
    nothing_differs(&served, 4).await;
    for (statement, undo, stage, field) in [
        (
            "update sla_monitor.party_clock set settled_at = settled_at + interval '1 day' where stage = 'allegations_on_inadmissibility'",
            "update sla_monitor.party_clock set settled_at = settled_at - interval '1 day' where stage = 'allegations_on_inadmissibility'",
            "es.fin.29quater-4.alleg",
            "settled_time",
        ),
        (
            "update sla_monitor.party_clock set lapsed_at = lapsed_at - interval '1 day' where stage = 'claimant_cures'",
            "update sla_monitor.party_clock set lapsed_at = lapsed_at + interval '1 day' where stage = 'claimant_cures'",
            "es.fin.29quater-2.cure",
            "lapse_time",
        ),
        (
            "update sla_monitor.party_clock set due_at = due_at - interval '1 day' where stage = 'allegations_on_inadmissibility'",
            "update sla_monitor.party_clock set due_at = due_at + interval '1 day' where stage = 'allegations_on_inadmissibility'",
            "es.fin.29quater-4.alleg",
            "due_time",
        ),
        (
            "update sla_monitor.party_clock set state = 'cancelled' where stage = 'reflection_before_acceptance'",
            "update sla_monitor.party_clock set state = 'fulfilled' where stage = 'reflection_before_acceptance'",
            "house.office.reflection",
            "state",
        ),
    ] {
        write(&world, statement).await;
        let told = other(&served, statement).await;
        assert_eq!((told.policy, told.differing_fields), (format!("policies/{stage}"), vec![field.to_owned()]));
        write(&world, undo).await;
    }
    // One that nobody noted as over is over all the same, and differs in nothing.
    write(
        &world,
        "update sla_monitor.party_clock set state = 'running', lapsed_at = null where stage = 'claimant_cures'",
    )
    .await;
    nothing_differs(&served, 4).await;
    assert!(at(OVER) < world.now().await);
}
