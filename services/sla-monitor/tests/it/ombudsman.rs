//! Clocks of the ombudsman's office.

use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::sla::v1 as sla;

use crate::world::{Ticket, World, at, clock_in, clocks_that, read, wire};

const FILED: &str = "2026-11-02T10:00:00+01:00";

/// A name of its own.
fn a_case() -> String {
    let ambient = kernel::Ambient::system();
    format!("cases/{}", ambient.uuid(ambient.now()))
}

fn opened(case: &str, ticket: &Ticket, regime: &str) -> office::CaseOpened {
    office::CaseOpened {
        case_name: case.to_owned(),
        ticket: ticket.name.clone(),
        customer: ticket.customer.clone(),
        regime: regime.to_owned(),
        filed_at_entity_time: Some(wire(at(FILED))),
        filed_at_office_time: Some(wire(at("2026-11-10T10:00:00+01:00"))),
    }
}

fn moved(case: &str, from: office::CaseState, to: office::CaseState) -> office::CaseTransitioned {
    office::CaseTransitioned {
        case_name: case.to_owned(),
        from_state: from.into(),
        to_state: to.into(),
        ..office::CaseTransitioned::default()
    }
}

#[tokio::test]
async fn a_finance_case_counts_from_the_door_of_the_firm_and_its_decision_starts_the_notification() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(FILED)).of_sector("finance");
    world.open(&ticket).await;
    clock_in(&served, &ticket.name, sla::ClockState::Running).await;
    let case = a_case();
    let case = case.as_str();
    world.ombudsman.write(case, &opened(case, &ticket, "es.finance"), at("2026-11-10T10:00:00+01:00")).await;
    let deciding = clock_in(&served, case, sla::ClockState::Running).await;
    assert_eq!(deciding.rule, "es.fin.29septies-1.decide");
    assert_eq!(read(deciding.due_time), Some(at("2026-12-02T22:59:59.999999Z")));
    let issued = office::DecisionIssued {
        case_name: case.to_owned(),
        ticket: ticket.name.clone(),
        customer: ticket.customer.clone(),
        ..office::DecisionIssued::default()
    };
    world.ombudsman.write(case, &issued, at("2026-11-16T10:00:00+01:00")).await;
    let clocks = clocks_that(&served, case, |c| c.len() == 2).await;
    let of = |rule: &str| clocks.iter().find(|c| c.rule == rule).unwrap();
    assert_eq!(of("es.fin.29septies-1.decide").state(), sla::ClockState::Fulfilled);
    let notify = of("es.fin.29septies-3.notify");
    assert_eq!(read(notify.due_time), Some(at("2026-11-26T22:59:59.999999Z")));
    // The defender's decision is the firm's.
    clock_in(&served, &ticket.name, sla::ClockState::Fulfilled).await;
    let told = moved(case, office::CaseState::Decided, office::CaseState::Notified);
    world.ombudsman.write(case, &told, at("2026-11-17T10:00:00+01:00")).await;
    let all_met = |c: &[sla::Clock]| c.iter().all(|c| c.state() == sla::ClockState::Fulfilled);
    assert_eq!(clocks_that(&served, case, all_met).await.len(), 2);
}

#[tokio::test]
async fn a_cure_asked_by_the_office_pauses_the_case_and_a_refusal_ends_it_in_time() {
    use office::CaseState as S;
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(FILED)).of_sector("finance");
    let case = a_case();
    let case = case.as_str();
    world.ombudsman.write(case, &opened(case, &ticket, "es.finance"), at("2026-11-10T10:00:00+01:00")).await;
    world.ombudsman.write(case, &moved(case, S::Registered, S::NeedsCure), at("2026-11-11T10:00:00+01:00")).await;
    clock_in(&served, case, sla::ClockState::Paused).await;
    world.ombudsman.write(case, &moved(case, S::NeedsCure, S::Registered), at("2026-11-13T10:00:00+01:00")).await;
    let running = clock_in(&served, case, sla::ClockState::Running).await;
    assert_eq!(read(running.due_time), Some(at("2026-12-04T22:59:59.999999Z")));
    let proposed = moved(case, S::Registered, S::InadmissibleProposed);
    world.ombudsman.write(case, &proposed, at("2026-11-16T10:00:00+01:00")).await;
    clock_in(&served, case, sla::ClockState::Paused).await;
    let refused = moved(case, S::InadmissibleProposed, S::Inadmissible);
    world.ombudsman.write(case, &refused, at("2026-11-20T10:00:00+01:00")).await;
    let ended = clock_in(&served, case, sla::ClockState::Fulfilled).await;
    assert_eq!(ended.breached_time, None);
}

