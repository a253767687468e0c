//! After the decision: what it does, what is ordered, whether it is carried out.

use ledger::{Follower, Ledger, Received, Standings};
use ombudsman_escalation::{SOURCE, reactions::sla_monitor::Clocks};
use prost::{Message as _, Name as _};
use tonic::Code;
use ventanilla_proto::ledger::v1::Entry;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::sla::v1 as sla;
use ventanilla_proto::r#type::v1::{Actor, ActorKind};

use crate::world::{World, fields, reason, refusal, time, uuid_of};

fn order(claim_point: &str, term_days: i32) -> pb::ComplianceOrder {
    pb::ComplianceOrder { claim_point: claim_point.into(), department: "billing".into(), term_days }
}

/// A finance case in which the firm owes the refund within ten days: until the end of 3 December.
async fn ordered(world: &World) -> (String, String) {
    let case = world.told_under("es.finance").await;
    act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: vec![order("p1", 10)]).unwrap();
    let owed = world.owed(&case).await;
    (case, owed[0].name.clone())
}

/// sla-monitor tells that the time of the obligation was over when it was due.
pub async fn breached(world: &World, obligation: &str, position: i64) {
    breached_before(world, obligation, position, 0).await;
}

/// The same of a clock that was over so many seconds before the obligation is.
async fn breached_before(world: &World, obligation: &str, position: i64, seconds: i64) {
    let ledger = Ledger::open(world.database.db().await, SOURCE);
    let ambient = world.harness.surroundings.ambient.clone();
    let clocks = Clocks::new(ambient.clone());
    let follower = Follower::new(ledger, "sla-monitor", clocks, ambient, Standings::new(&["sla-monitor"]));
    let owed = world.owed(crate::acts::case_of(obligation)).await;
    let due_time = owed.into_iter().find(|owed| owed.name == obligation).and_then(|owed| owed.due_time);
    let due_time = due_time.map(|due| prost_types::Timestamp { seconds: due.seconds - seconds, ..due });
    let payload = sla::ClockBreached {
        clock: "clocks/9".into(),
        subject: obligation.to_owned(),
        breached_time: due_time,
        ..Default::default()
    };
    let actor = Actor { kind: ActorKind::System.into(), id: "sla-monitor".into(), department: String::new() };
    let entry = Entry {
        position,
        aggregate: "clocks/9".into(),
        r#type: sla::ClockBreached::full_name(),
        occurred_time: due_time,
        recorded_time: due_time,
        actor: Some(actor),
        payload: payload.encode_to_vec(),
        ..Default::default()
    };
    follower.apply(&[Received::read(entry).unwrap()]).await.unwrap();
}

#[tokio::test]
async fn what_was_upheld_is_ordered_carried_out_with_proof_and_closed() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    let orders = vec![order("p2", 10), order("p9", 10)];
    let unfit = act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: orders).unwrap_err();
    assert_eq!(reason(&unfit), (Code::InvalidArgument, "ORDERS_UNFIT".into()));
    assert_eq!(fields(&unfit), ["orders[0].claim_point", "orders[1].claim_point", "orders"]);
    let one_each = (0..60).map(|n| order(&format!("p{n}"), 10)).collect::<Vec<_>>();
    let many = act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: one_each).unwrap_err();
    assert_eq!(reason(&many).1, "ORDERS_UNFIT", "as many as there are points");
    assert_eq!(world.stands(&case).await, S::Notified);

    let ordered = act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: vec![order("p1", 10)]);
    assert_eq!(ordered.unwrap().state(), S::Compliance);
    let told = world.told(&case).await;
    assert_eq!((told.bound_by(), told.bind_time.is_some()), (pb::BoundBy::Law, true));
    let moves = world.moves(&case).await;
    assert_eq!(moves[moves.len() - 2..], [(S::Notified, S::Binding), (S::Binding, S::Compliance)]);
    let owed = world.owed(&case).await;
    assert_eq!((owed.len(), owed[0].claim_point.as_str(), owed[0].department.as_str()), (1, "p1", "billing"));
    assert_eq!(owed[0].due_time, time("2026-12-03T23:00:00Z"));
    assert_eq!(world.get(&case).await.next_due_time, owed[0].due_time, "what was ordered is the next to be kept");
    let set = world.entries::<pb::ObligationSet>().await;
    assert_eq!((set.len(), &set[0].obligation, set[0].due_time), (1, &owed[0].name, owed[0].due_time));
    let paper = world.papers(&case, pb::DossierKind::ComplianceOrder).await;
    assert!(paper[0].contains("refunds the second charge") && paper[0].contains("billing"), "{paper:?}");

    let name = owed[0].name.as_str();
    let nothing = act!(world, "oscar", review_execution, ReviewExecutionRequest, name, holds: true, reasons: "seen");
    assert_eq!(reason(&nothing.unwrap_err()), (Code::FailedPrecondition, "NO_PROOF_PENDING".into()));
    world.days(3);
    act!(world, "liaison", prove_execution, ProveExecutionRequest, name, proof: "transfer of 26 November").unwrap();
    let twice = act!(world, "liaison", prove_execution, ProveExecutionRequest, name, proof: "and another");
    assert_eq!(reason(&twice.unwrap_err()), (Code::FailedPrecondition, "PROOF_PENDING".into()));
    assert_eq!(reason(&world.close(&case).await.unwrap_err()).1, "CASE_STATE");
    world.days(20);
    let held = act!(world, "oscar", review_execution, ReviewExecutionRequest, name, holds: true, reasons: "it arrived");
    assert_eq!(held.unwrap().state(), S::Complied);
    // It was done when the proof came.
    let done = world.owed(&case).await.remove(0);
    assert_eq!((done.met_time, done.proof_time), (time("2026-11-26T09:00:00Z"), time("2026-11-26T09:00:00Z")));
    let occurred: String = sqlx::query_scalar(
        "select max(occurred_at)::text from (select type, occurred_at from ombudsman.ledger
            union all select type, occurred_at from ombudsman.ledger_inbox) written where type = $1",
    )
    .bind(pb::ObligationMet::full_name())
    .fetch_one(&world.database.admin().await)
    .await
    .unwrap();
    assert!(occurred.starts_with("2026-11-26 09:00:00"), "{occurred}");
    assert_eq!(world.get(&case).await.next_due_time, None);
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
    assert_eq!(world.told(&case).await.came_from(), S::Complied);
}

