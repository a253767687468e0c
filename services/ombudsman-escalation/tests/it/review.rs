//! After the decision never an edit: a correction beside it, or a review in a case of its own.

use kernel::Role;
use ombudsman_escalation::document::{Broken, verify, verify_correction};
use tonic::Code;
use ventanilla_proto::auth::v1::AccessDenied;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::CaseState as S;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;

use crate::acts::refuse;
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
    assert_eq!((shown.number, shown.document_hash.len()), (1, 32));
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
        repeats: Vec::new(),
        request_id: fresh_id(),
    };
    assert_eq!(reason(&world.ines().propose_inadmissibility(repeated).await.unwrap_err()).1, "GROUND_NOT_MET");
    // Who decided ends the review in no other way either.
    let by_another = (Code::FailedPrecondition, "REVIEW_BY_ANOTHER".to_owned());
    let away =
        act!(world, "elena", forward_case, ForwardCaseRequest, &review, competent: "the courts", reasons: "theirs");
    assert_eq!(reason(&away.unwrap_err()), by_another);
    let vexatious = pb::ProposeInadmissibilityRequest {
        name: review.clone(),
        etag: world.etag(&review).await,
        ground: pb::InadmissibilityGround::NotConcreteOperations.into(),
        reasons: "none of it".into(),
        repeats: Vec::new(),
        request_id: fresh_id(),
    };
    assert_eq!(reason(&world.elena().propose_inadmissibility(vexatious).await.unwrap_err()), by_another);
    let withdrawn = pb::WithdrawCaseRequest {
        name: review.clone(),
        etag: world.etag(&review).await,
        statement: "no more".into(),
        request_id: fresh_id(),
    };
    assert_eq!(reason(&world.elena().withdraw_case(withdrawn).await.unwrap_err()), by_another);
    let rectified = pb::RectifyCaseRequest {
        name: review.clone(),
        etag: world.etag(&review).await,
        proof: "41 euros".into(),
        request_id: fresh_id(),
    };
    assert_eq!(reason(&world.elena().rectify_case(rectified).await.unwrap_err()), by_another);
    let unheard = pb::InadmissibilityGround::NotConcreteOperations;
    assert_eq!(reason(&refuse(&world, &review, unheard).await.unwrap_err()), by_another);
    let answered = act!(world, "elena", answer_offer, AnswerOfferRequest, &review, accepted: true, statement: "agreed");
    assert_eq!(reason(&answered.unwrap_err()), by_another);
    let stayed = act!(world, "elena", close_stayed_case, CloseStayedCaseRequest, &review,
        reason: pb::StayClosure::Withdrawn, statement: "I go to court");
    assert_eq!(reason(&stayed.unwrap_err()), by_another);
    world.to_draft(&review).await;
    let refused = world.elena().issue_decision(issue_request(&world, &review).await).await.unwrap_err();
    assert_eq!(reason(&refused), by_another);
    let denied = world.entries::<AccessDenied>().await;
    let of_her = denied.iter().filter(|denied| denied.reason == "REVIEW_BY_ANOTHER" && denied.resource == review);
    let methods: Vec<_> = of_her.map(|denied| denied.method.rsplit('/').next().unwrap()).collect();
    assert_eq!(
        methods,
        [
            "ForwardCase",
            "ProposeInadmissibility",
            "WithdrawCase",
            "RectifyCase",
            "RefuseCase",
            "AnswerOffer",
            "CloseStayedCase",
            "IssueDecision"
        ]
    );
    let vera = || world.as_person("vera", Role::Ombudsman);
    let decided = vera().issue_decision(issue_request(&world, &review).await).await.unwrap().into_inner();
    assert_eq!(decided.issued_by, "vera");
    assert_eq!(read_as_claimant(&world, &reviewed).await, before);
}

