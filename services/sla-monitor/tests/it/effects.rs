//! What the states of an affair do to its clocks.

use testkit::eventually;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::r#type::v1::Direction;

use crate::house::{activate, clock_of, inquiry, policy, put};
use crate::world::{SOON, State, Ticket, World, at, clock_in, clocks_that, read, wire};

const RECEIVED: &str = "2026-11-02T10:00:00+01:00";

#[tokio::test]
async fn missing_documents_put_off_the_start_and_the_cure_starts_a_new_run() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(RECEIVED));
    world.open(&ticket).await;
    let wait = (State::InProgress, State::Pending);
    world.transition(&ticket, wait, "documents_missing", at("2026-11-04T10:00:00+01:00")).await;
    let waiting = clock_in(&served, &ticket.name, sla::ClockState::Scheduled).await;
    assert_eq!((waiting.due_time, waiting.origin_time), (None, None));
    let back = (State::Pending, State::InProgress);
    world.transition(&ticket, back, "customer_answered", at("2026-11-16T10:00:00+01:00")).await;
    let running = clock_in(&served, &ticket.name, sla::ClockState::Running).await;
    // 17..20, 23..27, 30, 1..4, 9: the 7th and 8th are holidays.
    assert_eq!(read(running.due_time), Some(at("2026-12-09T22:59:59.999999Z")));
    assert_eq!((running.epoch, read(running.first_received_time)), (2, Some(at(RECEIVED))));
    let effects: Vec<_> = world.told::<sla::ClockMoved>().await.iter().map(|t| t.payload.effect()).collect();
    assert_eq!(effects, [sla::ClockEffect::DeferStart, sla::ClockEffect::Start]);
}

#[tokio::test]
async fn waiting_on_a_ground_the_rule_does_not_name_lets_the_clock_run() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(RECEIVED));
    world.open(&ticket).await;
    let wait = (State::InProgress, State::Pending);
    world.transition(&ticket, wait, "customer_to_call_back", at("2026-11-04T10:00:00+01:00")).await;
    let hold = (State::InProgress, State::Held);
    world.transition(&ticket, hold, "awaiting_supplier", at("2026-11-05T10:00:00+01:00")).await;
    // A marker: when it is applied, what came before it was.
    let marker = Ticket::complaint(at(RECEIVED));
    world.open(&marker).await;
    clock_in(&served, &marker.name, sla::ClockState::Running).await;
    let clock = clock_in(&served, &ticket.name, sla::ClockState::Running).await;
    assert_eq!((clock.epoch, read(clock.origin_time)), (1, Some(at(RECEIVED))));
    assert_eq!(world.told::<sla::ClockMoved>().await.len(), 0);
}

#[tokio::test]
async fn a_cure_in_finance_pauses_and_gives_the_days_back() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(RECEIVED)).of_sector("finance");
    world.open(&ticket).await;
    let wait = (State::InProgress, State::Pending);
    world.transition(&ticket, wait, "documents_missing", at("2026-11-04T10:00:00+01:00")).await;
    let paused = clock_in(&served, &ticket.name, sla::ClockState::Paused).await;
    assert_eq!(paused.due_time, None);
    let back = (State::Pending, State::InProgress);
    world.transition(&ticket, back, "customer_answered", at("2026-11-09T10:00:00+01:00")).await;
    let running = clock_in(&served, &ticket.name, sla::ClockState::Running).await;
    assert_eq!(read(running.due_time), Some(at("2026-12-07T22:59:59.999999Z")));
}

#[tokio::test]
async fn a_withdrawn_affair_ends_without_a_verdict_and_a_reasoned_refusal_meets_it() {
    let world = World::new().await;
    let served = world.start().await;
    let (withdrawn, refused) = (Ticket::complaint(at(RECEIVED)), Ticket::complaint(at(RECEIVED)));
    let when = at("2026-11-04T10:00:00+01:00");
    world.open(&withdrawn).await;
    world.open(&refused).await;
    world.transition(&withdrawn, (State::InProgress, State::Cancelled), "withdrawn_by_customer", when).await;
    world.transition(&refused, (State::Acknowledged, State::Rejected), "not_our_contract", when).await;
    let withdrawn = clock_in(&served, &withdrawn.name, sla::ClockState::Cancelled).await;
    let refused = clock_in(&served, &refused.name, sla::ClockState::Fulfilled).await;
    assert_eq!((withdrawn.breached_time, refused.breached_time), (None, None));
}