#[tokio::test]
async fn a_case_of_no_statutory_regime_has_the_houses_standard_from_the_office() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(FILED));
    let case = a_case();
    let case = case.as_str();
    world.ombudsman.write(case, &opened(case, &ticket, "es.general"), at("2026-11-10T10:00:00+01:00")).await;
    let clock = clock_in(&served, case, sla::ClockState::Running).await;
    assert_eq!((clock.rule.as_str(), clock.kind()), ("house.office.decide", sla::PolicyKind::Sla));
    assert_eq!(read(clock.origin_time), Some(at("2026-11-10T10:00:00+01:00")));
}

#[tokio::test]
async fn a_stayed_finance_case_stands_still_and_one_closed_so_ends_without_a_verdict() {
    use office::CaseState as S;
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(FILED)).of_sector("finance");
    let case = a_case();
    let case = case.as_str();
    world.ombudsman.write(case, &opened(case, &ticket, "es.finance"), at("2026-11-10T10:00:00+01:00")).await;
    world.ombudsman.write(case, &moved(case, S::Investigation, S::Stayed), at("2026-11-11T10:00:00+01:00")).await;
    clock_in(&served, case, sla::ClockState::Paused).await;
    world.ombudsman.write(case, &moved(case, S::Stayed, S::Investigation), at("2026-11-13T10:00:00+01:00")).await;
    let running = clock_in(&served, case, sla::ClockState::Running).await;
    // 2 December, and the two days at whose end it stood still.
    assert_eq!(read(running.due_time), Some(at("2026-12-04T22:59:59.999999Z")));
    world.ombudsman.write(case, &moved(case, S::Investigation, S::Stayed), at("2026-11-16T10:00:00+01:00")).await;
    world.ombudsman.write(case, &moved(case, S::Stayed, S::Closed), at("2026-11-20T10:00:00+01:00")).await;
    clock_in(&served, case, sla::ClockState::Cancelled).await;
}

#[tokio::test]
async fn a_settlement_meets_the_term_and_a_forwarded_case_leaves_the_tickets_running() {
    use office::CaseState as S;
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(FILED)).of_sector("finance");
    world.open(&ticket).await;
    let (settled, forwarded) = (a_case(), a_case());
    for case in [settled.as_str(), forwarded.as_str()] {
        world.ombudsman.write(case, &opened(case, &ticket, "es.finance"), at("2026-11-10T10:00:00+01:00")).await;
    }
    let agreed = moved(&settled, S::Conciliation, S::Settled);
    world.ombudsman.write(&settled, &agreed, at("2026-11-20T10:00:00+01:00")).await;
    let met = clock_in(&served, &settled, sla::ClockState::Fulfilled).await;
    assert_eq!(met.breached_time, None);
    let elsewhere = moved(&forwarded, S::Registered, S::ForwardedInternally);
    world.ombudsman.write(&forwarded, &elsewhere, at("2026-11-11T10:00:00+01:00")).await;
    clock_in(&served, &forwarded, sla::ClockState::Cancelled).await;
    clock_in(&served, &ticket.name, sla::ClockState::Running).await;
}

#[tokio::test]
async fn what_the_office_orders_falls_due_when_it_says_and_is_met_when_the_proof_came() {
    let world = World::new().await;
    let served = world.start().await;
    let ticket = Ticket::complaint(at(FILED));
    let case = a_case();
    let case = case.as_str();
    world.ombudsman.write(case, &opened(case, &ticket, "es.general"), at("2026-11-10T10:00:00+01:00")).await;
    let due = at("2026-11-20T23:00:00Z");
    for (number, kind) in [(1, office::ObligationKind::Order), (2, office::ObligationKind::Recommendation)] {
        let set = office::ObligationSet {
            case_name: case.to_owned(),
            obligation: format!("{case}/obligations/{number}"),
            kind: kind.into(),
            department: "billing".to_owned(),
            due_time: Some(wire(due)),
        };
        world.ombudsman.write(case, &set, at("2026-11-11T10:00:00+01:00")).await;
    }
    let order = format!("{case}/obligations/1");
    let owed = clocks_that(&served, &order, |c| c.len() == 1).await.remove(0);
    assert_eq!((owed.rule.as_str(), owed.stage.as_str()), ("house.office.comply", "comply"));
    assert_eq!((read(owed.due_time), owed.department.as_str()), (Some(due), "billing"));
    let other = format!("{case}/obligations/2");
    let asked = clocks_that(&served, &other, |c| c.len() == 1).await.remove(0);
    assert_eq!(asked.rule, "house.office.recommendation");
    // Told long after it was over, and kept all the same.
    let met = office::ObligationMet { case_name: case.to_owned(), obligation: order.clone() };
    world.ombudsman.write(case, &met, at("2026-11-20T09:00:00Z")).await;
    let kept = clock_in(&served, &order, sla::ClockState::Fulfilled).await;
    assert_eq!((kept.breached_time, read(kept.settled_time)), (None, Some(at("2026-11-20T09:00:00Z"))));
    // All the clocks of a case are found by it.
    assert_eq!(clocks_that(&served, case, |c| c.len() == 3).await.len(), 3);
}
