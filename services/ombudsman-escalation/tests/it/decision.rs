//! Deliberating and deciding.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;
use ventanilla_proto::ombudsman::v1::ombudsman_service_client::OmbudsmanServiceClient;
use ventanilla_proto::r#type::v1::Channel;

use crate::world::{CUSTOMER, World, fields, fresh_id, issue_request, reason, refusal, uuid_of};

#[tokio::test]
async fn a_draft_is_read_by_who_works_on_the_case_and_by_nobody_in_the_database() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let request = pb::GetDraftRequest { case_name: case.clone() };
    let draft = world.elena().get_draft(request.clone()).await.unwrap().into_inner();
    assert_eq!((draft.text.as_str(), draft.revision), ("the firm is wrong on both points", 1));

    let words = "the firm is wrong";
    let stored: Vec<Vec<u8>> = sqlx::query_scalar(
        "select ciphertext from ombudsman.draft union all select answer from ombudsman.request where answer is not null
         union all select payload from ombudsman.ledger union all select payload from ombudsman.ledger_inbox
         union all select content from ombudsman.dossier_content",
    )
    .fetch_all(&world.database.admin().await)
    .await
    .unwrap();
    assert!(stored.len() > 10);
    assert!(stored.iter().all(|bytes| !String::from_utf8_lossy(bytes).contains(words)));

    let refused = world.as_person("rita", Role::Investigator).get_draft(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "NOT_ASSIGNED".into()));
}

#[tokio::test]
async fn a_repeated_save_makes_no_second_revision() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let request = world.draft_request(&case, "second thoughts").await;
    let first = world.oscar().save_draft(request.clone()).await.unwrap().into_inner();
    assert_eq!(first.revision, 2);
    assert_eq!(world.oscar().save_draft(request).await.unwrap().into_inner(), first);
}

#[tokio::test]
async fn every_point_without_a_proper_answer_is_listed() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let mut request = issue_request(&world, &case).await;
    request.points.remove(1);
    request.points[0].reason = "Por los motivos expuestos, se desestima la reclamación.".into();
    let before = world.rows().await;
    let refused = world.elena().issue_decision(request).await.unwrap_err();
    let (code, reason, metadata) = refusal(&refused);
    assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "DECISION_INCOMPLETE"));
    assert_eq!(metadata["article"], "Ley 44/2002 art. 29 septies.2");
    assert_eq!(fields(&refused), ["points", "points[0].reason"]);
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn a_decision_that_answers_everything_binds_as_the_regime_says_and_stays() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let request = issue_request(&world, &case).await;
    let decision = world.elena().issue_decision(request.clone()).await.unwrap().into_inner();
    assert_eq!(decision.outcome(), pb::DecisionOutcome::PartlyUpheld);
    assert_eq!((decision.binding, decision.binding_article.as_str()), (true, "Ley 44/2002 art. 29.2"));
    assert_eq!(world.elena().issue_decision(request.clone()).await.unwrap().into_inner(), decision);

    let issued = world.entries::<pb::DecisionIssued>().await;
    assert_eq!((issued.len(), issued[0].hash.as_slice()), (1, decision.hash.as_slice()));
    assert_eq!((issued[0].outcome(), issued[0].binding), (pb::DecisionOutcome::Unspecified, false));
    assert!(world.entries::<pb::DecisionNotified>().await.is_empty(), "how it went nobody learns before the parties");

    let again = pb::IssueDecisionRequest { request_id: fresh_id(), etag: world.etag(&case).await, ..request };
    let refused = world.elena().issue_decision(again).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::FailedPrecondition, "DECISION_IMMUTABLE".into()));
}

#[tokio::test]
async fn the_claimant_reads_it_once_it_was_notified_and_nobody_else_does() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let decision = world.elena().issue_decision(issue_request(&world, &case).await).await.unwrap().into_inner();
    let as_customer = |id: &str| OmbudsmanServiceClient::new(world.served.channel_as(id, &[Role::Customer], None));
    let own = CUSTOMER.strip_prefix("customers/").unwrap();
    let request = pb::GetDecisionRequest { name: decision.name.clone() };
    let early = as_customer(own).get_decision(request.clone()).await.unwrap_err();
    assert_eq!(reason(&early), (Code::NotFound, "DECISION_NOT_FOUND".into()));

    let notify = pb::NotifyDecisionRequest {
        name: case.clone(),
        etag: world.etag(&case).await,
        channel: Channel::Web.into(),
        request_id: fresh_id(),
    };
    let notified = world.ines().notify_decision(notify).await.unwrap().into_inner();
    assert_eq!(notified.state(), pb::CaseState::Notified);
    let read = as_customer(own).get_decision(request.clone()).await.unwrap().into_inner();
    assert!(read.notify_time.is_some());
    let told = world.entries::<pb::DecisionNotified>().await;
    assert_eq!((told.len(), told[0].outcome(), told[0].binding), (1, decision.outcome(), decision.binding));
    assert_eq!(read.points, decision.points);
    let other = as_customer("somebody").get_decision(request).await.unwrap_err();
    assert_eq!(reason(&other), (Code::NotFound, "DECISION_NOT_FOUND".into()));

    // It binds the firm, which is still to do what it says.
    let close = pb::CloseCaseRequest { name: case.clone(), etag: world.etag(&case).await, request_id: fresh_id() };
    let (code, reason, metadata) = refusal(&world.ines().close_case(close).await.unwrap_err());
    assert_eq!((code, reason.as_str()), (Code::FailedPrecondition, "COMPLIANCE_OWED"));
    assert_eq!(metadata["article"], "Ley 44/2002 art. 29.2");
}

