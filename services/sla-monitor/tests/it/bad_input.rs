//! What is wrong is said all at once, by field path, with the documented reason.

use kernel::Role;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;
use ventanilla_proto::sla::v1 as sla;

use crate::world::{Ticket, World, at, client, clocks, nobody};

pub fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

pub fn fields(status: &Status) -> Vec<String> {
    let wrong = status.get_details_bad_request().map(|bad| bad.field_violations).unwrap_or_default();
    wrong.into_iter().map(|violation| violation.field).collect()
}

#[tokio::test]
async fn every_violation_is_told_at_once() {
    let world = World::new().await;
    let served = world.start().await;
    let mut client = client(&served, Role::Agent);
    let wrong = sla::ListClocksRequest {
        page_size: -1,
        subject: "tickets/not-a-uuid".to_owned(),
        customer: "tickets/00000000-0000-0000-0000-000000000001".to_owned(),
        states: vec![2, 0, 99],
        ..sla::ListClocksRequest::default()
    };
    let status = client.list_clocks(wrong).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    assert_eq!(fields(&status), ["page_size", "subject", "customer", "states[1]", "states[2]"]);
    assert_eq!(status.get_details_error_info().unwrap().domain, "sla-monitor.ventanilla");

    let preview = sla::PreviewDueRequest {
        calendar: "es.madrid".to_owned(),
        subject: "clocks/1".to_owned(),
        department: "No Department".to_owned(),
        ..Default::default()
    };
    let status = client.preview_due(preview).await.unwrap_err();
    assert_eq!(fields(&status), ["policy", "start_time", "calendar", "subject", "department"]);

    let board = sla::GetBoardRequest {
        from_time: Some(prost_types::Timestamp { seconds: 10, nanos: -1 }),
        to_time: Some(prost_types::Timestamp { seconds: i64::MAX, nanos: 0 }),
        policy: "policies/a b".to_owned(),
    };
    assert_eq!(fields(&client.get_board(board).await.unwrap_err()), ["from_time", "to_time", "policy"]);
    let backwards = sla::GetBoardRequest {
        from_time: Some(prost_types::Timestamp { seconds: 10, nanos: 0 }),
        to_time: Some(prost_types::Timestamp { seconds: 10, nanos: 0 }),
        policy: String::new(),
    };
    assert_eq!(fields(&client.get_board(backwards).await.unwrap_err()), ["to_time"]);

    let watch = sla::WatchClocksRequest { after_position: -1, subject: "x".to_owned(), customer: "y".to_owned() };
    assert_eq!(fields(&client.watch_clocks(watch).await.unwrap_err()), ["after_position", "subject", "customer"]);

    let kinds = sla::ListPoliciesRequest { kind: 77, page_size: -3, ..Default::default() };
    assert_eq!(fields(&client.list_policies(kinds).await.unwrap_err()), ["page_size", "kind"]);
}

#[tokio::test]
async fn malformed_names_are_invalid_and_unknown_ones_not_found() {
    let world = World::new().await;
    let served = world.start().await;
    let mut client = client(&served, Role::Agent);
    for name in ["", "clocks/", "clocks/x", "tickets/00000000-0000-0000-0000-000000000001"] {
        let status = client.get_clock(sla::GetClockRequest { name: name.to_owned() }).await.unwrap_err();
        assert_eq!((status.code(), fields(&status)), (Code::InvalidArgument, vec!["name".to_owned()]), "{name}");
    }
    let name = nobody("clocks");
    let status = client.get_clock(sla::GetClockRequest { name: name.clone() }).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "CLOCK_NOT_FOUND"));
    assert_eq!(status.get_details_resource_info().unwrap().resource_name, name);
    let status = client.explain_clock(sla::ExplainClockRequest { name }).await.unwrap_err();
    assert_eq!(reason(&status), "CLOCK_NOT_FOUND");
    for name in ["es.madrid", "policies/", "policies/a/b", "policies/ñ"] {
        let status =
            client.get_policy(sla::GetPolicyRequest { name: name.to_owned(), ..Default::default() }).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{name}");
    }
    let status = client
        .get_policy(sla::GetPolicyRequest { name: "policies/no.such".to_owned(), ..Default::default() })
        .await
        .unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "POLICY_NOT_FOUND"));
    let status = client
        .get_calendar(sla::GetCalendarRequest { name: "calendars/fr.paris".to_owned(), ..Default::default() })
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "CALENDAR_NOT_FOUND");
    let board = sla::GetBoardRequest { policy: "policies/no.such".to_owned(), ..Default::default() };
    assert_eq!(reason(&client.get_board(board).await.unwrap_err()), "POLICY_NOT_FOUND");
}