#[tokio::test]
async fn reopening_before_the_due_instant_goes_on_with_the_same_one() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(RECEIVED));
    world.open(&ticket).await;
    let due = clock_in(&served, &ticket.name, sla::ClockState::Running).await.due_time;
    world.resolve(&ticket, at("2026-11-03T10:00:00+01:00")).await;
    clock_in(&served, &ticket.name, sla::ClockState::Fulfilled).await;
    let again = (State::Resolved, State::InProgress);
    world.transition(&ticket, again, "customer_objects", at("2026-11-05T10:00:00+01:00")).await;
    let reopened = clock_in(&served, &ticket.name, sla::ClockState::Running).await;
    assert_eq!((reopened.due_time, reopened.epoch), (due, 1));
    // Answered late, and objected to: the whole term counts again, which whoever follows cannot tell from the effect.
    world.resolve(&ticket, at("2026-12-28T10:00:00+01:00")).await;
    clock_in(&served, &ticket.name, sla::ClockState::Fulfilled).await;
    world.transition(&ticket, again, "customer_objects", at("2026-12-29T10:00:00+01:00")).await;
    assert_eq!(clock_in(&served, &ticket.name, sla::ClockState::Running).await.epoch, 2);
    let told: Vec<_> =
        world.told::<sla::ClockMoved>().await.iter().map(|t| (t.payload.effect(), t.payload.epoch)).collect();
    assert_eq!(told, [(sla::ClockEffect::Reopen, 1), (sla::ClockEffect::Reopen, 2)]);
}

#[tokio::test]
async fn the_two_hours_of_an_interruption_are_met_by_saying_why_and_until_when_and_by_no_other_message() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::incident(at(RECEIVED)).about("continuity");
    world.open(&ticket).await;
    let message = |visibility: ticketing::MessageVisibility| ticketing::MessageAdded {
        ticket: ticket.name.clone(),
        message: format!("{}/messages/1", ticket.name),
        direction: Direction::Outbound.into(),
        visibility: visibility.into(),
        ..ticketing::MessageAdded::default()
    };
    let internal = message(ticketing::MessageVisibility::Internal);
    world.ticketing.write(&ticket.name, &internal, at("2026-11-02T10:30:00+01:00")).await;
    let public = message(ticketing::MessageVisibility::Public);
    world.ticketing.write(&ticket.name, &public, at("2026-11-02T11:00:00+01:00")).await;
    let explanation =
        ticketing::Explanation { expected_time: Some(wire(at("2026-11-02T15:00:00+01:00"))), signposts: false };
    let why = ticketing::MessageAdded { explanation: Some(explanation), ..public };
    world.ticketing.write(&ticket.name, &why, at("2026-11-02T11:30:00+01:00")).await;
    let answered = |c: &[sla::Clock]| c.iter().any(|c| c.state() == sla::ClockState::Fulfilled);
    let clocks = clocks_that(&served, &ticket.name, answered).await;
    let of = |rule: &str| clocks.iter().find(|c| c.rule == rule).unwrap();
    let two_hours = of("es.l10-2025.17-2.continuity");
    assert_eq!(read(two_hours.due_time), Some(at("2026-11-02T12:00:00+01:00")));
    assert_eq!(read(two_hours.settled_time), Some(at("2026-11-02T11:30:00+01:00")));
    assert_eq!(of("es.l10-2025.17-1.resolve").state(), sla::ClockState::Running);
}

#[tokio::test]
async fn what_an_explanation_met_stays_met_when_the_answer_is_found_not_to_hold() {
    let world = World::new().await;
    let served = world.start().await;
    let [told, silent] = [0, 1].map(|_| Ticket::incident(at(RECEIVED)).about("continuity"));
    for ticket in [&told, &silent] {
        world.open(ticket).await;
    }
    let why = ticketing::MessageAdded {
        ticket: told.name.clone(),
        message: format!("{}/messages/1", told.name),
        direction: Direction::Outbound.into(),
        visibility: ticketing::MessageVisibility::Public.into(),
        explanation: Some(ticketing::Explanation {
            expected_time: Some(wire(at("2026-11-02T15:00:00+01:00"))),
            signposts: false,
        }),
        ..ticketing::MessageAdded::default()
    };
    world.ticketing.write(&told.name, &why, at("2026-11-02T10:20:00+01:00")).await;
    let again = (State::Resolved, State::InProgress);
    for ticket in [&told, &silent] {
        world.resolve(ticket, at("2026-11-02T11:00:00+01:00")).await;
        world.transition(ticket, again, "customer_objects", at("2026-11-02T14:00:00+01:00")).await;
    }
    let anew = |c: &sla::Clock| c.rule == "es.l10-2025.17-2.continuity" && c.epoch == 2;
    clocks_that(&served, &silent.name, |clocks| clocks.iter().any(anew)).await;
    let clocks = clocks_that(&served, &told.name, |clocks| !clocks.is_empty()).await;
    let two_hours = clocks.iter().find(|c| c.rule == "es.l10-2025.17-2.continuity").unwrap();
    assert_eq!((two_hours.state(), two_hours.epoch), (sla::ClockState::Fulfilled, 1));
    assert_eq!(read(two_hours.settled_time), Some(at("2026-11-02T10:20:00+01:00")));
    let settled = world.told::<sla::ClockSettled>().await;
    assert_eq!(settled.iter().filter(|told| told.payload.clock == two_hours.name).count(), 1, "{settled:?}");
}

