//! Whether decisions kept their term, with a real sla-monitor that counts it.

use std::time::Duration;

use testkit::eventually;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::ReportTable as T;

use crate::report_compliance::counts;
use crate::world::{World, uuid_of};

/// The case has a draft, and the office knows by when it has to decide.
async fn to_decide(world: &World, case: &str) {
    world.to_draft(case).await;
    eventually(Duration::from_secs(30), || async { world.get(case).await.decide_due_time.ok_or("no term is known") })
        .await;
}

async fn terms(world: &World, regime: &str) -> std::collections::BTreeMap<String, i64> {
    let audience = pb::ReportAudience::Board.into();
    let request = pb::GetYearlyReportRequest { year: 2020, regime: regime.into(), audience };
    let report = world.reports().get_yearly_report(request).await.unwrap().into_inner();
    let lines = report.lines.into_iter().filter(|line| line.table() == T::Term && !line.key.is_empty());
    lines.map(|line| (line.key.clone(), line.count.unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decision_is_in_time_late_or_of_a_term_that_nobody_knows_before_an_accredited_body_too() {
    // For the monitor all of it is long over, so that it tells of every breach at once: what counts is the day of the decision.
    let (world, monitor) = World::monitored().await;
    let adr = world.seated_under_adr().await;
    to_decide(&world, &adr).await;
    world.days(80);
    world.decide(&adr).await;
    let general = world.seated_under("es.general").await;
    to_decide(&world, &general).await;
    world.decide(&general).await;
    for regime in ["es.adr", "es.general"] {
        assert_eq!(terms(&world, regime).await, counts([("in_term", 1)]), "{regime}");
    }

    let late = world.seated_under_adr().await;
    to_decide(&world, &late).await;
    let late_too = world.seated_under("es.general").await;
    to_decide(&world, &late_too).await;
    world.days(100);
    world.decide(&late).await;
    world.decide(&late_too).await;
    // What it tells of them is heard before it is gone.
    let admin = world.database.admin().await;
    for case in [&late, &late_too] {
        eventually(Duration::from_secs(30), || async {
            let told =
                "select exists (select from ombudsman.case_clock where case_id = $1 and breached_at is not null)";
            let told: bool = sqlx::query_scalar(told).bind(uuid_of(case)).fetch_one(&admin).await.unwrap();
            told.then_some(()).ok_or("not told yet")
        })
        .await;
    }
    monitor.stop().await;
    let unknown = world.seated_under_adr().await;
    world.to_draft(&unknown).await;
    world.decide(&unknown).await;
    assert_eq!(terms(&world, "es.adr").await, counts([("in_term", 1), ("late", 1), ("unknown", 1)]));
    assert_eq!(terms(&world, "es.general").await, counts([("in_term", 1), ("late", 1)]));

    // The term alone tells that a decision was late, and so does its breach where the term was put off to no day.
    for (case, change) in [
        (&late, "update ombudsman.case_clock set breached_at = null where case_id = $1"),
        (&late_too, "update ombudsman.case_clock set due_at = null where case_id = $1 and breached_at is not null"),
    ] {
        let changed = sqlx::query(change).bind(uuid_of(case)).execute(&admin).await.unwrap();
        assert!(changed.rows_affected() > 0, "{change}");
    }
    assert_eq!(terms(&world, "es.adr").await, counts([("in_term", 1), ("late", 1), ("unknown", 1)]));
    assert_eq!(terms(&world, "es.general").await, counts([("in_term", 1), ("late", 1)]));
}
