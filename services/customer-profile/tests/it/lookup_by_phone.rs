//! `LookupByPhone`: who is calling, inside the ring.

use ventanilla_customer_profile::reactions::{sla_monitor::Clocks, ticketing::Affairs};
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;

use crate::support::{Say, World, dni, entry, entry_with, fields, record, ticket_id, time};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_of_one_customer_is_certain() {
    let world = World::new().await;
    let mut said = record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222");
    said.language = 3;
    let ana = world.ingest(said).await;
    for spelling in ["600111222", "+34600111222", "sip:600111222@pbx.example"] {
        let answer = world.lookup(spelling).await;
        assert_eq!((answer.grade(), answer.shared_line), (MatchGrade::Certain, false));
        assert_eq!((answer.customer, answer.language), (ana.customer.clone(), 3));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shared_number_is_never_certain_and_tells_nobodys_affairs() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").phone("600111222")).await;
    let eva = world.ingest(record("b", "sales", "1").named("Eva Sanz Oca").phone("600111222")).await;
    let opened = ticketing::TicketOpened {
        ticket: ticket_id(1),
        customer: ana.customer.clone(),
        ticket_type: ticketing::TicketType::Reclamacion.into(),
        first_received_time: Some(time("2026-11-22T10:00:00Z")),
        ..Default::default()
    };
    world.react(&Affairs, entry(1, &opened.ticket, "2026-11-22T10:00:00Z", &opened)).await;
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.grade(), answer.shared_line), (MatchGrade::Possible, true));
    assert_eq!((answer.customer.as_str(), answer.open_ticket_count, answer.open_complaint), ("", 0, false));
    let mut candidates = [ana.customer, eva.customer];
    candidates.sort();
    assert_eq!(answer.candidates, candidates);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_declared_as_shared_is_only_probable() {
    let world = World::new().await;
    let mut said = record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222");
    said.identifiers[0].shared = true;
    let ana = world.ingest(said).await;
    let opened = ticketing::TicketOpened {
        ticket: ticket_id(1),
        customer: ana.customer.clone(),
        ticket_type: ticketing::TicketType::Reclamacion.into(),
        first_received_time: Some(time("2026-11-22T10:00:00Z")),
        ..Default::default()
    };
    world.react(&Affairs, entry(1, &opened.ticket, "2026-11-22T10:00:00Z", &opened)).await;
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.grade(), answer.shared_line, answer.customer), (MatchGrade::Probable, true, ana.customer));
    assert_eq!((answer.open_ticket_count, answer.open_complaint), (0, false), "whoever else uses it is told nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_of_more_records_than_are_looked_at_is_nobodys() {
    let world = World::new().await;
    world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222")).await;
    // More of one customer than are read: who comes after them is not seen.
    let copies = "insert into customer_profile.identifier
                      (kind, key, source_record_id, customer_id, recorded_at, observed_at, shared, evidence, name_key)
                  select kind, key, lpad(to_hex(n), 32, '0')::uuid, customer_id, recorded_at, observed_at, shared, evidence, name_key
                  from customer_profile.identifier, generate_series(1, 70) n where kind = 'phone'";
    sqlx::query(copies).execute(&world.admin().await).await.unwrap();
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.grade(), answer.shared_line, answer.customer.as_str()), (MatchGrade::Possible, true, ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_verified_at_no_later_instant_than_it_was_seen() {
    let world = World::new().await;
    let mut said = record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222");
    said.identifiers[0].verified_time = Some(time("2027-11-20T10:00:00Z"));
    let refused = world.try_ingest(said).await.unwrap_err();
    assert_eq!(fields(&refused), ["record.identifiers[0].verified_time"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn withheld_unreadable_and_unknown_numbers_are_answers() {
    let world = World::new().await;
    for (number, expected) in [
        ("", CallerNumber::Withheld),
        ("anonymous", CallerNumber::Withheld),
        ("sip:anonymous@anonymous.invalid", CallerNumber::Withheld),
        ("17", CallerNumber::Unreadable),
        ("'; drop table customer; --", CallerNumber::Unreadable),
        ("600999888", CallerNumber::Usable),
    ] {
        let answer = world.lookup(number).await;
        assert_eq!((answer.caller_number(), answer.grade()), (expected, MatchGrade::None), "{number:?}");
        assert_eq!(answer.customer, "");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ring_tells_open_affairs_the_top_promise_and_a_breach_without_any_text() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222")).await;
    let opened = |n, kind: ticketing::TicketType| ticketing::TicketOpened {
        ticket: ticket_id(n),
        customer: ana.customer.clone(),
        ticket_type: kind.into(),
        first_received_time: Some(time("2026-11-22T10:00:00Z")),
        ..Default::default()
    };
    let at = "2026-11-22T10:00:00Z";
    world.react(&Affairs, entry(1, &ticket_id(1), at, &opened(1, ticketing::TicketType::Consulta))).await;
    assert!(!world.lookup("600111222").await.open_complaint);
    world.react(&Affairs, entry(2, &ticket_id(2), at, &opened(2, ticketing::TicketType::Queja))).await;
    for (n, due) in [(3, "2026-11-25T10:00:00Z"), (4, "2026-11-24T10:00:00Z")] {
        let made = ticketing::PromiseMade {
            ticket: ticket_id(2),
            promise: format!("{}/promises/{}", ticket_id(2), uuid::Uuid::from_u64_pair(2, n)),
            due_time: Some(time(due)),
            channel: 1,
            replaces: String::new(),
            ..Default::default()
        };
        let personal = ticketing::PromiseMadePersonal { text: "a technician comes".to_owned() };
        let personal = prost::Message::encode_to_vec(&personal);
        let position = i64::try_from(n).unwrap();
        world.react(&Affairs, entry_with(position, &ticket_id(2), at, &made, personal)).await;
    }
    let started = sla::ClockStarted {
        clock: format!("clocks/{}", uuid::Uuid::from_u128(5)),
        subject: ticket_id(2),
        customer: ana.customer.clone(),
        due_time: Some(time("2026-11-22T20:00:00Z")),
        ..Default::default()
    };
    world.react(&Clocks, entry(1, &started.clock, at, &started)).await;
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.open_ticket_count, answer.open_complaint, answer.breached), (2, true, false));
    assert_eq!((answer.on_hold, answer.breach_risk), (true, false));
    let warned = sla::WarningRaised {
        clock: started.clock.clone(),
        subject: ticket_id(2),
        customer: ana.customer.clone(),
        lead_minutes: 30,
        epoch: 1,
        ..Default::default()
    };
    world.react(&Clocks, entry(3, &started.clock, at, &warned)).await;
    assert!(world.lookup("600111222").await.breach_risk);
    let promise = answer.top_promise.unwrap();
    assert_eq!((promise.due_time, promise.text.as_str()), (Some(time("2026-11-24T10:00:00Z")), ""));
    assert_eq!(promise.state(), ticketing::PromiseState::Made);

    let breached = sla::ClockBreached {
        clock: started.clock.clone(),
        subject: ticket_id(2),
        customer: ana.customer.clone(),
        breached_time: Some(time("2026-11-22T20:00:00Z")),
        ..Default::default()
    };
    world.react(&Clocks, entry(2, &started.clock, "2026-11-22T20:00:00Z", &breached)).await;
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.breached, answer.breach_risk), (true, false), "a risk that came true is none any more");
    // No source was ever reached in this test, and the answer says so.
    let gaps: Vec<_> = answer.gaps.iter().map(|gap| (gap.source.as_str(), gap.reason())).collect();
    let never = ["ticketing", "sla-monitor", "ombudsman-escalation"].map(|source| (source, GapReason::NeverReached));
    assert_eq!(gaps, never);
}

/// Ana's line, which one department verified long ago and of which another says that it is hers no longer.
async fn a_line_given_up(world: &World) -> String {
    let mut billing = record("erp", "billing", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    billing.identifiers[1].verified_time = Some(time("2024-03-01T10:00:00Z"));
    let ana = world.ingest(billing.observed("2024-03-01T10:00:00Z")).await.customer;
    let mut sales =
        record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222").phone("600333444");
    sales.identifiers[1].valid_until_time = Some(time("2026-06-01T00:00:00Z"));
    assert_eq!(world.ingest(sales.observed("2026-11-01T10:00:00Z")).await.customer, ana);
    ana
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_ended_by_the_newest_record_leads_to_nobody_whoever_has_it_still() {
    let world = World::new().await;
    let ana = a_line_given_up(&world).await;
    assert_eq!(
        world.lookup("600111222").await.grade(),
        MatchGrade::None,
        "whoever has the line now hears nothing of her"
    );
    assert_eq!(world.lookup("600333444").await.customer, ana);
    let mut after = record("b", "sales", "2").named("Eva Sanz Oca").phone("600111222");
    after.identifiers[0].valid_from_time = Some(time("2026-06-02T00:00:00Z"));
    let eva = world.ingest(after).await.customer;
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.grade(), answer.customer), (MatchGrade::Certain, eva));
    let shown = world.customer(&ana).await.identifiers;
    let old = shown.iter().find(|i| i.value.as_ref().unwrap().value == "+34600111222").unwrap();
    assert_eq!(old.value.as_ref().unwrap().valid_until_time, Some(time("2026-06-01T00:00:00Z")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_was_verified_since_it_was_said_to_have_ended_is_theirs() {
    let world = World::new().await;
    let ana = a_line_given_up(&world).await;
    let named = || record("erp", "billing", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    world.ingest(named().observed("2026-11-20T10:00:00Z")).await;
    assert_eq!(world.lookup("600111222").await.grade(), MatchGrade::None, "who only names it was not told of the end");
    let mut verified = named();
    verified.identifiers[1].verified_time = Some(time("2026-11-21T10:00:00Z"));
    world.ingest(verified.observed("2026-11-21T10:00:00Z")).await;
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.grade(), answer.customer), (MatchGrade::Certain, ana));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_theirs_again_leads_to_them() {
    let world = World::new().await;
    let ana = a_line_given_up(&world).await;
    let mut again = record("shop", "online", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    again.identifiers[1].valid_from_time = Some(time("2026-11-10T00:00:00Z"));
    world.ingest(again.observed("2026-11-11T10:00:00Z")).await;
    assert_eq!(world.lookup("600111222").await.customer, ana);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recycled_number_leads_to_who_has_it_now() {
    let world = World::new().await;
    let mut before = record("a", "sales", "1").named("Ana Ruiz Gil").phone("600111222");
    before.identifiers[0].valid_until_time = Some(time("2026-06-01T00:00:00Z"));
    let mut after = record("b", "sales", "2").named("Eva Sanz Oca").phone("600111222");
    after.identifiers[0].valid_from_time = Some(time("2026-06-02T00:00:00Z"));
    let ana = world.ingest(before.clone()).await;
    assert_eq!(world.lookup("600111222").await.grade(), MatchGrade::None, "she has it no longer");
    let eva = world.ingest(after).await;
    let answer = world.lookup("600111222").await;
    assert_eq!((answer.grade(), answer.customer), (MatchGrade::Certain, eva.customer));
    let shown = world.customer(&ana.customer).await.identifiers;
    assert_eq!(shown[0].value.as_ref().unwrap().valid_until_time, Some(time("2026-06-01T00:00:00Z")));
    before.external_id = "3".to_owned();
    before.identifiers[0].valid_from_time = Some(time("2026-07-01T00:00:00Z"));
    let refused = world.try_ingest(before).await.unwrap_err();
    assert_eq!(crate::support::fields(&refused), ["record.identifiers[0].valid_until_time"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_is_theirs_from_next_week_on_leads_to_nobody_before() {
    let world = World::new().await;
    let said = |system: &str| record(system, "sales", "1").named("Eva Sanz Oca").dni(&dni(2)).phone("600111222");
    let eva = world.ingest(said("shop").observed("2026-11-01T10:00:00Z")).await.customer;
    let mut later = said("crm").observed("2026-11-20T10:00:00Z");
    later.identifiers[1].valid_from_time = Some(time("2026-12-01T00:00:00Z"));
    assert_eq!(world.ingest(later).await.customer, eva);
    // Proven, and then as if all of it had come by forms.
    let unproven = "update customer_profile.identifier set unproven = true";
    for (makes_it, known) in [("select", MatchGrade::Certain), (unproven, MatchGrade::Possible)] {
        sqlx::query(makes_it).execute(&world.admin().await).await.unwrap();
        let answer = world.lookup("600111222").await;
        assert_eq!((answer.grade(), answer.customer.as_str()), (MatchGrade::None, ""), "{makes_it}");
        let request =
            WhatIsKnownRequest { name: eva.clone(), purpose: AskPurpose::Complaint.into(), ..Default::default() };
        let facts = world.client(kernel::Role::Ivr).what_is_known(request).await.unwrap().into_inner().facts;
        let phone = facts.iter().find(|fact| fact.kind() == FactKind::Phone).unwrap();
        assert_eq!(phone.state(), FactState::Unknown, "as screens have it");
        let week = jiff::SignedDuration::from_hours(10 * 24);
        world.harness.surroundings.advance(week);
        let answer = world.lookup("600111222").await;
        assert_ne!(answer.grade(), MatchGrade::None, "{makes_it}");
        assert!(answer.grade() == known || answer.customer == eva, "{answer:?}");
        world.harness.surroundings.advance(-week);
    }
}
