//! What the firm is to pay is said once: a correction changes no number of it, and the report shows it with the decimals of its currency.

use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::r#type::v1::{Language, Money};

use crate::report_compliance::text;
use crate::world::{World, fields, issue_request, reason};

/// A told case whose first point grants this much, with a remedy that says so.
async fn granting(world: &World, remedy: &str, amount: Option<(i64, &str)>) -> String {
    let case = world.seated_under("es.finance").await;
    world.to_draft(&case).await;
    let mut request = issue_request(world, &case).await;
    request.points[0].remedy = remedy.into();
    request.points[0].redress_amount =
        amount.map(|(minor_units, currency)| Money { currency_code: currency.into(), minor_units });
    world.elena().issue_decision(request).await.unwrap();
    world.notify(&case).await;
    case
}

async fn correct(
    world: &World,
    case: &str,
    text: pb::DecisionText,
    (stood, stands): (&str, &str),
) -> Result<pb::Case, tonic::Status> {
    act!(world, "elena", correct_decision, CorrectDecisionRequest, case, claim_point: "p1", text: text,
        stood: stood, stands: stands, reason: "a slip")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_changes_nothing_of_a_remedy_that_grants_an_amount() {
    const REMEDY: &str = "the firm pays 41 EUR for the second charge, within 10 days of this decision";
    let world = World::staffed().await;
    let case = granting(&world, REMEDY, Some((4_100, "EUR"))).await;
    for slip in [
        ("41 EUR", "410 EUR"),
        ("10 days", "15 days"),
        (" EUR", ".50 EUR"),
        ("EUR", "GBP"),
        ("pays", "need not pay"),
        ("second charge", "first charge"),
    ] {
        let refused = correct(&world, &case, pb::DecisionText::Remedy, slip).await.unwrap_err();
        assert_eq!(reason(&refused), (Code::InvalidArgument, "NOT_IN_DECISION".into()), "{slip:?}");
        assert_eq!(fields(&refused), ["text"]);
    }
    assert!(world.papers(&case, pb::DossierKind::Correction).await.is_empty());
    assert!(world.entries::<pb::DecisionCorrected>().await.is_empty());
    // What is found and why is corrected, and what grants nothing.
    correct(&world, &case, pb::DecisionText::Finding, ("the 3rd and the 5th", "the 3rd and the 6th")).await.unwrap();
    let without = granting(&world, REMEDY, None).await;
    let figure = correct(&world, &without, pb::DecisionText::Remedy, ("10 days", "15 days")).await.unwrap_err();
    assert_eq!((reason(&figure).1.as_str(), fields(&figure)), ("NOT_IN_DECISION", vec!["stands".to_owned()]));
    correct(&world, &without, pb::DecisionText::Remedy, ("charge", "charges")).await.unwrap();
    let by_sql = "insert into ombudsman.correction (case_id, number, claim_point, part, entry_sequence, corrected_by, corrected_at)
                  select case_id, 9, 'p1', 'remedy', entry_sequence, 'elena', now() from ombudsman.correction where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, crate::world::uuid_of(&case)).await, "correction_of_no_amount");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sums_of_the_report_have_the_decimals_of_their_currency() {
    let world = World::staffed().await;
    for amount in [(4_100, "JPY"), (4_105, "EUR"), (4_105, "KWD")] {
        granting(&world, "the firm refunds the second charge with legal interest", Some(amount)).await;
    }
    let text = text(&world, Language::Es).await;
    for sum in ["JPY: 1 · 4100 JPY\n", "EUR: 1 · 41.05 EUR\n", "KWD: 1 · 4.105 KWD\n"] {
        assert!(text.contains(sum), "{sum} is not in {text}");
    }
}