#[tokio::test]
async fn a_holding_reply_lengthens_the_term_of_payment_services_and_no_other() {
    let world = World::new().await;
    let served = world.start().await;
    let payment = Ticket::complaint(at(RECEIVED)).of_sector("payment-services");
    let general = Ticket::complaint(at(RECEIVED));
    for ticket in [&payment, &general] {
        world.open(ticket).await;
        let sent = ticketing::HoldingReplySent { ticket: ticket.name.clone(), ..Default::default() };
        world.ticketing.write(&ticket.name, &sent, at("2026-11-04T10:00:00+01:00")).await;
        // A second one lengthens nothing more.
        world.ticketing.write(&ticket.name, &sent, at("2026-11-05T10:00:00+01:00")).await;
    }
    let marker = Ticket::complaint(at(RECEIVED));
    world.open(&marker).await;
    clock_in(&served, &marker.name, sla::ClockState::Running).await;
    let of = |clocks: Vec<sla::Clock>, rule: &str| {
        clocks.into_iter().find(|clock| clock.rule == rule).unwrap_or_else(|| panic!("no clock of {rule}"))
    };
    let lengthened = of(clocks_that(&served, &payment.name, |_| true).await, "es.fin.pay.decide");
    // One month from the second of November, date to date.
    assert_eq!(read(lengthened.due_time), Some(at("2026-12-02T22:59:59.999999Z")));
    assert_eq!(lengthened.extensions, []);
    let as_it_was = of(clocks_that(&served, &general.name, |_| true).await, "es.l10-2025.17-1.resolve");
    let alone = clock_in(&served, &marker.name, sla::ClockState::Running).await;
    assert_eq!(as_it_was.due_time, alone.due_time);
    let effects: Vec<_> = world.told::<sla::ClockMoved>().await.iter().map(|t| t.payload.effect()).collect();
    assert_eq!(effects, [sla::ClockEffect::Extend]);
}

#[tokio::test]
async fn a_request_that_was_withdrawn_puts_nothing_off_however_often_it_is_made() {
    let world = World::new().await;
    let served = world.start().await;
    let (parked, twin) = (Ticket::complaint(at(RECEIVED)), Ticket::complaint(at(RECEIVED)));
    let (wait, back) = ((State::InProgress, State::Pending), (State::Pending, State::InProgress));
    for ticket in [&parked, &twin] {
        world.open(ticket).await;
    }
    // On the last day, and again for weeks.
    for (asked, withdrawn) in
        [("2026-11-23T09:00:00", "2026-11-23T09:00:01"), ("2026-11-23T09:00:02", "2026-12-21T09:00:00")]
    {
        world.transition(&parked, wait, "cure_requested", at(&format!("{asked}+01:00"))).await;
        world.transition(&parked, back, "cure_withdrawn", at(&format!("{withdrawn}+01:00"))).await;
    }
    let marker = Ticket::complaint(at(RECEIVED));
    world.open(&marker).await;
    clock_in(&served, &marker.name, sla::ClockState::Running).await;
    let [parked, twin] = [
        clock_in(&served, &parked.name, sla::ClockState::Running).await,
        clock_in(&served, &twin.name, sla::ClockState::Running).await,
    ];
    assert_eq!((parked.due_time, parked.epoch, parked.origin_time), (twin.due_time, 1, twin.origin_time));
}