#[tokio::test]
async fn an_order_that_is_not_carried_out_is_overdue_once_reported_and_may_be_done_late() {
    let world = World::staffed().await;
    let (case, name) = ordered(&world).await;
    world.days(12);
    breached(&world, &name, 1).await;
    breached(&world, &name, 2).await;
    assert_eq!(world.stands(&case).await, S::Overdue);
    let overdue = world.entries::<pb::ObligationOverdue>().await;
    assert_eq!((overdue.len(), &overdue[0].obligation), (1, &name));
    assert_eq!(world.papers(&case, pb::DossierKind::Overdue).await.len(), 1);
    assert_eq!(world.moves(&case).await.last(), Some(&(S::Compliance, S::Overdue)));
    assert!(world.owed(&case).await[0].overdue_time.is_some());
    assert_eq!(
        world.get(&case).await.next_due_time,
        world.owed(&case).await[0].due_time,
        "it is late until it is reported"
    );
    let verdict = pb::VerifyDossierRequest { name: case.clone() };
    assert!(world.elena().verify_dossier(verdict).await.unwrap().into_inner().intact);

    let told = world.told(&case).await;
    assert_eq!(told.reports_to, "the board of directors of the firm, and the supervisor it answers to");
    let reported = act!(world, "elena", report_overdue, ReportOverdueRequest, &case, report: "nothing was refunded");
    assert_eq!(reported.unwrap().state(), S::Reported);
    assert_eq!(world.get(&case).await.next_due_time, None, "the office has done what it may");
    let paper = world.papers(&case, pb::DossierKind::OverdueReport).await;
    assert_eq!(
        paper,
        ["Se comunica al consejo de administración de la entidad y a su supervisor.\n\nnothing was refunded"]
    );
    let entry = world.entries::<pb::OverdueReported>().await;
    assert_eq!(entry[0].article, "Orden ECO/734/2004 art. 17; Ley 44/2002 art. 30");
    let again = act!(world, "elena", report_overdue, ReportOverdueRequest, &case, report: "still nothing");
    assert_eq!(reason(&again.unwrap_err()).1, "CASE_STATE", "it was reported");

    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "transfer at last").unwrap();
    let held = act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: true, reasons: "late");
    assert_eq!(held.unwrap().state(), S::Complied);
    let done = world.owed(&case).await.remove(0);
    assert!(
        done.overdue_time.is_some() && done.met_time.unwrap().seconds > done.overdue_time.unwrap().seconds,
        "what was missed stays missed"
    );
}

