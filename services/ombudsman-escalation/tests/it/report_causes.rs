//! A cause is counted by what is in force, and a review is no case more.

use ventanilla_proto::ombudsman::v1 as pb;

use crate::docket::{DOUBLE, NOT_UPHELD, UPHELD};
use crate::world::{STAFF, World};

/// A told review of a case with this outcome.
async fn reviewed(world: &World, case: &str, outcome: pb::DecisionOutcome) -> String {
    let review = act!(world, "ines", review_case, ReviewCaseRequest, case, cause: "new evidence").unwrap().name;
    for (person, _, role) in STAFF {
        world.assign(&review, person, role).await.unwrap();
    }
    let review = world.draft_of(review).await;
    let mut request = world.decision_of(&review, outcome, "el cobro").await;
    request.precedents = world.answered(&review, outcome).await;
    world.elena().issue_decision(request).await.unwrap();
    world.notify(&review).await;
    review
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cause_counts_the_decision_in_force_however_often_it_was_reviewed() {
    let world = World::staffed().await;
    let (case, _) = world.bring_and_decide(DOUBLE.of(70), UPHELD).await;
    world.notify(&case).await;
    let issue = async || {
        let request = pb::ListSystemicIssuesRequest { min_customer_count: 1, ..Default::default() };
        let mut issues = world.reports().list_systemic_issues(request).await.unwrap().into_inner().issues;
        assert_eq!(issues.len(), 1);
        let issue = issues.remove(0);
        assert_eq!((issue.case_count, issue.customer_count, issue.decided_count), (1, 1, 1));
        assert_eq!(issue.cases, std::slice::from_ref(&case), "a review is no case more");
        issue.upheld_count
    };
    assert_eq!(issue().await, 1);
    let against = reviewed(&world, &case, NOT_UPHELD).await;
    assert_eq!(issue().await, 0, "what was upheld is in force no more");
    // A review that repeats what it reviews leaves it as it is.
    let repeated = reviewed(&world, &against, NOT_UPHELD).await;
    assert!(world.told(&repeated).await.confirms);
    assert_eq!(issue().await, 0);
    world.close(&repeated).await.unwrap();
    reviewed(&world, &against, UPHELD).await;
    assert_eq!(issue().await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cause_does_not_come_again_by_a_review_of_what_another_brought_for_it() {
    let world = World::staffed().await;
    let (reviewed_case, _) = world.bring_and_decide(DOUBLE.of(72), UPHELD).await;
    world.notify(&reviewed_case).await;
    let (_, decision) = world.bring_and_decide(DOUBLE.of(73), UPHELD).await;
    world.days(1);
    reviewed(&world, &reviewed_case, NOT_UPHELD).await;
    let request = pb::ListRecurrencesRequest { parent: decision.name.clone(), ..Default::default() };
    assert_eq!(world.reports().list_recurrences(request.clone()).await.unwrap().into_inner().recurrences, []);
    let again = world.bring(DOUBLE.of(74)).await;
    let found = world.reports().list_recurrences(request).await.unwrap().into_inner().recurrences;
    assert_eq!(found.iter().map(|one| one.case_name.as_str()).collect::<Vec<_>>(), [again.as_str()]);
}
