//! The board is told what the firm had carried out and owes once more, since its cause came again.

use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::ReportTable as T;
use ventanilla_proto::r#type::v1::Language;

use crate::causes::{carried_out, told as decided};
use crate::docket::{DOUBLE, NOT_UPHELD, UPHELD};
use crate::report_compliance::{counts, text, told};
use crate::world::{STAFF, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_board_is_told_by_cause_what_is_owed_once_more_and_the_public_is_not() {
    let world = World::staffed().await;
    let first = decided(&world, DOUBLE.of(60), "2026-10-01T00:00:00Z", UPHELD).await;
    carried_out(&world, &first).await;
    assert!(told(&world, T::Recurrence, "").await.is_empty());
    world.days(10);
    let again = decided(&world, DOUBLE.of(64), "2026-11-30T00:00:00Z", UPHELD).await;
    assert_eq!(world.owed(&again).await.len(), 1);
    let billing = counts([("es.finance/billing", 1)]);
    assert_eq!(told(&world, T::Recurrence, "").await, billing);
    assert_eq!(told(&world, T::Recurrence, "es.finance").await, billing);
    assert!(told(&world, T::Recurrence, "es.general").await.is_empty());
    for (language, heading) in [
        (Language::Es, "Cumplidas y exigidas de nuevo por repetirse la causa para otros, por régimen y motivo"),
        (Language::En, "Carried out and owed once more since the cause came again for others, by rules and motive"),
    ] {
        let table = format!("\n{heading}\n  Total: 1\n  es.finance: billing: 1\n");
        let text = text(&world, language).await;
        assert!(text.contains(&table), "{text}");
    }

    // What lapses with its decision is owed by nobody.
    let review = act!(world, "ines", review_case, ReviewCaseRequest, &again, cause: "new evidence").unwrap().name;
    for (person, _, role) in STAFF {
        world.assign(&review, person, role).await.unwrap();
    }
    let review = world.draft_of(review).await;
    let mut request = world.decision_of(&review, NOT_UPHELD, "otro cobro").await;
    request.precedents = world.answered(&review, NOT_UPHELD).await;
    world.elena().issue_decision(request).await.unwrap();
    world.notify(&review).await;
    assert!(world.owed(&again).await[0].lapse_time.is_some());
    assert!(told(&world, T::Recurrence, "").await.is_empty());

    world.days(60);
    let request = pb::GetYearlyReportRequest {
        year: 2026,
        regime: "es.finance".into(),
        audience: pb::ReportAudience::Public.into(),
    };
    let public = world.reports().get_yearly_report(request).await.unwrap().into_inner();
    assert!(public.lines.iter().all(|line| line.table() != T::Recurrence));
}