#[tokio::test]
async fn a_term_that_is_lengthened_is_told_to_be_in_danger_only_as_its_run_stands_now() {
    let world = World::new().await;
    let served = world.start().await;
    let effect = |event: &str, effect: sla::ClockEffect, max_total: &str| sla::PolicyEffect {
        event: event.to_owned(),
        effect: effect.into(),
        max_total: max_total.to_owned(),
        grounds: vec![event.to_owned()],
    };
    // Both warn an hour and a minute before their end, which is at once; one is lengthened by that minute alone.
    let by = [("by-hours", "billing", "600min", 0), ("by-a-minute", "legal", "61min", 75)];
    for (name, department, max_total, _) in by {
        let mut own = policy(name, sla::PolicyMetric::Resolution, "60min");
        let longer = effect("holding_reply", sla::ClockEffect::Extend, max_total);
        own.effects = vec![longer, effect("documents_missing", sla::ClockEffect::Pause, "")];
        let measure = own.measure.as_mut().unwrap();
        measure.warnings = vec![sla::PolicyWarning { at: Some(sla::policy_warning::At::LeadMinutes(61)) }];
        let departments = vec![department.to_owned()];
        measure.filter = Some(sla::PolicyFilter { departments, ..Default::default() });
        activate(&served, &put(&served, own).await.unwrap(), None).await.unwrap();
    }
    for (name, department, _, warned) in by {
        let ticket = Ticket { department, ..inquiry(world.now().await) };
        world.open(&ticket).await;
        let clock = clock_of(&served, &ticket, name, |_| true).await.name;
        eventually(SOON, || async {
            let told = world.told::<sla::WarningRaised>().await;
            if told.iter().any(|told| told.payload.clock == clock) { Ok(()) } else { Err("no warning") }
        })
        .await;
        let sent = ticketing::HoldingReplySent { ticket: ticket.name.clone(), ..Default::default() };
        world.ticketing.write(&ticket.name, &sent, world.now().await).await;
        let wait = (State::InProgress, State::Pending);
        world.transition(&ticket, wait, "documents_missing", world.now().await).await;
        world.transition(&ticket, (State::Pending, State::InProgress), "customer_answered", world.now().await).await;
        let moves = eventually(SOON, || async {
            let told = world.told::<sla::ClockMoved>().await.into_iter().map(|told| told.payload);
            let moves: Vec<_> = told.filter(|moved| moved.clock == clock).collect();
            if moves.len() == 3 { Ok(moves) } else { Err(moves) }
        })
        .await;
        let told: Vec<_> = moves.iter().map(|moved| (moved.effect(), moved.warned_percent)).collect();
        let lengthened = (sla::ClockEffect::Extend, Some(warned));
        assert_eq!(told, [lengthened, (sla::ClockEffect::Pause, None), (sla::ClockEffect::Resume, Some(warned))]);
    }
}

#[tokio::test]
async fn a_warning_that_has_passed_and_was_not_raised_yet_is_told_by_no_move() {
    let world = World::new().await;
    let mut settings = world.settings();
    settings.due.late_entry_quiet_ms = 3_600_000;
    let served = world.start_with(settings).await;
    let ticket = Ticket::complaint(at("2026-03-02T10:00:00+01:00")).of_sector("payment-services");
    world.open(&ticket).await;
    let sent = ticketing::HoldingReplySent { ticket: ticket.name.clone(), ..Default::default() };
    world.ticketing.write(&ticket.name, &sent, at("2026-03-04T10:00:00+01:00")).await;
    let lengthened = |c: &sla::Clock| read(c.due_time) == Some(at("2026-04-02T21:59:59.999999Z"));
    clocks_that(&served, &ticket.name, |clocks| clocks.iter().any(lengthened)).await;
    let told = world.told::<sla::ClockMoved>().await;
    let told: Vec<_> = told.iter().map(|told| (told.payload.effect(), told.payload.warned_percent)).collect();
    assert_eq!(told, [(sla::ClockEffect::Extend, Some(0))]);
}

#[tokio::test]
async fn what_comes_after_a_breach_that_was_told_and_changes_nothing_tells_nobody_of_a_correction() {
    let world = World::new().await;
    let served = world.start().await;
    let draft = put(&served, policy("wait", sla::PolicyMetric::RequesterWait, "1s")).await.unwrap();
    activate(&served, &draft, None).await.unwrap();
    let ticket = inquiry(world.now().await);
    world.open(&ticket).await;
    let told = eventually(SOON, || async {
        let told = world.told::<sla::ClockBreached>().await;
        told.into_iter().find(|told| told.payload.rule == "wait").ok_or("no breach")
    })
    .await;
    // A term that is over does not stand still, and its breach stands as it did.
    let wait = (State::InProgress, State::Pending);
    world.transition(&ticket, wait, "documents_missing", world.now().await).await;
    world.caught_up(&served).await;
    let clock = clock_of(&served, &ticket, "wait", |_| true).await;
    assert_eq!((clock.state(), clock.breached_time), (sla::ClockState::Running, told.payload.breached_time));
    let moves = world.told::<sla::ClockMoved>().await;
    assert!(moves.iter().all(|told| told.payload.clock != clock.name), "{moves:?}");
}