#[tokio::test]
async fn no_case_is_closed_before_what_was_missed_is_reported_and_what_was_brought_is_judged() {
    let world = World::staffed().await;
    let (case, name) = ordered(&world).await;
    world.days(12);
    breached(&world, &name, 1).await;
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "a letter").unwrap();
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: false, reasons: "refunds nothing")
        .unwrap();
    assert_eq!(world.entries::<pb::ObligationOverdue>().await.len(), 1, "what was told is not told again");
    act!(world, "elena", report_overdue, ReportOverdueRequest, &case, report: "nothing was refunded").unwrap();

    // A recommendation that the firm answered in time awaits judgement: it would stand as missed for ever.
    act!(world, "elena", recommend, RecommendRequest, &case, recommendation: "mend the run", department: "it", term_days: 5)
        .unwrap();
    let second = format!("{case}/obligations/2");
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &second, proof: "mended").unwrap();
    world.days(6);
    breached(&world, &second, 2).await;
    assert_eq!(reason(&world.close(&case).await.unwrap_err()), (Code::FailedPrecondition, "OBLIGATION_OPEN".into()));
    let by_sql = "update ombudsman.office_case set state = 'closed', came_from = 'reported' where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "office_case_closed_owes_nothing");
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &second, holds: true, reasons: "seen").unwrap();
    assert_eq!(world.owed(&case).await[1].overdue_time, None);
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
}

#[tokio::test]
async fn what_was_missed_is_reported_whether_a_late_proof_was_judged_by_then_or_not() {
    let world = World::staffed().await;
    let (case, name) = ordered(&world).await;
    world.days(12);
    breached(&world, &name, 1).await;
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "a letter").unwrap();
    act!(world, "elena", report_overdue, ReportOverdueRequest, &case, report: "nothing in time").unwrap();
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: false, reasons: "refunds nothing")
        .unwrap();
    assert_eq!(world.stands(&case).await, S::Reported);
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
}

#[tokio::test]
async fn what_was_proved_too_late_is_overdue_though_word_of_the_miss_comes_after_the_proof() {
    let world = World::staffed().await;
    let (case, name) = ordered(&world).await;
    world.days(12);
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "a letter").unwrap();
    breached(&world, &name, 1).await;
    assert_eq!(world.stands(&case).await, S::Overdue);
    assert_eq!(world.entries::<pb::ObligationOverdue>().await.len(), 1);
    assert_eq!(world.papers(&case, pb::DossierKind::Overdue).await.len(), 1);
    act!(world, "elena", report_overdue, ReportOverdueRequest, &case, report: "nothing in time").unwrap();
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: true, reasons: "late").unwrap();
    assert_eq!(world.stands(&case).await, S::Complied);
    assert_eq!(world.entries::<pb::ObligationOverdue>().await.len(), 1, "what was told is not told again");
}

#[tokio::test]
async fn what_the_house_measures_of_the_firm_makes_nothing_overdue_before_its_time_is_over() {
    let world = World::staffed().await;
    let (case, name) = ordered(&world).await;
    world.days(12);
    breached_before(&world, &name, 1, 3600).await;
    assert_eq!(world.stands(&case).await, S::Compliance);
    assert!(world.entries::<pb::ObligationOverdue>().await.is_empty());
    breached(&world, &name, 2).await;
    assert_eq!(world.stands(&case).await, S::Overdue);
}

#[tokio::test]
async fn a_proof_that_came_in_time_holds_off_the_verdict_until_it_is_judged() {
    let world = World::staffed().await;
    let (case, name) = ordered(&world).await;
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "a letter").unwrap();
    world.days(12);
    breached(&world, &name, 1).await;
    assert_eq!(world.stands(&case).await, S::Compliance);
    assert!(world.entries::<pb::ObligationOverdue>().await.is_empty());
    let refused = act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: false, reasons: "a letter refunds nothing");
    assert_eq!(refused.unwrap().state(), S::Overdue);
    assert_eq!(world.entries::<pb::ObligationOverdue>().await.len(), 1);

    let (case, name) = ordered(&world).await;
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &name, proof: "a transfer").unwrap();
    world.days(12);
    breached(&world, &name, 2).await;
    let held =
        act!(world, "oscar", review_execution, ReviewExecutionRequest, &name, holds: true, reasons: "it arrived");
    assert_eq!(held.unwrap().state(), S::Complied);
    assert_eq!(world.owed(&case).await[0].overdue_time, None);
}

