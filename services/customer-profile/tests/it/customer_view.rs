//! `GetCustomerView`: fed by the other ledgers, and honest about how fresh it is.

use ledger::Received;
use prost::Message;
use ventanilla_customer_profile::reactions::{
    erasure::Hearing, ombudsman::Cases, sla_monitor::Clocks, ticketing::Affairs,
};
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::ombudsman::v1 as ombudsman;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::TicketState;

use crate::support::{Say, World, dni, entry, entry_with, record, ticket_id, time};

const AT: &str = "2026-11-22T10:00:00Z";

fn opened(position: i64, n: u64, customer: &str) -> Received {
    let opened = ticketing::TicketOpened {
        ticket: ticket_id(n),
        customer: customer.to_owned(),
        ticket_type: ticketing::TicketType::Reclamacion.into(),
        severity: ticketing::Severity::High.into(),
        channel: 1,
        department: "billing".to_owned(),
        first_received_time: Some(time("2026-11-21T09:00:00Z")),
        ..Default::default()
    };
    let personal = ticketing::TicketOpenedPersonal { subject: "charged twice".to_owned(), ..Default::default() };
    entry_with(position, &ticket_id(n), AT, &opened, personal.encode_to_vec())
}

fn moved(position: i64, n: u64, to: TicketState) -> Received {
    let moved = ticketing::TicketTransitioned { ticket: ticket_id(n), to_state: to.into(), ..Default::default() };
    entry(position, &ticket_id(n), AT, &moved)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn affairs_of_every_id_of_the_customer_are_seen_under_each_of_them() {
    let world = World::new().await;
    let first = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let second = world.ingest(record("b", "billing", "1").named("Ana R.").dni(&dni(1))).await;
    world.react(&Affairs, opened(1, 1, &first.own_customer)).await;
    world.react(&Affairs, opened(2, 2, &second.own_customer)).await;
    for name in [&first.own_customer, &second.own_customer] {
        let view = world.view(name).await;
        assert_eq!(view.name, first.customer);
        let section = view.open_tickets.unwrap();
        assert_eq!(section.total_count, 2);
        let ticket = &section.tickets[0];
        assert_eq!((ticket.subject.as_str(), ticket.department.as_str()), ("charged twice", "billing"));
        assert_eq!(ticket.first_received_time, Some(time("2026-11-21T09:00:00Z")));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_of_a_customer_who_is_not_known_yet_is_not_lost() {
    let world = World::new().await;
    let later = format!("customers/{}", uuid::Uuid::from_u128(77));
    world.react(&Affairs, opened(1, 1, &later)).await;
    assert_eq!(world.count("view_ticket").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_the_customer_calls_can_say_until_when_they_may_send_what_is_missing() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    let due = Some(time("2026-12-09T22:59:59.999999Z"));
    let asked = ticketing::CureRequested { ticket: ticket_id(1), due_time: due, ..Default::default() };
    let settled = ticketing::CureSettled { ticket: ticket_id(1), ..Default::default() };
    let shown = async || world.view(&ana.customer).await.open_tickets.unwrap().tickets[0].cure_due_time;
    assert_eq!(shown().await, None);
    world.react(&Affairs, entry(2, &ticket_id(1), AT, &asked)).await;
    assert_eq!(shown().await, due);
    world.react(&Affairs, entry(3, &ticket_id(1), AT, &settled)).await;
    assert_eq!(shown().await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_the_customer_calls_knows_that_many_have_the_same_trouble() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    let incident = format!("incidents/{}", uuid::Uuid::from_u128(5));
    let affected = ticketing::TicketAffected { ticket: ticket_id(1), incident: incident.clone() };
    let unaffected = ticketing::TicketUnaffected { ticket: ticket_id(1), incident: incident.clone() };
    let shown = async || world.view(&ana.customer).await.open_tickets.unwrap().tickets[0].incident.clone();
    world.react(&Affairs, entry(2, &ticket_id(1), AT, &affected)).await;
    assert_eq!(shown().await, incident);
    world.react(&Affairs, entry(3, &ticket_id(1), AT, &unaffected)).await;
    assert_eq!(shown().await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_that_is_answered_with_another_says_so_until_it_is_by_itself_again() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    let (ticket, head) = (ticket_id(1), ticket_id(2));
    let merged = ticketing::TicketMerged {
        ticket: ticket.clone(),
        into: head.clone(),
        head: head.clone(),
        ..Default::default()
    };
    let apart = ticketing::TicketUnmerged { ticket: ticket.clone(), from: head.clone(), ..Default::default() };
    let shown = async || world.view(&ana.customer).await.open_tickets.unwrap().tickets[0].merged_into.clone();
    world.react(&Affairs, entry(2, &ticket, AT, &merged)).await;
    assert_eq!(shown().await, head);
    world.react(&Affairs, entry(3, &ticket, AT, &apart)).await;
    assert_eq!(shown().await, "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complaint_that_is_filed_as_an_inquiry_holds_what_it_held() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    let holds = async || world.view(&ana.customer).await.holds.unwrap().holds;
    let before = holds().await;
    assert!(!before.is_empty());
    let filed = ticketing::TicketReclassified {
        ticket: ticket_id(1),
        ticket_type: ticketing::TicketType::Consulta.into(),
        from_ticket_type: ticketing::TicketType::Reclamacion.into(),
        severity: ticketing::Severity::Low.into(),
        ..Default::default()
    };
    world.react(&Affairs, entry(2, &ticket_id(1), AT, &filed)).await;
    let shown = world.view(&ana.customer).await.open_tickets.unwrap().tickets[0].clone();
    assert_eq!((shown.ticket_type(), shown.severity()), (ticketing::TicketType::Consulta, ticketing::Severity::Low));
    assert_eq!(holds().await, before, "filing it as something else frees nobody to cut the service");
    let part = ticketing::TicketOpened {
        ticket: ticket_id(2),
        customer: ana.customer.clone(),
        ticket_type: ticketing::TicketType::Consulta.into(),
        split_from: ticket_id(1),
        first_received_time: Some(time("2026-11-22T09:00:00Z")),
        ..Default::default()
    };
    world.react(&Affairs, entry(3, &ticket_id(2), AT, &part)).await;
    assert_eq!(holds().await.len(), before.len() + 1, "and neither does splitting it afterwards");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_affair_leaves_the_view_when_it_is_over_and_comes_back_when_reopened() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    for (position, state, open) in
        [(2, TicketState::Resolved, 1), (3, TicketState::InProgress, 1), (4, TicketState::Closed, 0)]
    {
        world.react(&Affairs, moved(position, 1, state)).await;
        let section = world.view(&ana.customer).await.open_tickets.unwrap();
        assert_eq!(section.total_count, open, "{state:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promises_clocks_breaches_and_cases_are_fed_by_their_ledgers() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    let promise = format!("{}/promises/{}", ticket_id(1), uuid::Uuid::from_u128(8));
    let made = ticketing::PromiseMade {
        ticket: ticket_id(1),
        promise: promise.clone(),
        due_time: Some(time("2026-11-24T10:00:00Z")),
        channel: 1,
        ..Default::default()
    };
    let words = ticketing::PromiseMadePersonal { text: "the refund is paid by Tuesday".to_owned() };
    world.react(&Affairs, entry_with(2, &ticket_id(1), AT, &made, words.encode_to_vec())).await;

    let clock = format!("clocks/{}", uuid::Uuid::from_u128(9));
    let started = sla::ClockStarted {
        clock: clock.clone(),
        subject: ticket_id(1),
        customer: ana.customer.clone(),
        rule: "es.l10-2025.17-1.resolve".to_owned(),
        stage: "resolve_and_answer".to_owned(),
        due_time: Some(time("2026-12-06T22:59:59Z")),
        ..Default::default()
    };
    world.react(&Clocks, entry(1, &clock, AT, &started)).await;
    let warned = sla::WarningRaised {
        clock: clock.clone(),
        subject: ticket_id(1),
        customer: ana.customer.clone(),
        threshold_percent: 75,
        epoch: 1,
        ..Default::default()
    };
    world.react(&Clocks, entry(2, &clock, AT, &warned)).await;
    let breached = sla::ClockBreached {
        clock: clock.clone(),
        subject: ticket_id(1),
        customer: ana.customer.clone(),
        breached_time: Some(time("2026-12-06T22:59:59Z")),
        ..Default::default()
    };
    world.react(&Clocks, entry(3, &clock, AT, &breached)).await;
    let clock_of_promise = format!("clocks/{}", uuid::Uuid::from_u128(11));
    let started = sla::ClockStarted {
        clock: clock_of_promise.clone(),
        subject: promise.clone(),
        customer: ana.customer.clone(),
        rule: "promise".to_owned(),
        due_time: Some(time("2026-11-24T10:00:00Z")),
        ..Default::default()
    };
    world.react(&Clocks, entry(4, &clock_of_promise, AT, &started)).await;
    let warned = sla::WarningRaised {
        clock: clock_of_promise.clone(),
        subject: promise.clone(),
        customer: ana.customer.clone(),
        threshold_percent: 50,
        epoch: 1,
        ..Default::default()
    };
    world.react(&Clocks, entry(5, &clock_of_promise, AT, &warned)).await;

    let case = format!("cases/{}", uuid::Uuid::from_u128(10));
    let filed = ombudsman::CaseOpened {
        case_name: case.clone(),
        ticket: ticket_id(1),
        customer: ana.customer.clone(),
        regime: "es.finance".to_owned(),
        filed_at_office_time: Some(time("2026-12-10T10:00:00Z")),
        ..Default::default()
    };
    world.react(&Cases, entry(1, &case, AT, &filed)).await;
    let issued = ombudsman::DecisionIssued {
        case_name: case.clone(),
        ticket: ticket_id(1),
        customer: ana.customer.clone(),
        outcome: ombudsman::DecisionOutcome::Upheld.into(),
        binding: true,
        ..Default::default()
    };
    world.react(&Cases, entry(2, &case, AT, &issued)).await;

    let view = world.view(&ana.customer).await;
    let promises = view.promises.unwrap().promises;
    assert_eq!(
        (promises[0].promise.as_str(), promises[0].text.as_str()),
        (promise.as_str(), "the refund is paid by Tuesday")
    );
    // By its own clock, and not by the breached one of the affair.
    assert_eq!((promises[0].danger_percent, promises[0].overdue), (50, false));
    let clocks = view.clocks.unwrap().clocks;
    let of_affair = clocks.iter().find(|shown| shown.clock == clock).unwrap();
    assert_eq!((of_affair.state(), of_affair.warned_percent), (sla::ClockState::Running, 75));
    assert_eq!(view.breaches.unwrap().clocks[0].breached_time, Some(time("2026-12-06T22:59:59Z")));
    let cases = view.cases.unwrap().cases;
    assert_eq!(
        (cases[0].case_name.as_str(), cases[0].outcome(), cases[0].binding),
        (case.as_str(), ombudsman::DecisionOutcome::Upheld, true)
    );

    assert_eq!(promises[0].state(), ticketing::PromiseState::Made);
    let at_risk =
        ticketing::PromiseAtRisk { ticket: ticket_id(1), promise: promise.clone(), clock: clock_of_promise.clone() };
    world.react(&Affairs, entry(8, &ticket_id(1), AT, &at_risk)).await;
    let view = world.view(&ana.customer).await;
    assert_eq!(view.promises.unwrap().promises[0].state(), ticketing::PromiseState::AtRisk);

    let kept = ticketing::PromiseSettled { ticket: ticket_id(1), promise, state: ticketing::PromiseState::Kept.into() };
    world.react(&Affairs, entry(3, &ticket_id(1), AT, &kept)).await;
    let settled = sla::ClockSettled {
        clock: clock.clone(),
        state: sla::ClockState::Fulfilled.into(),
        breached_time: Some(time("2026-12-06T22:59:59Z")),
        ..Default::default()
    };
    world.react(&Clocks, entry(6, &clock, AT, &settled)).await;
    let settled = sla::ClockSettled {
        clock: clock_of_promise.clone(),
        state: sla::ClockState::Fulfilled.into(),
        ..Default::default()
    };
    world.react(&Clocks, entry(7, &clock_of_promise, AT, &settled)).await;
    // A warning that comes after all was kept opens nothing again.
    world.react(&Affairs, entry(9, &ticket_id(1), AT, &at_risk)).await;
    let view = world.view(&ana.customer).await;
    assert!(view.promises.unwrap().promises.is_empty());
    assert!(view.clocks.unwrap().clocks.is_empty());
    assert_eq!(view.breaches.unwrap().clocks.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breach_that_late_word_takes_back_is_seen_no_more() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    let late = Some(time("2026-12-06T22:59:59Z"));
    let settled = |clock: &str, state: sla::ClockState| sla::ClockSettled {
        clock: clock.to_owned(),
        state: state.into(),
        ..Default::default()
    };
    for (n, moves) in [(1_u128, true), (2, false)] {
        let clock = format!("clocks/{}", uuid::Uuid::from_u128(n));
        let at = |k: i64| i64::try_from(n).unwrap() * 10 + k;
        let started = sla::ClockStarted {
            clock: clock.clone(),
            subject: ticket_id(1),
            customer: ana.customer.clone(),
            due_time: late,
            ..Default::default()
        };
        world.react(&Clocks, entry(at(1), &clock, AT, &started)).await;
        let breached = sla::ClockBreached {
            clock: clock.clone(),
            customer: ana.customer.clone(),
            breached_time: late,
            ..Default::default()
        };
        world.react(&Clocks, entry(at(2), &clock, AT, &breached)).await;
        assert_eq!(world.view(&ana.customer).await.breaches.unwrap().clocks.len(), 1);
        // It had stood still in time, or had been met in time.
        if moves {
            let moved = sla::ClockMoved {
                clock: clock.clone(),
                effect: sla::ClockEffect::Pause.into(),
                state: sla::ClockState::Paused.into(),
                ..Default::default()
            };
            world.react(&Clocks, entry(at(3), &clock, AT, &moved)).await;
        } else {
            world.react(&Clocks, entry(at(3), &clock, AT, &settled(&clock, sla::ClockState::Fulfilled))).await;
        }
        assert_eq!(world.view(&ana.customer).await.breaches.unwrap().clocks, []);
        world.react(&Clocks, entry(at(4), &clock, AT, &settled(&clock, sla::ClockState::Cancelled))).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_warned_is_in_danger_in_that_run_and_no_other() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    let clock = format!("clocks/{}", uuid::Uuid::from_u128(1));
    let due = Some(time("2026-12-06T22:59:59Z"));
    let started = sla::ClockStarted {
        clock: clock.clone(),
        subject: ticket_id(1),
        customer: ana.customer.clone(),
        due_time: due,
        ..Default::default()
    };
    world.react(&Clocks, entry(1, &clock, AT, &started)).await;
    let warned = |percent: i32, epoch: i32| sla::WarningRaised {
        clock: clock.clone(),
        threshold_percent: percent,
        epoch,
        ..Default::default()
    };
    let moved = |effect: sla::ClockEffect, epoch: i32| sla::ClockMoved {
        clock: clock.clone(),
        effect: effect.into(),
        state: sla::ClockState::Running.into(),
        due_time: due,
        epoch,
        ..Default::default()
    };
    let of_run = async || {
        let view = world.view(&ana.customer).await;
        view.clocks.unwrap().clocks[0].warned_percent
    };
    world.react(&Clocks, entry(2, &clock, AT, &warned(90, 1))).await;
    world.react(&Clocks, entry(3, &clock, AT, &moved(sla::ClockEffect::Reopen, 1))).await;
    assert_eq!(of_run().await, 90, "the same run goes on");
    world.react(&Clocks, entry(4, &clock, AT, &moved(sla::ClockEffect::Reopen, 2))).await;
    assert_eq!(of_run().await, 0);
    world.react(&Clocks, entry(5, &clock, AT, &warned(50, 2))).await;
    assert_eq!(of_run().await, 50);
    // What was told before runs were: by the effect.
    world.react(&Clocks, entry(6, &clock, AT, &moved(sla::ClockEffect::Extend, 0))).await;
    assert_eq!(of_run().await, 50);
    world.react(&Clocks, entry(7, &clock, AT, &moved(sla::ClockEffect::Restart, 0))).await;
    assert_eq!(of_run().await, 0);
    // What is told is how the run stands now: lengthened it warns anew, and where it stands still what was told stays.
    let told = |effect: sla::ClockEffect, epoch: i32, warned: i32| sla::ClockMoved {
        warned_percent: Some(warned),
        ..moved(effect, epoch)
    };
    world.react(&Clocks, entry(8, &clock, AT, &warned(90, 2))).await;
    for (position, told, percent) in [
        (9, told(sla::ClockEffect::Extend, 2, 50), 50),
        (10, moved(sla::ClockEffect::Pause, 2), 50),
        (11, told(sla::ClockEffect::Resume, 2, 0), 0),
        (12, told(sla::ClockEffect::Correct, 2, 75), 75),
        (13, told(sla::ClockEffect::Restart, 3, 0), 0),
        (14, told(sla::ClockEffect::Reopen, 4, 50), 50),
        (15, moved(sla::ClockEffect::Pause, 4), 50),
    ] {
        world.react(&Clocks, entry(position, &clock, AT, &told)).await;
        assert_eq!(of_run().await, percent, "{told:?}");
    }
    world.react(&Clocks, entry(16, &clock, AT, &warned(75, 4))).await;
    assert_eq!(of_run().await, 75);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_applied_twice_has_one_effect_and_an_unknown_one_has_none() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    for _ in 0..2 {
        world.react(&Affairs, opened(1, 1, &ana.customer)).await;
    }
    let foreign = InteractionRecorded::default();
    world.react(&Affairs, entry(2, "x", AT, &foreign)).await;
    world.react(&Clocks, entry(2, "x", AT, &foreign)).await;
    world.react(&Cases, entry(2, "x", AT, &foreign)).await;
    assert_eq!((world.count("view_ticket").await, world.count("timeline_event").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_was_never_reached_is_named_and_the_rest_is_answered() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    world.interaction(&ana.customer, "asked about the invoice", AT).await;
    let view = world.view(&ana.customer).await;
    let sections = [
        (view.open_tickets.unwrap().standing, "ticketing"),
        (view.promises.unwrap().standing, "ticketing"),
        (view.clocks.unwrap().standing, "sla-monitor"),
        (view.breaches.unwrap().standing, "sla-monitor"),
        (view.cases.unwrap().standing, "ombudsman-escalation"),
    ];
    for (standing, source) in sections {
        let standing = standing.unwrap();
        let gap = standing.gap.unwrap();
        assert_eq!((gap.source.as_str(), gap.reason()), (source, GapReason::NeverReached));
        assert_eq!((standing.as_of_time, standing.lag, gap.age), (None, None, None));
    }
    let known = view.completeness.unwrap();
    assert_eq!(known.sources_behind, ["ticketing", "sla-monitor", "ombudsman-escalation"]);
    assert_eq!(known.as_of_time, None, "nobody can say up to when everything is known");
    let golden = view.golden.unwrap();
    assert!(golden.standing.unwrap().gap.is_none());
    assert_eq!(golden.customer.unwrap(), world.customer(&ana.customer).await);
    let contacts = view.last_interactions.unwrap();
    assert!(contacts.standing.unwrap().as_of_time.is_some());
    assert_eq!(contacts.interactions[0].summary, "asked about the invoice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn affairs_and_clocks_that_arrive_at_once_are_kept_as_they_are_one_by_one() {
    let (at_once, one_by_one) = (World::new().await, World::new().await);
    let customer =
        |n: u64| if n % 5 == 4 { String::new() } else { format!("customers/{}", uuid::Uuid::from_u128(n.into())) };
    let affairs = (1..=12).map(|n| {
        let personal = ticketing::TicketOpenedPersonal { subject: format!("subject {n}"), ..Default::default() };
        let small = i32::try_from(n).unwrap();
        let opened = ticketing::TicketOpened {
            ticket: ticket_id(n),
            customer: customer(n),
            ticket_type: small % 6,
            severity: small % 4,
            channel: small % 7,
            department: format!("department-{}", n % 3),
            first_received_time: Some(time(&format!("2026-11-{:02}T09:00:00Z", n + 1))),
            ..Default::default()
        };
        entry_with(i64::from(small), &ticket_id(n), AT, &opened, personal.encode_to_vec())
    });
    let clocks = (1..=12).map(|n| {
        let clock = format!("clocks/{}", uuid::Uuid::from_u128(100 + u128::from(n)));
        let started = sla::ClockStarted {
            clock: clock.clone(),
            subject: if n % 3 == 0 {
                format!("{}/promises/{}", ticket_id(n), uuid::Uuid::from_u128(7))
            } else {
                ticket_id(n)
            },
            customer: customer(n),
            rule: format!("rule-{}", n % 4),
            stage: format!("stage-{}", n % 2),
            due_time: (n % 4 != 1).then(|| time("2026-12-06T22:59:59Z")),
            department: format!("department-{}", n % 3),
            kind: i32::try_from(n).unwrap() % 5,
            ..Default::default()
        };
        entry(i64::try_from(n).unwrap(), &clock, AT, &started)
    });
    let (affairs, clocks): (Vec<Received>, Vec<Received>) = (affairs.collect(), clocks.collect());
    // As the service follows: with an ear for erasures.
    let (source, ambient) = ("another", kernel::Ambient::system());
    let affairs_heard = Hearing { reaction: Affairs, source, ambient: ambient.clone() };
    at_once.react_together(&affairs_heard, &affairs).await;
    at_once.react_together(&Hearing { reaction: Clocks, source, ambient }, &clocks).await;
    for affair in affairs {
        one_by_one.react(&Affairs, affair).await;
    }
    for clock in clocks {
        one_by_one.react(&Clocks, clock).await;
    }
    for table in ["view_ticket", "view_clock", "timeline_event"] {
        let kept = at_once.rows(table).await;
        assert!(kept.len() > 3, "{table}: {kept:?}");
        assert_eq!(kept, one_by_one.rows(table).await, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_department_that_calls_all_day_does_not_hide_the_last_word_of_another() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    for minute in 0..12 {
        world.interaction(&ana.customer, &format!("call {minute}"), &format!("2026-11-20T10:{minute:02}:00Z")).await;
    }
    sqlx::query(
        "update customer_profile.interaction set department = 'network-ops'
          where occurred_at = (select min(occurred_at) from customer_profile.interaction)",
    )
    .execute(&world.admin().await)
    .await
    .unwrap();
    let shown = world.view(&ana.customer).await.last_interactions.unwrap().interactions;
    let summaries: Vec<&str> = shown.iter().map(|contact| contact.summary.as_str()).collect();
    let expected: Vec<String> = (2..12).rev().chain([0]).map(|minute| format!("call {minute}")).collect();
    assert_eq!(summaries, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_word_of_every_department_is_seen_however_many_came_after_it() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let too = world.ingest(record("b", "billing", "1").named("Ana R.").dni(&dni(1))).await;
    world.interaction(&ana.customer, "call 0", "2026-11-20T10:00:00Z").await;
    // 300 calls of one department under one id, after two each of forty others under either.
    sqlx::query(
        "insert into customer_profile.interaction select r.*
         from customer_profile.interaction i, generate_series(1, 380) as n,
         jsonb_populate_record(i, jsonb_build_object(
             'id', lpad(to_hex(n), 32, '0')::uuid,
             'customer_id', (array[$1, $2]::uuid[])[case when n <= 80 then 1 + (n / 40) % 2 else 1 end],
             'department', case when n <= 80 then 'department-' || lpad((n % 40)::text, 2, '0') else i.department end,
             'occurred_at', i.occurred_at + n * interval '1 minute',
             'summary', 'call ' || n)) r",
    )
    .bind(crate::rights::id(&ana.own_customer))
    .bind(crate::rights::id(&too.own_customer))
    .execute(&world.admin().await)
    .await
    .unwrap();
    let shown = world.view(&ana.customer).await.last_interactions.unwrap().interactions;
    let summaries: Vec<&str> = shown.iter().map(|contact| contact.summary.as_str()).collect();
    let expected: Vec<String> = (371..=380).rev().chain((41..=80).rev()).map(|n| format!("call {n}")).collect();
    assert_eq!(summaries, expected, "the last ten, and of each of the forty its last");
}
