//! Bad input at every door: the documented reason, nothing written.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::ombudsman::v1 as pb;

use crate::world::{World, fields, fresh_id, reason};

#[tokio::test]
async fn a_case_nobody_knows_is_not_found() {
    let world = World::staffed().await;
    let name = format!("cases/{}", fresh_id());
    let refused = world.ines().get_case(pb::GetCaseRequest { name: name.clone() }).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".into()));
    let request = pb::AdmitCaseRequest { name, etag: "\"1\"".into(), request_id: fresh_id(), ..Default::default() };
    let before = world.rows().await;
    let refused = world.ines().admit_case(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "CASE_NOT_FOUND".into()));
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_decision_is_said_at_once() {
    let world = World::staffed().await;
    let request = pb::IssueDecisionRequest {
        name: "cases/1".into(),
        etag: "1".into(),
        points: vec![pb::DecisionPoint { outcome: 9, ..Default::default() }],
        signpost: " ".into(),
        language: 42,
        request_id: "nil".into(),
        ..Default::default()
    };
    let refused = world.elena().issue_decision(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::InvalidArgument, "INVALID_REQUEST".into()));
    let expected = ["name", "etag", "request_id", "points[0].claim_point", "points[0].outcome", "signpost", "language"];
    assert_eq!(fields(&refused), expected);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_member_is_said_at_once() {
    let world = World::new().await;
    let member = pb::OfficeMember {
        person: "ana".into(),
        unit: "The Office".into(),
        line_manager: "ana".into(),
        mandate: Some(pb::Mandate { start_time: world.in_days(0), end_time: world.in_days(700), ending: None }),
        ..Default::default()
    };
    let request = pb::RegisterOfficeMemberRequest { member: Some(member), request_id: fresh_id() };
    let refused = world.elena().register_office_member(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["member.office_roles", "member.unit", "member.line_manager", "member.mandate"]);
}

#[tokio::test]
async fn a_person_is_registered_once_and_declares_only_when_registered() {
    let world = World::staffed().await;
    let member = pb::OfficeMember {
        person: "oscar".into(),
        office_roles: vec![pb::OfficeRole::Intake.into()],
        unit: "ombudsman-office".into(),
        mandate: Some(pb::Mandate { start_time: world.in_days(0), end_time: world.in_days(800), ending: None }),
        ..Default::default()
    };
    let request = pb::RegisterOfficeMemberRequest { member: Some(member), request_id: fresh_id() };
    let refused = world.elena().register_office_member(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::AlreadyExists, "MEMBER_EXISTS".into()));

    let declaration = Some(pb::RelationDeclaration::default());
    let request = pb::DeclareRelationsRequest { declaration, request_id: fresh_id() };
    let refused = world.as_person("rita", Role::Investigator).declare_relations(request).await.unwrap_err();
    assert_eq!(reason(&refused), (Code::NotFound, "MEMBER_NOT_FOUND".into()));
}

#[tokio::test]
async fn cases_are_listed_newest_first_and_filtered() {
    let world = World::staffed().await;
    let mut names = Vec::new();
    for _ in 0..3 {
        names.push(world.case().await.name);
        world.days(1);
    }
    world.assign(&names[0], "elena", pb::OfficeRole::Ombudsman).await.unwrap();
    let list = |request: pb::ListCasesRequest| {
        let mut elena = world.elena();
        async move { elena.list_cases(request).await.map(tonic::Response::into_inner) }
    };
    let page = list(pb::ListCasesRequest { page_size: 2, ..Default::default() }).await.unwrap();
    let found: Vec<&str> = page.cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(found, [names[2].as_str(), names[1].as_str()]);
    let token = page.next_page_token;
    let rest = pb::ListCasesRequest { page_size: 2, page_token: token.clone(), ..Default::default() };
    let rest = list(rest).await.unwrap();
    assert_eq!((rest.cases[0].name.as_str(), rest.next_page_token.as_str()), (names[0].as_str(), ""));

    let mine = list(pb::ListCasesRequest { assigned_to_me: true, ..Default::default() }).await.unwrap();
    assert_eq!(mine.cases.len(), 1);
    let other = pb::ListCasesRequest { state: pb::CaseState::Decided.into(), page_token: token, ..Default::default() };
    assert_eq!(reason(&list(other).await.unwrap_err()), (Code::InvalidArgument, "INVALID_PAGE_TOKEN".into()));
    let wrong = pb::ListCasesRequest { page_size: -1, state: 99, ticket: "x".into(), ..Default::default() };
    assert_eq!(fields(&list(wrong).await.unwrap_err()), ["state", "ticket", "page_size"]);
}