#[tokio::test]
async fn a_review_hears_all_that_the_case_was_brought_with() {
    let world = World::staffed().await;
    let reviewed = world.told_under("es.general").await;
    let with = world.ticket().await;
    let beside = "insert into ombudsman.case_ticket (case_id, ticket_id) values ($1, $2)";
    let admin = world.database.admin().await;
    sqlx::query(beside).bind(uuid_of(&reviewed)).bind(uuid_of(&with)).execute(&admin).await.unwrap();
    let review = act!(world, "ines", review_case, ReviewCaseRequest, &reviewed, cause: "new evidence").unwrap();
    let opened = world.entries::<pb::CaseOpened>().await.pop().unwrap();
    assert_eq!((opened.case_name, opened.ticket), (review.name, review.ticket.clone()));
    assert_eq!(opened.brought_with, std::slice::from_ref(&with));
    world.merge(&with, &review.ticket).await;
    act!(world, "ines", review_case, ReviewCaseRequest, &reviewed, cause: "more").expect_err("it is under way");
    let heard = "select array_agg(ticket_id order by ticket_id) from ombudsman.case_ticket where case_id = $1";
    let heard: Vec<uuid::Uuid> = sqlx::query_scalar(heard)
        .bind(uuid_of(&world.told(&reviewed).await.reviews[0]))
        .fetch_one(&admin)
        .await
        .unwrap();
    let mut both = vec![uuid_of(&review.ticket), uuid_of(&with)];
    both.sort();
    assert_eq!(heard, both);
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

/// A correction as a file: number 0 is the decision itself.
async fn document(world: &World, case: &str, correction_number: i32) -> Result<String, tonic::Status> {
    let (name, format) = (format!("{case}/decision"), pb::DocumentFormat::Text.into());
    let request = pb::GetDecisionDocumentRequest { name, format, correction_number };
    let made = world.precedents().get_decision_document(request).await?.into_inner();
    Ok(String::from_utf8(made.content).unwrap())
}

#[tokio::test]
async fn a_correction_is_a_signed_document_that_names_the_hash_of_what_it_corrects() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    let none = document(&world, &case, 1).await.unwrap_err();
    assert_eq!(reason(&none), (Code::NotFound, "CORRECTION_NOT_FOUND".into()));
    let corrected = act!(world, "elena", correct_decision, CorrectDecisionRequest, &case, claim_point: "p1",
        text: pb::DecisionText::Finding, stood: "the 3rd and the 5th", stands: "the 3rd and the 6th", reason: "misread");
    corrected.unwrap();
    let decision = read_as_claimant(&world, &case).await;
    let (whole, text) = (document(&world, &case, 0).await.unwrap(), document(&world, &case, 1).await.unwrap());
    let key = world.harness.checkpoint_key();
    assert!(verify(&whole, &key).is_ok());
    let sealed = verify_correction(&text, &key).unwrap();
    assert_eq!(sealed.name, format!("{case}/decision/corrections/1"));
    assert_eq!(sealed.corrects, decision.document_hash);
    assert!(text.contains("Donde dice: the 3rd and the 5th\nDebe decir: the 3rd and the 6th"), "{text}");
    assert_eq!(seal::sha256(sealed.text.as_bytes()).to_vec(), decision.corrections[0].document_hash);
    // Neither is taken for the other, and no word of it can be changed.
    assert!(verify(&text, &key).is_err() && verify_correction(&whole, &key).is_err());
    assert_eq!(verify_correction(&text.replace("the 6th", "the 7th"), &key), Err(Broken::Text));
    let other = hex::encode(&decision.document_hash).replace(['0', '1', '2', '3'], "4");
    assert!(verify_correction(&text.replace(&hex::encode(&decision.document_hash), &other), &key).is_err());
    assert!(world.papers(&case, pb::DossierKind::Correction).await.contains(&text), "it is a paper of the dossier");
}

/// A case that reviews this one, decided and told, as `change` makes its decision.
async fn review(world: &World, reviewed: &str, change: impl FnOnce(&mut pb::IssueDecisionRequest)) -> String {
    let review = act!(world, "ines", review_case, ReviewCaseRequest, reviewed, cause: "new evidence").unwrap().name;
    for (person, _, role) in STAFF {
        world.assign(&review, person, role).await.unwrap();
    }
    world.to_draft(&review).await;
    let mut request = issue_request(world, &review).await;
    change(&mut request);
    world.elena().issue_decision(request).await.unwrap();
    world.notify(&review).await;
    review
}

fn order(term_days: i32) -> Vec<pb::ComplianceOrder> {
    vec![pb::ComplianceOrder { claim_point: "p1".into(), department: "billing".into(), term_days }]
}

