//! Of a decision and all its reviews one is in force: what confirmed another falls with it, and comes to nothing by itself. And a remedy stays as it was answered.

use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::ombudsman::v1::ReportTable as T;

use crate::claimant::{Claimant, code_of};
use crate::report_compliance::{counts, told_of};
use crate::world::{STAFF, World, fresh_id, issue_request, reason, refusal, uuid_of};

/// A review of this case, decided with this remedy for the first point and told; as the reviewed one was decided where it is empty.
async fn review(world: &World, reviewed: &str, remedy: &str) -> String {
    let review = act!(world, "ines", review_case, ReviewCaseRequest, reviewed, cause: "new evidence").unwrap().name;
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
async fn what_confirmed_a_decision_falls_with_it_and_is_reviewed_corrected_and_cited_no_more() {
    let world = World::staffed().await;
    let reviewed = world.told_under("es.finance").await;
    let confirming = review(&world, &reviewed, "").await;
    assert_eq!(world.close(&confirming).await.unwrap().state(), S::Closed);
    let other = review(&world, &reviewed, "the firm refunds both charges").await;
    let told = world.told(&confirming).await;
    assert_eq!((told.superseded_by.as_str(), told.confirms), (other.as_str(), false));
    let read = pb::GetDecisionRequest { name: format!("{confirming}/decision") };
    assert_eq!(world.elena().get_decision(read).await.unwrap().into_inner().superseded_by, other);
    let again = act!(world, "ines", review_case, ReviewCaseRequest, &confirming, cause: "more");
    let (code, why, metadata) = refusal(&again.unwrap_err());
    assert_eq!((code, why.as_str(), &metadata["case"]), (Code::FailedPrecondition, "DECISION_SUPERSEDED", &other));
    let by_sql = "insert into ombudsman.office_case
                  select (jsonb_populate_record(c, jsonb_build_object('case_id', gen_random_uuid(), 'review_of', c.case_id, 'state', 'registered',
                          'ended_at', null, 'came_from', null))).* from ombudsman.office_case c where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&confirming)).await, "office_case_reviews_what_is_in_force");
    let leads = pb::MarkLeadingDecisionRequest {
        name: confirming.clone(),
        etag: world.etag(&confirming).await,
        criterion: "one invoice is charged once".into(),
        language: ventanilla_proto::r#type::v1::Language::En.into(),
        request_id: fresh_id(),
    };
    let refused = world.precedents().mark_leading_decision(leads).await.unwrap_err();
    assert_eq!(reason(&refused).1, "DECISION_SUPERSEDED");
    let by_sql = "insert into ombudsman.leading_decision (case_id, language, criterion, marked_by, marked_at) values ($1, 'en', 'x', 'elena', now())";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&confirming)).await, "leading_decision_is_in_force");
    let slip = act!(world, "elena", correct_decision, CorrectDecisionRequest, &confirming, claim_point: "p1",
        text: pb::DecisionText::Finding, stood: "March", stands: "May", reason: "misread");
    assert_eq!(reason(&slip.unwrap_err()).1, "DECISION_SUPERSEDED");
    // What is in force is reviewed as ever.
    act!(world, "ines", review_case, ReviewCaseRequest, &other, cause: "more").unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_of_the_year_of_a_confirmation_counts_nothing_more_once_what_it_confirmed_falls() {
    let world = World::staffed().await;
    let reviewed = world.told_under("es.finance").await;
    world.days(60);
    let confirming = review(&world, &reviewed, "").await;
    world.close(&confirming).await.unwrap();
    assert_eq!(told_of(&world, 2027, T::Outcome, "").await, counts([]));
    world.days(366);
    for (person, role, _) in STAFF {
        world.declare(person, role, Vec::new()).await;
    }
    review(&world, &reviewed, "the firm refunds both charges").await;
    assert_eq!(told_of(&world, 2026, T::Outcome, "").await, counts([("partly_upheld", 1)]));
    assert_eq!(told_of(&world, 2027, T::Outcome, "").await, counts([]), "what was counted in its year is counted once");
    assert_eq!(told_of(&world, 2027, T::Compliance, "").await, counts([]));
    assert_eq!(told_of(&world, 2028, T::Outcome, "").await, counts([("partly_upheld", 1)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_remedy_a_letter_is_corrected_and_nothing_once_a_party_answered_it() {
    let world = World::staffed().await;
    let case = world.told_under("es.general").await;
    let correct = async |text: pb::DecisionText, stood: &str, stands: &str| {
        act!(world, "elena", correct_decision, CorrectDecisionRequest, &case, claim_point: "p1", text: text,
            stood: stood, stands: stands, reason: "a slip")
    };
    use pb::DecisionText::Remedy;
    for (stood, stands) in [("refunds", "need not refund"), ("refunds", "keeps"), ("the second charge", "nothing")] {
        let turned = correct(Remedy, stood, stands).await.unwrap_err();
        assert_eq!((turned.code(), reason(&turned).1.as_str()), (Code::InvalidArgument, "NOT_IN_DECISION"), "{stands}");
    }
    correct(Remedy, "refunds", "refundz").await.unwrap();
    let by_sql = "insert into ombudsman.corrected_remedy (case_id, point_id, number, remedy, corrected_at)
                  select case_id, 'p1', 2, 'the firm keeps everything it ever took', corrected_at from ombudsman.corrected_remedy where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "corrected_remedy_by_a_correction");
    let by_sql = "insert into ombudsman.correction (case_id, number, claim_point, part, entry_sequence, corrected_by, corrected_at)
                  select case_id, 2, 'p1', 'remedy', entry_sequence, 'elena', corrected_at from ombudsman.correction where case_id = $1";
    sqlx::query(by_sql).bind(uuid_of(&case)).execute(&world.database.admin().await).await.unwrap();
    let by_sql = "insert into ombudsman.corrected_remedy (case_id, point_id, number, remedy, corrected_at)
                  select case_id, 'p1', 2, 'the firm keeps it all', corrected_at from ombudsman.corrected_remedy where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "corrected_remedy_is_a_slip");
    let by_sql = "insert into ombudsman.corrected_remedy (case_id, point_id, number, remedy, corrected_at)
                  select case_id, 'p1', 2, remedy || '$', corrected_at from ombudsman.corrected_remedy where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "corrected_remedy_is_a_slip");
    act!(world, "ines", answer_decision, AnswerDecisionRequest, &case,
        party: pb::BoundBy::Firm, accepted: true, statement: "we accept")
    .unwrap();
    let answered = correct(Remedy, "refundz", "refunds").await.unwrap_err();
    let (code, why, metadata) = refusal(&answered);
    assert_eq!((code, why.as_str(), metadata["state"].as_str()), (Code::FailedPrecondition, "CASE_STATE", "binding"));
    let by_sql = "insert into ombudsman.correction (case_id, number, claim_point, part, entry_sequence, corrected_by, corrected_at)
                  select case_id, 9, 'p1', 'remedy', entry_sequence, 'elena', now() from ombudsman.correction where case_id = $1 and number = 1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "correction_before_the_answer");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_claimant_is_told_which_of_their_decisions_is_in_force() {
    let world = World::staffed().await;
    let mut claimant = Claimant::of(&world, "es.finance").await;
    let case = claimant.case.clone();
    world.to_draft(&case).await;
    world.decide(&case).await;
    let own_code = claimant.code.clone();
    assert_eq!(claimant.look_at(&case).await.unwrap().superseded_by, "");
    let confirming = review(&world, &case, "").await;
    claimant.code = code_of(&world, &confirming, false).await;
    let seen = claimant.look_at(&confirming).await.unwrap();
    assert_eq!((seen.superseded_by.as_str(), seen.confirms, seen.review_of.as_str()), ("", true, case.as_str()));
    world.close(&confirming).await.unwrap();
    let other = review(&world, &case, "the firm refunds both charges").await;
    let seen = claimant.look_at(&confirming).await.unwrap();
    assert_eq!((seen.superseded_by.as_str(), seen.confirms), (other.as_str(), false));
    claimant.code = own_code;
    let seen = claimant.look_at(&case).await.unwrap();
    assert_eq!((seen.superseded_by.as_str(), seen.confirms), (other.as_str(), false));
    claimant.code = code_of(&world, &other, false).await;
    assert_eq!(claimant.look_at(&other).await.unwrap().superseded_by, "");
}
