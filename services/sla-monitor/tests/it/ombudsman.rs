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