#[tokio::test]
async fn a_review_that_decides_otherwise_takes_the_place_of_the_decision_with_its_own_orders() {
    let world = World::staffed().await;
    let reviewed = world.told_under("es.finance").await;
    act!(world, "elena", order_compliance, OrderComplianceRequest, &reviewed, orders: order(10)).unwrap();
    let decided = read_as_claimant(&world, &reviewed).await;
    let review =
        review(&world, &reviewed, |request| request.points[0].remedy = "the firm refunds both charges".into()).await;

    assert_eq!(world.stands(&reviewed).await, S::Closed);
    let told = world.told(&reviewed).await;
    assert_eq!((told.came_from(), told.superseded_by.as_str(), told.confirms), (S::Compliance, review.as_str(), false));
    assert!(told.end_time.is_some());
    // It stays readable as it was issued, and says that it is in force no more.
    let now = read_as_claimant(&world, &reviewed).await;
    assert_eq!(now, pb::Decision { superseded_by: review.clone(), ..decided });
    let owed = world.owed(&reviewed).await.remove(0);
    assert!(owed.lapse_time.is_some() && owed.met_time.is_none() && owed.overdue_time.is_none());
    let proof = act!(world, "liaison", prove_execution, ProveExecutionRequest, &owed.name, proof: "transfer");
    assert_eq!(reason(&proof.unwrap_err()).1, "CASE_STATE");
    let superseded = world.entries::<pb::DecisionSuperseded>().await;
    assert_eq!((superseded.len(), &superseded[0].case_name, &superseded[0].review), (1, &reviewed, &review));
    assert_eq!(world.moves(&reviewed).await.last(), Some(&(S::Compliance, S::Closed)));
    let verdict = world.elena().verify_dossier(pb::VerifyDossierRequest { name: reviewed.clone() }).await.unwrap();
    assert!(verdict.into_inner().intact);

    // What is in force is reviewed, not what was.
    let again = act!(world, "ines", review_case, ReviewCaseRequest, &reviewed, cause: "more");
    let (code, why, metadata) = refusal(&again.unwrap_err());
    assert_eq!((code, why.as_str(), &metadata["case"]), (Code::FailedPrecondition, "DECISION_SUPERSEDED", &review));
    let ordered = act!(world, "elena", order_compliance, OrderComplianceRequest, &review, orders: order(20)).unwrap();
    assert_eq!(ordered.state(), S::Compliance);
    // Nor is it a precedent any more, while the review is.
    let precedents: Vec<uuid::Uuid> = sqlx::query_scalar("select distinct case_id from ombudsman.precedent")
        .fetch_all(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(precedents, [uuid_of(&review)]);
}

#[tokio::test]
async fn a_review_that_repeats_the_decision_leaves_it_in_force_and_orders_nothing_beside_it() {
    let world = World::staffed().await;
    let reviewed = world.told_under("es.finance").await;
    act!(world, "elena", order_compliance, OrderComplianceRequest, &reviewed, orders: order(10)).unwrap();
    let review = review(&world, &reviewed, |request| {
        request.points[0].reason = "once more: one invoice is charged once, whatever the bank booked".into();
    })
    .await;
    assert_eq!(world.stands(&reviewed).await, S::Compliance);
    assert!(world.told(&review).await.confirms && world.told(&reviewed).await.superseded_by.is_empty());
    assert!(world.entries::<pb::DecisionSuperseded>().await.is_empty());
    let beside = act!(world, "elena", order_compliance, OrderComplianceRequest, &review, orders: order(20));
    let (code, why, metadata) = refusal(&beside.unwrap_err());
    assert_eq!((code, why.as_str(), &metadata["case"]), (Code::FailedPrecondition, "REVIEW_CONFIRMS", &reviewed));
    // What is in force is reviewed, and not what leaves it there.
    let again = act!(world, "ines", review_case, ReviewCaseRequest, &review, cause: "more");
    let (code, why, metadata) = refusal(&again.unwrap_err());
    assert_eq!((code, why.as_str(), &metadata["case"]), (Code::FailedPrecondition, "REVIEW_CONFIRMS", &reviewed));
    assert_eq!(world.close(&review).await.unwrap().state(), S::Closed);
    let owed = world.owed(&reviewed).await.remove(0).name;
    act!(world, "liaison", prove_execution, ProveExecutionRequest, &owed, proof: "transfer").unwrap();
    act!(world, "oscar", review_execution, ReviewExecutionRequest, &owed, holds: true, reasons: "it came").unwrap();
    assert_eq!(world.stands(&reviewed).await, S::Complied);
}

#[tokio::test]
async fn a_review_is_held_against_the_remedy_as_it_stands_since_a_slip_was_corrected() {
    let world = World::staffed().await;
    let corrected = async || {
        let case = world.told_under("es.finance").await;
        act!(world, "elena", correct_decision, CorrectDecisionRequest, &case, claim_point: "p1", text: pb::DecisionText::Remedy,
            stood: "interest", stands: "interests", reason: "a letter was left out")
        .unwrap();
        case
    };
    let remedy = |text: &str| {
        let text = text.to_owned();
        move |request: &mut pb::IssueDecisionRequest| request.points[0].remedy = text
    };
    let reviewed = corrected().await;
    let repeats = review(&world, &reviewed, remedy("the firm refunds the second charge with legal interests")).await;
    assert!(world.told(&repeats).await.confirms && world.told(&reviewed).await.superseded_by.is_empty());
    let beside = act!(world, "elena", order_compliance, OrderComplianceRequest, &repeats, orders: order(20));
    assert_eq!(reason(&beside.unwrap_err()).1, "REVIEW_CONFIRMS");

    // Who repeats the slip decides otherwise than what is in force.
    let reviewed = corrected().await;
    let slips = review(&world, &reviewed, remedy("the firm refunds the second charge with legal interest")).await;
    assert_eq!(world.told(&reviewed).await.superseded_by, slips);
    assert!(!world.told(&slips).await.confirms);
    let by_sql = "insert into ombudsman.corrected_remedy (case_id, point_id, number, remedy, corrected_at) values ($1, 'p1', 1, 'nothing', now())";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&slips)).await, "corrected_remedy_by_a_correction");
}

