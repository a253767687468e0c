//! What decisions came to is told in the yearly report however the cases are closed, reviewed or confirmed afterwards.

use std::collections::BTreeMap;

use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::ombudsman::v1::ReportTable as T;
use ventanilla_proto::r#type::v1::Language;

use crate::world::{STAFF, World, issue_request};

/// Every line of a table of the board's report of 2026, but for its total.
pub async fn told(world: &World, table: T, regime: &str) -> BTreeMap<String, i64> {
    told_of(world, 2026, table, regime).await
}

pub async fn told_of(world: &World, year: i32, table: T, regime: &str) -> BTreeMap<String, i64> {
    let request =
        pb::GetYearlyReportRequest { year, regime: regime.into(), audience: pb::ReportAudience::Board.into() };
    let report = world.reports().get_yearly_report(request).await.unwrap().into_inner();
    let lines = report.lines.into_iter().filter(|line| line.table() == table && !line.key.is_empty());
    lines.map(|line| (line.key.clone(), line.count.unwrap())).collect()
}

pub fn counts<const N: usize>(lines: [(&str, i64); N]) -> BTreeMap<String, i64> {
    lines.into_iter().map(|(key, count)| (key.to_owned(), count)).collect()
}

/// The board's report of this year as a text.
pub async fn text(world: &World, language: Language) -> String {
    let request = pb::GetYearlyReportDocumentRequest {
        year: 2026,
        regime: String::new(),
        audience: pb::ReportAudience::Board.into(),
        format: pb::DocumentFormat::Text.into(),
        language: language.into(),
    };
    let made = world.reports().get_yearly_report_document(request).await.unwrap().into_inner();
    String::from_utf8(made.content).unwrap()
}

/// A finance case in which the firm was ordered to pay within ten days, and what it owes.
async fn ordered(world: &World) -> (String, String) {
    let case = world.told_under("es.finance").await;
    let order = pb::ComplianceOrder { claim_point: "p1".into(), department: "billing".into(), term_days: 10 };
    act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: vec![order]).unwrap();
    let owed = world.owed(&case).await.remove(0).name;
    (case, owed)
}

/// It is carried out, and closed.
async fn carried_out(world: &World) -> String {
    let (case, owed) = ordered(world).await;
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &owed, proof: "transfer").unwrap();
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &owed, holds: true, reasons: "it came").unwrap();
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
    case
}

/// It is not carried out, reported, and closed.
async fn reported(world: &World, position: i64) -> String {
    let (case, owed) = ordered(world).await;
    world.days(12);
    crate::compliance::breached(world, &owed, position).await;
    act!(world, "elena", report_overdue, ReportOverdueRequest, &case, report: "nothing was refunded").unwrap();
    assert_eq!(world.close(&case).await.unwrap().state(), S::Closed);
    case
}

/// A review of a case, decided with this remedy and told.
async fn reviewed(world: &World, case: &str, remedy: &str) -> String {
    let review = act!(world, "ines", review_case, ReviewCaseRequest, case, cause: "new evidence").unwrap().name;
    for (person, _, role) in STAFF {
        world.assign(&review, person, role).await.unwrap();
    }
    world.to_draft(&review).await;
    let mut request = issue_request(world, &review).await;
    if !remedy.is_empty() {
        request.points[0].remedy = remedy.into();
    }
    world.elena().issue_decision(request).await.unwrap();
    world.notify(&review).await;
    review
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closing_a_case_hides_neither_that_the_firm_complied_nor_that_it_did_not() {
    let world = World::staffed().await;
    carried_out(&world).await;
    carried_out(&world).await;
    reported(&world, 1).await;
    let refusing = world.told_under("es.general").await;
    act!(world, "ines", answer_decision, AnswerDecisionRequest, &refusing, party: pb::BoundBy::Firm, accepted: false,
        statement: "we disagree")
    .unwrap();
    world.close(&refusing).await.unwrap();
    ordered(&world).await;

    let finance = counts([("complied", 2), ("reported", 1), ("compliance", 1)]);
    assert_eq!(told(&world, T::Compliance, "es.finance").await, finance);
    assert_eq!(told(&world, T::Compliance, "es.general").await, counts([("not_binding", 1)]));
    let stand = counts([("closed/complied", 2), ("closed/reported", 1), ("closed/not_binding", 1), ("compliance", 1)]);
    assert_eq!(told(&world, T::State, "").await, stand);

    let today = "2026-12-05";
    for (language, lines) in [
        (
            Language::Es,
            [
                format!("Estado y desenlace de los expedientes a fecha de: {today}"),
                "  incumplidas y comunicadas: 1\n".to_owned(),
                "  cerradas: cumplidas: 2\n".to_owned(),
                "No incluyen lo acordado en conciliación".to_owned(),
            ],
        ),
        (
            Language::En,
            [
                format!("Where cases stand, and what they came to, as of: {today}"),
                "  not carried out, and reported: 1\n".to_owned(),
                "  closed: carried out: 2\n".to_owned(),
                "What was agreed in settlements".to_owned(),
            ],
        ),
    ] {
        let text = text(&world, language).await;
        for line in lines {
            assert!(text.contains(&line), "{line} is not in {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_reviewed_matter_one_decision_is_counted_and_comes_to_what_is_in_force() {
    let world = World::staffed().await;
    // Confirmed: what the firm did is told of the decision that stayed in force.
    let kept = carried_out(&world).await;
    let confirming = reviewed(&world, &kept, "").await;
    world.close(&confirming).await.unwrap();
    // Confirmed, and then decided otherwise: the last of the three.
    let changed = world.told_under("es.finance").await;
    let first = reviewed(&world, &changed, "").await;
    world.close(&first).await.unwrap();
    world.days(1);
    reviewed(&world, &changed, "the firm refunds both charges").await;
    assert_eq!(told(&world, T::Compliance, "").await, counts([("complied", 1), ("notified", 1)]));
    assert_eq!(told(&world, T::Outcome, "").await, counts([("partly_upheld", 2)]));

    // Of an earlier year it is told that it is in force no more.
    let (replaced, _) = ordered(&world).await;
    world.days(60);
    reviewed(&world, &replaced, "the firm refunds both charges").await;
    let now = counts([("complied", 1), ("notified", 1), ("superseded", 1)]);
    assert_eq!(told(&world, T::Compliance, "").await, now);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_review_of_a_later_year_leaves_in_force_is_counted_once_in_the_year_it_was_decided_in() {
    let world = World::staffed().await;
    let kept = carried_out(&world).await;
    let changed = carried_out(&world).await;
    world.days(60);
    reviewed(&world, &kept, "").await;
    assert_eq!(told_of(&world, 2026, T::Outcome, "").await, counts([("partly_upheld", 2)]));
    assert_eq!(told_of(&world, 2027, T::Outcome, "").await, counts([]));
    assert_eq!(told_of(&world, 2027, T::Compliance, "").await, counts([]));
    // One that decides otherwise is a decision of its year.
    reviewed(&world, &changed, "the firm refunds both charges").await;
    assert_eq!(told_of(&world, 2027, T::Outcome, "").await, counts([("partly_upheld", 1)]));
}