#[tokio::test]
async fn where_the_law_does_not_bind_the_firms_word_does_and_its_no_ends_it() {
    let world = World::staffed().await;
    let answer = |case: String, party: pb::BoundBy, accepted: bool| {
        let world = &world;
        async move {
            act!(world, "ines", answer_decision, AnswerDecisionRequest, &case, party: party, accepted: accepted,
                statement: "as written")
        }
    };
    let case = world.told_under("es.general").await;
    let (code, why, metadata) = refusal(&world.close(&case).await.unwrap_err());
    assert_eq!((code, why.as_str()), (Code::FailedPrecondition, "ACCEPTANCE_RUNNING"));
    assert_eq!(metadata["due_time"], "2026-12-03T23:00:00Z");
    let none = act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: vec![order("p1", 10)]);
    assert_eq!(reason(&none.unwrap_err()).1, "BINDS_NOBODY_YET");
    let other = answer(case.clone(), pb::BoundBy::Claimant, true).await.unwrap_err();
    assert_eq!(reason(&other), (Code::FailedPrecondition, "BINDS_BY_NO_WORD".into()));
    assert_eq!(answer(case.clone(), pb::BoundBy::Firm, true).await.unwrap().state(), S::Binding);
    assert_eq!(world.told(&case).await.bound_by(), pb::BoundBy::Firm);
    assert_eq!(world.answered_by(&case).await, [(pb::DossierKind::DecisionAnswer, pb::Party::Firm)]);
    let ordered = act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: vec![order("p1", 10)]);
    assert_eq!(ordered.unwrap().state(), S::Compliance);

    let case = world.told_under("es.general").await;
    assert_eq!(answer(case.clone(), pb::BoundBy::Firm, false).await.unwrap().state(), S::NotBinding);
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);

    let case = world.told_under("es.general").await;
    world.days(11);
    assert_eq!(reason(&answer(case.clone(), pb::BoundBy::Firm, true).await.unwrap_err()).1, "ACCEPTANCE_LATE");
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
    let moves = world.moves(&case).await;
    assert_eq!(moves[moves.len() - 2..], [(S::Notified, S::NotBinding), (S::NotBinding, S::Closed)]);

    let case = world.told_under("es.finance").await;
    let by_law = answer(case, pb::BoundBy::Firm, true).await.unwrap_err();
    assert_eq!(reason(&by_law), (Code::FailedPrecondition, "BINDS_BY_LAW".into()));
}

#[tokio::test]
async fn recommendations_are_numbered_on_and_listed_in_pages() {
    let world = World::staffed().await;
    let (case, _) = ordered(&world).await;
    for text in ["train the desk", "mend the run"] {
        act!(world, "elena", recommend, RecommendRequest, &case, recommendation: text, department: "it", term_days: 60)
            .unwrap();
    }
    let list = |page_token: String| {
        let request = pb::ListObligationsRequest { parent: case.clone(), page_size: 2, page_token };
        let mut client = world.procedure("oscar");
        async move { client.list_obligations(request).await.unwrap().into_inner() }
    };
    let first = list(String::new()).await;
    let rest = list(first.next_page_token).await;
    let names: Vec<String> = first.obligations.into_iter().chain(rest.obligations).map(|owed| owed.name).collect();
    assert_eq!(names, [1, 2, 3].map(|n| format!("{case}/obligations/{n}")));
    assert_eq!(rest.next_page_token, "");
    let unknown = format!("{case}/obligations/4");
    let none = act!(world, "liaison", prove_execution, ProveExecutionRequest, &unknown, proof: "x");
    assert_eq!(reason(&none.unwrap_err()), (Code::NotFound, "OBLIGATION_NOT_FOUND".into()));
}

#[tokio::test]
async fn nobody_makes_a_case_complied_or_overdue_by_sql_without_what_proves_it() {
    let world = World::staffed().await;
    let (case, _) = ordered(&world).await;
    let id = uuid_of(&case);
    let broken = [
        ("update ombudsman.office_case set state = 'complied' where case_id = $1", "office_case_complied_with_proof"),
        ("update ombudsman.office_case set state = 'overdue' where case_id = $1", "office_case_overdue_by_an_order"),
        (
            "update ombudsman.office_case set state = 'reported' where case_id = $1",
            "office_case_moves_by_the_procedure",
        ),
        ("update ombudsman.office_case set state = 'drafted' where case_id = $1", "office_case_stays_decided"),
        ("update ombudsman.obligation set done_at = since where case_id = $1", "obligation_done_with_proof"),
        (
            "update ombudsman.obligation set proof_sequence = 1, proved_at = since, done_at = since where case_id = $1",
            "obligation_proven_by_the_dossier",
        ),
        (
            "update ombudsman.obligation set due_at = due_at + interval '1 year' where case_id = $1",
            "obligation_stays_what_it_is",
        ),
        ("delete from ombudsman.obligation where case_id = $1", "obligation_kept"),
        (
            "insert into ombudsman.obligation values ($1, 7, 'order', 'p2', 'billing', 1, '2026-11-23', '2026-12-23')",
            "obligation_orders_what_was_upheld",
        ),
    ];
    for (statement, rule) in broken {
        assert_eq!(world.rule_broken_by(statement, id).await, rule, "{statement}");
    }
}

#[tokio::test]
async fn what_stands_since_a_slip_was_corrected_is_what_is_ordered() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    act!(world, "elena", correct_decision, CorrectDecisionRequest, &case, claim_point: "p1", text: pb::DecisionText::Remedy,
        stood: "interest", stands: "interests", reason: "a letter was left out")
    .unwrap();
    act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: vec![order("p1", 10)]).unwrap();
    let papers = world.papers(&case, pb::DossierKind::ComplianceOrder).await;
    assert!(papers[0].contains("the firm refunds the second charge with legal interests"), "{papers:?}");
}