#[tokio::test]
async fn a_review_that_confirms_guides_nobody_any_more_once_another_takes_the_place_of_what_it_confirmed() {
    let world = World::staffed().await;
    let reviewed = world.told_under("es.finance").await;
    let confirming = review(&world, &reviewed, |_| {}).await;
    assert_eq!(world.close(&confirming).await.unwrap().state(), S::Closed);
    let admin = world.database.admin().await;
    let precedents = async || -> Vec<uuid::Uuid> {
        let guiding = "select distinct case_id from ombudsman.precedent order by case_id";
        sqlx::query_scalar(guiding).fetch_all(&admin).await.unwrap()
    };
    let mut both = vec![uuid_of(&reviewed), uuid_of(&confirming)];
    both.sort();
    assert_eq!(precedents().await, both);
    let forget = "delete from ombudsman.precedent where case_id = $1";
    assert_eq!(world.rule_broken_by(forget, uuid_of(&confirming)).await, "precedent_immutable");
    let other =
        review(&world, &reviewed, |request| request.points[0].remedy = "the firm refunds both charges".into()).await;
    assert_eq!(precedents().await, [uuid_of(&other)]);
    assert_eq!(world.rule_broken_by(forget, uuid_of(&other)).await, "precedent_immutable");
}

#[tokio::test]
async fn nobody_ends_what_was_decided_by_sql_but_by_a_review_that_decided_otherwise() {
    let world = World::staffed().await;
    let reviewed = world.told_under("es.finance").await;
    let id = uuid_of(&reviewed);
    let close = "update ombudsman.office_case set state = 'closed', came_from = state where case_id = $1";
    assert_eq!(world.rule_broken_by(close, id).await, "office_case_closed_by_its_review");
    act!(world, "elena", order_compliance, OrderComplianceRequest, &reviewed, orders: order(10)).unwrap();
    assert_eq!(world.rule_broken_by(close, id).await, "office_case_closed_by_its_review");
    let lapse = "update ombudsman.obligation set lapsed_at = now() where case_id = $1";
    assert_eq!(world.rule_broken_by(lapse, id).await, "obligation_lapses_by_a_review");
    let forget = "delete from ombudsman.precedent where case_id = $1";
    assert_eq!(world.rule_broken_by(forget, id).await, "precedent_immutable");
    let review = review(&world, &reviewed, |_| {}).await;
    let supersede = "insert into ombudsman.superseded_decision select review_of, case_id, now() from ombudsman.office_case where case_id = $1";
    assert_eq!(world.rule_broken_by(supersede, uuid_of(&review)).await, "superseded_decision_by_its_review");
    let bind =
        "update ombudsman.office_case set state = 'binding', bound_at = now(), bound_by = 'law' where case_id = $1";
    assert_eq!(world.rule_broken_by(bind, uuid_of(&review)).await, "office_case_review_confirms");
}