#[tokio::test]
async fn a_page_token_of_another_list_or_filter_is_refused() {
    let world = World::new().await;
    let served = world.start().await;
    let mut client = client(&served, Role::Agent);
    for _ in 0..2 {
        let ticket = Ticket::complaint(at("2026-11-20T10:00:00+01:00"));
        world.open(&ticket).await;
        clocks(&served, &ticket.name, 1).await;
    }
    let request = sla::ListClocksRequest { page_size: 1, ..Default::default() };
    let token = client.list_clocks(request.clone()).await.unwrap().into_inner().next_page_token;
    assert!(!token.is_empty());
    let of_another_filter = sla::ListClocksRequest {
        page_token: token.clone(),
        states: vec![sla::ClockState::Running.into()],
        ..request.clone()
    };
    let garbage = sla::ListClocksRequest { page_token: "garbage".to_owned(), ..request.clone() };
    for request in [of_another_filter, garbage] {
        let status = client.list_clocks(request).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_PAGE_TOKEN"));
    }
    let of_another_list = sla::ListPoliciesRequest { page_token: token.clone(), ..Default::default() };
    assert_eq!(reason(&client.list_policies(of_another_list).await.unwrap_err()), "INVALID_PAGE_TOKEN");
    // The page size may change on the way.
    let next = sla::ListClocksRequest { page_token: token, page_size: 50, ..Default::default() };
    assert_eq!(client.list_clocks(next).await.unwrap().into_inner().clocks.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_counted_is_refused_with_its_reason() {
    let world = World::new().await;
    let served = world.start().await;
    let mut client = client(&served, Role::Agent);
    let mut ask = async |policy: &str, seconds: i64| {
        let request = sla::PreviewDueRequest {
            policy: format!("policies/{policy}"),
            start_time: Some(prost_types::Timestamp { seconds, nanos: 0 }),
            ..Default::default()
        };
        client.preview_due(request).await.unwrap_err()
    };
    let ban = ask("es.l10-2025.13-2.no_expiry_close", 1_800_000_000).await;
    // An underscore cannot stand in a policy's name of this form: the id must be reachable.
    assert_eq!((ban.code(), reason(&ban).as_str()), (Code::FailedPrecondition, "NO_TERM_TO_COUNT"));
    assert_eq!(ban.get_details_error_info().unwrap().metadata["stage"], "forbid");
    let end_of_time = ask("es.l10-2025.17-1.resolve", 253_402_200_000).await;
    assert_eq!((end_of_time.code(), reason(&end_of_time).as_str()), (Code::FailedPrecondition, "DATE_OUT_OF_RANGE"));
}

#[tokio::test]
async fn who_has_no_role_for_it_is_refused() {
    let world = World::new().await;
    let served = world.start().await;
    let request = || sla::GetClockRequest { name: nobody("clocks") };
    for role in [Role::Customer, Role::Sre, Role::Importer] {
        let status = client(&served, role).get_clock(request()).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{role}");
    }
    let mut anonymous = sla::sla_service_client::SlaServiceClient::new(served.anonymous());
    assert_eq!(anonymous.get_clock(request()).await.unwrap_err().code(), Code::Unauthenticated);
    for role in [Role::Ombudsman, Role::Service, Role::Ivr, Role::Auditor] {
        assert_eq!(client(&served, role).get_clock(request()).await.unwrap_err().code(), Code::NotFound, "{role}");
    }
}
