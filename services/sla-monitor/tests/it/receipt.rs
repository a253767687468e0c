//! A clock counts from the first receipt in any department, and nothing but its rule moves it.

use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;

use crate::world::{Ticket, World, at, client, clock_in, clocks, clocks_that, read};

#[tokio::test]
async fn a_clock_starts_from_the_first_receipt_and_not_from_the_entry() {
    let world = World::new().await;
    let served = world.start().await;
    // Friday; the 7th and 8th of December are holidays: 23..27, 30, 1..4, 9..11, 14, 15.
    let ticket = Ticket::complaint(at("2026-11-20T10:00:00+01:00"));
    world.ticketing.write(&ticket.name, &ticket.opened(), at("2026-11-21T09:00:00+01:00")).await;
    let clock = clocks(&served, &ticket.name, 1).await.remove(0);
    assert_eq!(clock.rule, "es.l10-2025.17-1.resolve");
    assert_eq!(clock.policy, "policies/es.l10-2025.17-1.resolve");
    assert_eq!(read(clock.origin_time), Some(ticket.received));
    assert_eq!(read(clock.due_time), Some(at("2026-12-15T22:59:59.999999Z")));
    assert_eq!((clock.subject, clock.customer), (ticket.name, ticket.customer));
    assert_eq!((clock.calendar.as_str(), clock.epoch), ("calendars/es.madrid", 1));
    let shares: Vec<i32> = clock.warnings.iter().map(|w| w.threshold_percent).collect();
    assert_eq!(shares, [50, 75, 90]);
    let started = world.told::<sla::ClockStarted>().await;
    assert_eq!(read(started[0].payload.due_time), read(clock.due_time));
}

#[tokio::test]
async fn a_transfer_to_another_department_moves_the_clock_along_and_keeps_its_time() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at("2026-11-20T10:00:00+01:00"));
    world.open(&ticket).await;
    let before = clocks(&served, &ticket.name, 1).await.remove(0);
    let assigned = ticketing::TicketAssigned {
        ticket: ticket.name.clone(),
        from_department: "customer-service".to_owned(),
        to_department: "billing".to_owned(),
        owner: String::new(),
        ..Default::default()
    };
    world.ticketing.write(&ticket.name, &assigned, at("2026-11-21T10:00:00+01:00")).await;
    let after = clocks_that(&served, &ticket.name, |c| c[0].department == "billing").await.remove(0);
    assert_eq!((after.origin_time, after.due_time, after.epoch), (before.origin_time, before.due_time, before.epoch));
    assert_ne!(after.etag, before.etag);
}

#[tokio::test]
async fn the_proof_of_a_clock_names_article_start_calendar_and_arithmetic() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at("2026-11-20T10:00:00+01:00")).about("billing");
    world.open(&ticket).await;
    let clock = clocks(&served, &ticket.name, 1).await.remove(0);
    let request = sla::ExplainClockRequest { name: clock.name.clone() };
    let answer = client(&served, kernel::Role::Ombudsman).explain_clock(request).await.unwrap().into_inner();
    let proof = answer.proof.unwrap();
    assert_eq!(answer.clock.unwrap().due_time, clock.due_time);
    assert_eq!((proof.rule.as_str(), proof.article.as_str()), ("es.l10-2025.17-3.billing", "17.3"));
    assert_eq!((proof.term.as_str(), proof.time_zone.as_str()), ("5cd", "Europe/Madrid"));
    assert_eq!(proof.evidence(), sla::EvidenceStatus::Interpreted);
    assert!(proof.in_force_at_start);
    assert_eq!(proof.start_event, "first_receipt");
    assert_eq!(read(proof.start_time), Some(ticket.received));
    assert_eq!(read(proof.due_time), Some(at("2026-11-25T22:59:59.999999Z")));
    assert!(proof.chosen_because_en.contains("takes the place of es.l10-2025.17-1.resolve"));
    let english: Vec<&str> = proof.steps.iter().map(|s| s.description_en.as_str()).collect();
    assert!(english.iter().any(|s| s.contains("the strict one is «5cd»")), "{english:?}");
    assert!(english.iter().any(|s| s.starts_with("20-11-2026 is not counted")), "{english:?}");
    assert!(proof.steps.iter().all(|s| !s.description_es.is_empty()));
    assert!(proof.sentence_es.contains("5 días naturales") && proof.sentence_en.contains("5 calendar days"));
    assert!(!proof.calendar_version.is_empty());
}

#[tokio::test]
async fn the_resolution_ends_the_clock_when_it_happened() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at("2026-11-02T10:00:00+01:00"));
    world.open(&ticket).await;
    world.resolve(&ticket, at("2026-11-10T12:00:00+01:00")).await;
    let clock = clock_in(&served, &ticket.name, sla::ClockState::Fulfilled).await;
    assert_eq!(read(clock.settled_time), Some(at("2026-11-10T12:00:00+01:00")));
    assert_eq!(clock.breached_time, None);
    let settled = world.told::<sla::ClockSettled>().await;
    assert_eq!(settled[0].payload.breached_time, None);
    assert_eq!(settled[0].occurred, at("2026-11-10T12:00:00+01:00"));
}

#[tokio::test]
async fn a_late_resolution_is_a_breach_dated_at_the_due_instant() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at("2026-10-01T10:00:00+02:00"));
    world.open(&ticket).await;
    world.resolve(&ticket, at("2026-11-10T12:00:00+01:00")).await;
    let clock = clock_in(&served, &ticket.name, sla::ClockState::Fulfilled).await;
    // 2, 5..9, 13..16, 19..23 October; the 12th is a holiday.
    let due = at("2026-10-23T21:59:59.999999Z");
    assert_eq!(read(clock.breached_time), Some(due));
    let breaches = world.told::<sla::ClockBreached>().await;
    assert_eq!(breaches.len(), 1);
    assert_eq!((read(breaches[0].payload.breached_time), breaches[0].occurred), (Some(due), due));
    assert!(breaches[0].recorded > breaches[0].occurred);
}