/// Corrects a text of the first claim point.
async fn correct(
    world: &World,
    case: &str,
    (text, stood, stands): (pb::DecisionText, &str, &str),
) -> Result<pb::Case, tonic::Status> {
    act!(world, "elena", correct_decision, CorrectDecisionRequest, case, claim_point: "p1",
        text: text, stood: stood, stands: stands, reason: "misread")
}

#[tokio::test]
async fn a_slip_in_a_correction_is_corrected_in_what_stands_since_it() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    use pb::DecisionText::{Finding, Remedy};
    for text in [Finding, Remedy] {
        let (stood, slip, stands) = match text {
            Finding => ("the 3rd and the 5th", "the 3rd and the 6ht", "the 3rd and the 6th"),
            _ => ("interest", "intrest", "interests"),
        };
        correct(&world, &case, (text, stood, slip)).await.unwrap();
        let gone = correct(&world, &case, (text, stood, stands)).await.unwrap_err();
        assert_eq!((reason(&gone).1.as_str(), fields(&gone)), ("NOT_IN_DECISION", vec!["stood".into()]), "{text:?}");
        let mended = correct(&world, &case, (text, slip, stands)).await;
        // Two letters at once are no slip of one.
        if text == Remedy {
            let twice = mended.unwrap_err();
            assert_eq!((reason(&twice).1.as_str(), fields(&twice)), ("NOT_IN_DECISION", vec!["stands".into()]));
            correct(&world, &case, (text, slip, stood)).await.unwrap();
        } else {
            mended.unwrap();
        }
    }
    let kept: Vec<String> = sqlx::query_scalar("select remedy from ombudsman.corrected_remedy order by number")
        .fetch_all(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(
        kept,
        [
            "the firm refunds the second charge with legal intrest",
            "the firm refunds the second charge with legal interest"
        ]
    );
}

#[tokio::test]
async fn what_comes_of_a_correction_is_an_answer_and_nothing_is_corrected_that_was_ordered_or_took_its_leave() {
    let world = World::staffed().await;
    let case = world.told_under("es.finance").await;
    use pb::DecisionText::{Finding, Reason, Remedy};
    let whole = "the contract allows one charge per invoice and no exception fits what happened here";
    let generic = correct(&world, &case, (Reason, whole, "no procede")).await.unwrap_err();
    assert_eq!((reason(&generic).1.as_str(), fields(&generic)), ("NOT_IN_DECISION", vec!["stands".into()]));
    act!(world, "elena", order_compliance, OrderComplianceRequest, &case, orders: order(10)).unwrap();
    let ordered = correct(&world, &case, (Remedy, "the second charge", "the first charge")).await.unwrap_err();
    let (code, why, metadata) = refusal(&ordered);
    assert_eq!(
        (code, why.as_str(), metadata["obligation"].as_str()),
        (Code::FailedPrecondition, "REMEDY_ORDERED", "1")
    );
    // What no order says is corrected still.
    correct(&world, &case, (Finding, "the 5th", "the 6th")).await.unwrap();
    let by_sql = "insert into ombudsman.correction (case_id, number, claim_point, part, entry_sequence, corrected_by, corrected_at)
                  select case_id, 9, 'p1', 'remedy', entry_sequence, 'elena', now() from ombudsman.correction where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "correction_before_the_order");
    let review =
        review(&world, &case, |request| request.points[0].remedy = "the firm refunds both charges".into()).await;
    let superseded = correct(&world, &case, (Finding, "March", "May")).await.unwrap_err();
    let (code, why, metadata) = refusal(&superseded);
    assert_eq!((code, why.as_str(), &metadata["case"]), (Code::FailedPrecondition, "DECISION_SUPERSEDED", &review));
    let by_sql = "insert into ombudsman.correction (case_id, number, claim_point, part, entry_sequence, corrected_by, corrected_at)
                  select case_id, 9, 'p1', 'finding', entry_sequence, 'elena', now() from ombudsman.correction where case_id = $1";
    assert_eq!(world.rule_broken_by(by_sql, uuid_of(&case)).await, "correction_of_what_is_in_force");
}