#[tokio::test]
async fn the_investigator_does_not_decide() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let refused = world.oscar().issue_decision(issue_request(&world, &case).await).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::PermissionDenied, "ROLE_NOT_ALLOWED".into()));
    let other = world.as_person("rita", Role::Ombudsman).issue_decision(issue_request(&world, &case).await).await;
    assert_eq!(reason(&other.unwrap_err()), (Code::PermissionDenied, "NOT_ASSIGNED".into()));
}

#[tokio::test]
async fn a_stale_etag_changes_nothing() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    let before = world.rows().await;
    let request = pb::IssueDecisionRequest { etag: "\"1\"".into(), ..issue_request(&world, &case).await };
    let refused = world.elena().issue_decision(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::Aborted, "STALE_ETAG".into()));
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn an_issued_decision_cannot_be_changed_by_sql() {
    let world = World::staffed().await;
    let case = world.drafted_case().await.name;
    world.elena().issue_decision(issue_request(&world, &case).await).await.unwrap();
    let case = uuid_of(&case);
    let changes = [
        ("update ombudsman.decision set outcome = 'not_upheld' where case_id = $1", "decision_immutable"),
        ("delete from ombudsman.decision where case_id = $1", "decision_immutable"),
        ("update ombudsman.decision_point set remedy = 'nothing at all' where case_id = $1", "decision_immutable"),
        ("delete from ombudsman.decision_point where case_id = $1", "decision_immutable"),
        ("update ombudsman.claim_point set claim = 'less' where case_id = $1", "claim_point_before_the_decision"),
        ("update ombudsman.office_case set state = 'drafted' where case_id = $1", "office_case_stays_decided"),
        (
            "insert into ombudsman.decision_point (case_id, point_id, place, outcome, finding, reason, remedy)
             values ($1, 'p3', 3, 'upheld', 'more', 'more', 'more')",
            "decision_point_before_the_decision",
        ),
    ];
    for (change, rule) in changes {
        assert_eq!(world.rule_broken_by(change, case).await, rule, "{change}");
    }
}

#[tokio::test]
async fn nobody_decides_by_sql_who_may_not_decide() {
    let world = World::staffed().await;
    world.register("rita", "ombudsman-office", None, &[pb::OfficeRole::Ombudsman]).await;
    let case = uuid_of(&world.drafted_case().await.name);
    let decide = |by: &'static str| -> &'static str {
        match by {
            "oscar" => {
                "insert into ombudsman.decision values ($1, 'upheld', true, 'x', 'x', 'es', 'oscar', '2026-11-23T09:00:00Z',
                 '2026-12-23T09:00:00Z', 1, '\\x00')"
            }
            "rita" => {
                "insert into ombudsman.decision values ($1, 'upheld', true, 'x', 'x', 'es', 'rita', '2026-11-23T09:00:00Z',
                 '2026-12-23T09:00:00Z', 1, '\\x00')"
            }
            _ => {
                "insert into ombudsman.decision values ($1, 'upheld', true, 'x', 'x', 'es', 'elena', '2026-11-23T09:00:00Z',
                 '2026-12-23T09:00:00Z', 1, '\\x00')"
            }
        }
    };
    assert_eq!(world.rule_broken_by(decide("oscar"), case).await, "decision_by_a_mandate_that_runs");
    assert_eq!(world.rule_broken_by(decide("rita"), case).await, "decision_by_the_assigned_ombudsman");
    assert_eq!(world.rule_broken_by(decide("elena"), case).await, "decision_answers_every_point");
    sqlx::query("update ombudsman.ticket_watch set received_position = null")
        .execute(&world.database.admin().await)
        .await
        .unwrap();
    assert_eq!(world.rule_broken_by(decide("elena"), case).await, "decision_past_the_wall");
}
