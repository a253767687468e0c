//! After the decision never an edit: a correction beside it, or a review in a case of its own.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;

use crate::world::{CUSTOMER, STAFF, World, fields, fresh_id, issue_request, reason, refusal, uuid_of};

async fn read_as_claimant(world: &World, case: &str) -> pb::Decision {
    let own = CUSTOMER.strip_prefix("customers/").unwrap();
    let mut claimant = OmbudsmanServiceClient::new(world.served.channel_as(own, &[Role::Customer], None));
    claimant.get_decision(pb::GetDecisionRequest { name: format!("{case}/decision") }).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_slip_is_corrected_beside_the_decision_which_stays_as_it_was_issued() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    let before = read_as_claimant(&world, &case).await;
    let corrected = act!(world, "elena", correct_decision, CorrectDecisionRequest, &case, claim_point: "p1",
        text: pb::DecisionText::Finding, stood: "the 3rd and the 5th", stands: "the 3rd and the 6th", reason: "misread");
    corrected.unwrap();
    let after = read_as_claimant(&world, &case).await;
    assert_eq!(pb::Decision { corrections: Vec::new(), ..after.clone() }, before);
    let shown = &after.corrections[0];
    assert_eq!((shown.stood.as_str(), shown.stands.as_str()), ("the 3rd and the 5th", "the 3rd and the 6th"));
    assert_eq!((shown.corrected_by.as_str(), shown.reason.as_str()), ("elena", "misread"));
    assert!(after.points[0].finding.contains("the 3rd and the 5th"));
    let noted = world.entries::<pb::DecisionCorrected>().await;
    assert_eq!((noted.len(), noted[0].text()), (1, pb::DecisionText::Finding));

    let wrong = act!(world, "elena", correct_decision, CorrectDecisionRequest, &case, claim_point: "p2",
        text: pb::DecisionText::Finding, stood: "the 3rd and the 5th", stands: "x", reason: "misread");
    let wrong = wrong.unwrap_err();
    assert_eq!(
        (reason(&wrong), fields(&wrong)),
        ((Code::InvalidArgument, "NOT_IN_DECISION".into()), vec!["stood".into()])
    );
    let signpost = act!(world, "elena", correct_decision, CorrectDecisionRequest, &case,
        claim_point: "", text: pb::DecisionText::Signpost, stood: "the courts", stands: "the civil courts", reason: "too short");
    signpost.unwrap();
    let by_another = act!(world, "oscar", correct_decision, CorrectDecisionRequest, &case,
        claim_point: "", text: pb::DecisionText::Signpost, stood: "the courts", stands: "x", reason: "y");
    assert_eq!(reason(&by_another.unwrap_err()), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    let id = uuid_of(&case);
    for statement in [
        "update ombudsman.correction set part = 'signpost' where case_id = $1",
        "delete from ombudsman.correction where case_id = $1",
    ] {
        assert_eq!(world.rule_broken_by(statement, id).await, "correction_immutable");
    }
}

#[tokio::test]
async fn before_the_parties_know_the_decision_there_is_nothing_to_correct_or_to_review() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    world.elena().issue_decision(issue_request(&world, &case).await).await.unwrap();
    let early = act!(world, "elena", correct_decision, CorrectDecisionRequest, &case,
        claim_point: "", text: pb::DecisionText::Signpost, stood: "the courts", stands: "x", reason: "y");
    assert_eq!(reason(&early.unwrap_err()).1, "CASE_STATE");
    let early = act!(world, "ines", review_case, ReviewCaseRequest, &case, cause: "new evidence");
    assert_eq!(reason(&early.unwrap_err()).1, "CASE_STATE");
}

#[tokio::test]
async fn a_review_is_a_case_of_its_own_that_another_ombudsman_decides() {
    let world = World::staffed().await;
    let reviewed = world.told_under("es.finance").await;
    let before = read_as_claimant(&world, &reviewed).await;
    let opened = act!(world, "ines", review_case, ReviewCaseRequest, &reviewed, cause: "new evidence").unwrap();
    let review = opened.name.clone();
    assert_eq!((opened.state(), opened.ticket.as_str()), (S::Registered, world.get(&reviewed).await.ticket.as_str()));
    assert_eq!(opened.claim_points.len(), 2);
    assert_eq!(world.told(&review).await.review_of, reviewed);
    assert_eq!(world.told(&reviewed).await.reviews, std::slice::from_ref(&review));
    assert_eq!(world.stands(&reviewed).await, S::Notified);
    let twice = act!(world, "ines", review_case, ReviewCaseRequest, &reviewed, cause: "more");
    let (code, why, metadata) = refusal(&twice.unwrap_err());
    assert_eq!(
        (code, why.as_str(), metadata["case"].as_str()),
        (Code::AlreadyExists, "REVIEW_AT_OFFICE", review.as_str())
    );

    world.register("vera", "ombudsman-office", None, &[pb::OfficeRole::Ombudsman]).await;
    world.declare("vera", Role::Ombudsman, Vec::new()).await;
    for (person, _, role) in STAFF.into_iter().chain([("vera", Role::Ombudsman, pb::OfficeRole::Ombudsman)]) {
        world.assign(&review, person, role).await.unwrap();
    }
    // That it was decided before is no ground against a review.
    let repeated = pb::ProposeInadmissibilityRequest {
        name: review.clone(),
        etag: world.etag(&review).await,
        ground: pb::InadmissibilityGround::Repeated.into(),
        reasons: "decided before".into(),
        request_id: fresh_id(),
    };
    assert_eq!(reason(&world.ines().propose_inadmissibility(repeated).await.unwrap_err()).1, "GROUND_NOT_MET");
    world.to_draft(&review).await;
    let refused = world.elena().issue_decision(issue_request(&world, &review).await).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "REVIEW_BY_ANOTHER".into()));
    let vera = || world.as_person("vera", Role::Ombudsman);
    let decided = vera().issue_decision(issue_request(&world, &review).await).await.unwrap().into_inner();
    assert_eq!(decided.issued_by, "vera");
    assert_eq!(read_as_claimant(&world, &reviewed).await, before);
}

#[tokio::test]
async fn where_there_is_no_other_ombudsman_the_same_one_decides_the_review() {
    let world = World::staffed().await;
    let reviewed = world.told_under("es.finance").await;
    let review = act!(world, "ines", review_case, ReviewCaseRequest, &reviewed, cause: "new evidence").unwrap().name;
    // Another who may not decide it is none.
    world.register("vera", "ombudsman-office", None, &[pb::OfficeRole::Ombudsman]).await;
    for (person, _, role) in STAFF {
        world.assign(&review, person, role).await.unwrap();
    }
    world.to_draft(&review).await;
    world.elena().issue_decision(issue_request(&world, &review).await).await.unwrap();
}
