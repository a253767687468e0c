//! Clocks of the ombudsman's office.

use kernel::Role;
use testkit::Served;
use ventanilla_proto::ombudsman::v1 as office;
use ventanilla_proto::sla::v1 as sla;

use crate::house::{in_force, minutes, policy, put};
use crate::world::{Ticket, World, at, client, clock_in, clocks_that, fields, read, wire};

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
        brought_with: Vec::new(),
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
    let why = sla::ExplainClockRequest { name: owed.name.clone() };
    let why = client(&served, Role::OfficeIntake).explain_clock(why).await.unwrap().into_inner().proof.unwrap();
    let ordered = "Según lo ordenado por la decisión que vincula a la empresa, el último instante en plazo es el 21-11-2026 00:00:00";
    assert!(
        why.sentence_es.starts_with(ordered) && why.sentence_es.contains("lo fijó la oficina"),
        "{}",
        why.sentence_es
    );
    assert!(!why.sentence_en.contains("Promised"), "{}", why.sentence_en);
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

/// A clock of a subject under a policy, when it fits.
async fn clock_under(served: &Served, subject: &str, policy: &str, fits: impl Fn(&sla::Clock) -> bool) -> sla::Clock {
    let of = |clocks: &[sla::Clock]| clocks.iter().find(|c| c.rule == policy && fits(c)).cloned();
    let clocks = clocks_that(served, subject, |clocks| of(clocks).is_some()).await;
    of(&clocks).unwrap()
}

#[tokio::test]
async fn the_house_measures_how_long_its_office_takes_and_how_long_an_order_is_left_undone() {
    use office::CaseState as S;
    use sla::ClockState as C;
    let world = World::new().await;
    let served = world.start().await;
    let filtered = |name, metric, term, filter| {
        let mut policy = policy(name, metric, term);
        policy.measure.as_mut().unwrap().filter = Some(filter);
        policy
    };
    let finance = || sla::PolicyFilter { sectors: vec!["es.finance".to_owned()], ..Default::default() };
    let billing = sla::PolicyFilter { departments: vec!["billing".to_owned()], ..Default::default() };
    in_force(&world, &served, filtered("deciding", sla::PolicyMetric::DecideCase, "120min", finance())).await;
    in_force(&world, &served, policy("telling", sla::PolicyMetric::NotifyDecision, "60min")).await;
    let (_, filed) = in_force(&world, &served, filtered("doing", sla::PolicyMetric::Comply, "90min", billing)).await;
    let ticket = Ticket::complaint(filed).of_sector("finance");
    let file = |case: &str, regime: &str| office::CaseOpened {
        filed_at_entity_time: Some(wire(minutes(filed, -600))),
        filed_at_office_time: Some(wire(filed)),
        ..opened(case, &ticket, regime)
    };
    let [decided, settled, general] = [a_case(), a_case(), a_case()];
    for (case, regime) in [(&decided, "es.finance"), (&settled, "es.finance"), (&general, "es.general")] {
        world.ombudsman.write(case, &file(case, regime), filed).await;
    }
    // From the office's door on, whenever the firm was told; notifying waits for a decision.
    let deciding = clock_under(&served, &decided, "deciding", |c| c.state() == C::Running).await;
    assert_eq!(read(deciding.due_time), Some(minutes(filed, 120)));
    let why = sla::ExplainClockRequest { name: deciding.name.clone() };
    let why = client(&served, Role::OfficeIntake).explain_clock(why).await.unwrap().into_inner().proof.unwrap();
    assert!(
        why.chosen_because_en.contains("the first policy of the house on «decide_case» that holds: deciding"),
        "{}",
        why.chosen_because_en
    );
    clock_under(&served, &decided, "telling", |c| c.state() == C::Scheduled).await;
    let of_general = clocks_that(&served, &general, |c| c.len() == 2).await;
    assert!(of_general.iter().all(|c| c.rule != "deciding"), "its filter names another regime: {of_general:?}");
    // The claimant's hour is not the office's.
    world.ombudsman.write(&decided, &moved(&decided, S::Registered, S::NeedsCure), minutes(filed, 10)).await;
    world.ombudsman.write(&decided, &moved(&decided, S::NeedsCure, S::Registered), minutes(filed, 70)).await;
    let due = |at| move |c: &sla::Clock| read(c.due_time) == Some(at);
    clock_under(&served, &decided, "deciding", due(minutes(filed, 180))).await;
    let issued = office::DecisionIssued {
        case_name: decided.clone(),
        ticket: ticket.name.clone(),
        customer: ticket.customer.clone(),
        ..Default::default()
    };
    world.ombudsman.write(&decided, &issued, minutes(filed, 181)).await;
    let late = clock_under(&served, &decided, "deciding", |c| c.state() == C::Fulfilled).await;
    assert_eq!(read(late.breached_time), Some(minutes(filed, 180)));
    let telling = clock_under(&served, &decided, "telling", |c| c.state() == C::Running).await;
    assert_eq!(read(telling.due_time), Some(minutes(filed, 241)));
    world.ombudsman.write(&decided, &moved(&decided, S::Decided, S::Notified), minutes(filed, 241)).await;
    let told = clock_under(&served, &decided, "telling", |c| c.state() == C::Fulfilled).await;
    assert_eq!(told.breached_time, None, "at the last instant is in time");
    // What takes the place of a decision ends the one and leaves nothing of the other.
    world.ombudsman.write(&settled, &moved(&settled, S::Conciliation, S::Settled), minutes(filed, 100)).await;
    let kept = clock_under(&served, &settled, "deciding", |c| c.state() == C::Fulfilled).await;
    assert_eq!(kept.breached_time, None);
    clock_under(&served, &settled, "telling", |c| c.state() == C::Cancelled).await;
    // Each order by itself, of the department that carries it out, beside the term that the office gave.
    let order = |number: u32| format!("{decided}/obligations/{number}");
    for (number, department) in [(1, "billing"), (2, "billing"), (3, "legal")] {
        let set = office::ObligationSet {
            case_name: decided.clone(),
            obligation: order(number),
            kind: office::ObligationKind::Order.into(),
            department: department.to_owned(),
            due_time: Some(wire(minutes(filed, 6_000))),
        };
        world.ombudsman.write(&decided, &set, minutes(filed, 300)).await;
    }
    let met = office::ObligationMet { case_name: decided.clone(), obligation: order(1) };
    world.ombudsman.write(&decided, &met, minutes(filed, 389)).await;
    let done = clock_under(&served, &order(1), "doing", |c| c.state() == C::Fulfilled).await;
    assert_eq!((read(done.due_time), done.breached_time), (Some(minutes(filed, 390)), None));
    clock_under(&served, &order(2), "doing", |c| c.state() == C::Running).await;
    let of_legal = clocks_that(&served, &order(3), |c| !c.is_empty()).await;
    assert_eq!(of_legal.iter().map(|c| c.rule.as_str()).collect::<Vec<_>>(), ["house.office.comply"]);
    world.ombudsman.write(&decided, &moved(&decided, S::Notified, S::Closed), minutes(filed, 400)).await;
    let undone = clock_under(&served, &order(2), "doing", |c| c.state() == C::Cancelled).await;
    assert_eq!(read(undone.breached_time), Some(minutes(filed, 390)), "what was missed stays missed");
}

#[tokio::test]
async fn a_policy_about_cases_asks_for_nothing_that_the_office_does_not_know() {
    use ventanilla_proto::ticketing::v1::{Severity, TicketType};
    use ventanilla_proto::r#type::v1::{Channel, Language};
    let world = World::new().await;
    let served = world.start().await;
    let mut wrong = policy("wrong", sla::PolicyMetric::DecideCase, "15bd");
    wrong.effects = vec![sla::PolicyEffect {
        event: "waits".to_owned(),
        effect: sla::ClockEffect::Pause.into(),
        grounds: vec!["third_party".to_owned()],
        ..Default::default()
    }];
    let measure = wrong.measure.as_mut().unwrap();
    let first_reply = policy("x", sla::PolicyMetric::FirstReply, "1h");
    assert!(first_reply.measure.unwrap().conditions.is_none());
    measure.conditions = Some(sla::PolicyConditions {
        start: vec![sla::Occasion::Received.into()],
        stop: vec![sla::Occasion::Resolved.into()],
        ..Default::default()
    });
    measure.filter = Some(sla::PolicyFilter {
        ticket_types: vec![TicketType::Queja.into()],
        topics: vec!["billing".to_owned()],
        sectors: vec!["es.finance".to_owned()],
        departments: vec!["billing".to_owned()],
        channels: vec![Channel::Phone.into()],
        severities: vec![Severity::High.into()],
        languages: vec![Language::Es.into()],
        served_first: Some(true),
        queues: vec!["invoices".to_owned()],
    });
    (measure.retroactive_start, measure.retroactive_pause) = (true, true);
    let refused = put(&served, wrong).await.unwrap_err();
    let of_measure = [
        "conditions",
        "filter.ticket_types",
        "filter.topics",
        "filter.departments",
        "filter.channels",
        "filter.severities",
        "filter.languages",
        "filter.served_first",
        "retroactive_start",
        "retroactive_pause",
        "filter.queues",
    ];
    let mut expected = vec!["policy.effects".to_owned()];
    expected.extend(of_measure.map(|field| format!("policy.measure.{field}")));
    assert_eq!(fields(&refused), expected);
    // Conditions of affairs name nothing of cases, and a regime is no sector of theirs.
    let mut of_affairs = policy("of-affairs", sla::PolicyMetric::FirstReply, "1h");
    let measure = of_affairs.measure.as_mut().unwrap();
    measure.conditions = Some(sla::PolicyConditions {
        start: vec![sla::Occasion::Decided.into()],
        stop: vec![sla::Occasion::Resolved.into()],
        ..Default::default()
    });
    measure.filter = Some(sla::PolicyFilter { sectors: vec!["es.finance".to_owned()], ..Default::default() });
    let refused = put(&served, of_affairs).await.unwrap_err();
    assert_eq!(fields(&refused), ["policy.measure.conditions", "policy.measure.filter.sectors[0]"]);
    // What is told of the fixed conditions may be sent back.
    let draft = put(&served, policy("right", sla::PolicyMetric::Comply, "5bd")).await.unwrap();
    let told = draft.measure.clone().unwrap().conditions.unwrap();
    assert_eq!(told.stop, [i32::from(sla::Occasion::ObligationMet)]);
    put(&served, draft).await.unwrap();
}
