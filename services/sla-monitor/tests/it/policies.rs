//! Policies, calendars and previews.

use std::collections::BTreeSet;

use kernel::Role;
use ventanilla_proto::sla::v1 as sla;

use crate::world::{World, at, client, read, wire};

#[tokio::test]
async fn every_policy_is_listed_once_over_pages_and_says_why_it_is_not_enabled() {
    let world = World::new().await;
    let served = world.start().await;
    let mut client = client(&served, Role::Agent);
    let mut names = Vec::new();
    let mut request = sla::ListPoliciesRequest { page_size: 10, ..sla::ListPoliciesRequest::default() };
    loop {
        let page = client.list_policies(request.clone()).await.unwrap().into_inner();
        assert!(page.policies.len() <= 10);
        for policy in page.policies {
            assert_eq!(policy.enabled, policy.disabled_because.is_empty(), "{}", policy.name);
            names.push(policy.name);
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    assert_eq!(names.len(), 93);
    let house = sla::ListPoliciesRequest { kind: sla::PolicyKind::Sla.into(), ..sla::ListPoliciesRequest::default() };
    assert_eq!(client.list_policies(house).await.unwrap().into_inner().policies.len(), 15);
    let enabled =
        sla::ListPoliciesRequest { enabled_only: true, page_size: 100, ..sla::ListPoliciesRequest::default() };
    assert_eq!(client.list_policies(enabled).await.unwrap().into_inner().policies.len(), 30);
}

#[tokio::test]
async fn every_reading_that_a_text_leaves_open_is_shown_with_the_strict_one() {
    let world = World::new().await;
    let served = world.start().await;
    let request = sla::GetPolicyRequest { name: "policies/es.fin.29septies-1.decide".to_owned(), ..Default::default() };
    let policy = client(&served, Role::Agent).get_policy(request).await.unwrap().into_inner();
    let told: Vec<_> = policy.readings.iter().map(|r| (r.name.as_str(), r.value == r.strict_value)).collect();
    assert_eq!(told, [("es.fin.29quater-2.effect", true), ("es.fin.29ter.phone", true)]);
    assert_eq!(policy.reading.as_ref(), policy.readings.first());
    assert!(policy.readings.iter().all(|reading| reading.values.len() == 2), "{:?}", policy.readings);
}

#[tokio::test]
async fn a_calendar_shows_its_holidays_hours_and_rule_for_local_times() {
    let world = World::new().await;
    let served = world.start().await;
    let request = sla::GetCalendarRequest { name: "calendars/es.madrid".to_owned(), ..Default::default() };
    let calendar = client(&served, Role::Sre).get_calendar(request).await.unwrap().into_inner();
    assert_eq!(calendar.time_zone, "Europe/Madrid");
    let scope = |date: &str| calendar.holidays.iter().find(|h| h.date == date).map(|h| h.scope.as_str());
    assert_eq!(scope("2026-01-06"), Some("national"));
    assert_eq!(scope("2026-05-02"), Some("community"));
    assert_eq!(scope("2026-05-15"), Some("town"));
    // Two intervals a day, with a pause between them.
    assert_eq!(calendar.weekly_intervals.iter().filter(|i| i.weekday == 1).count(), 2);
    assert!(calendar.local_time_rule.contains("first instant after the change"));
    assert!(!calendar.source.is_empty() && !calendar.version.is_empty());
}

#[tokio::test]
async fn a_preview_gives_due_instant_and_proof_and_writes_nothing() {
    let world = World::new().await;
    let served = world.start().await;
    let client = client(&served, Role::Ivr);
    let preview = |policy: &str, start: &str, calendar: &str| {
        let request = sla::PreviewDueRequest {
            policy: format!("policies/{policy}"),
            start_time: Some(wire(at(start))),
            calendar: calendar.to_owned(),
            ..Default::default()
        };
        let mut client = client.clone();
        async move { client.preview_due(request).await.unwrap().into_inner() }
    };
    let friday = preview("es.l10-2025.17-1.resolve", "2025-12-19T10:00:00+01:00", "").await;
    assert_eq!(read(friday.due_time), Some(at("2026-01-14T22:59:59.999999Z")));
    let proof = friday.proof.unwrap();
    assert!(!proof.in_force_at_start);
    assert!(proof.steps.iter().any(|s| s.description_es.contains("festivos")));
    let leap = preview("es.fin.29septies-1.decide", "2028-01-31T10:00:00+01:00", "").await;
    assert_eq!(read(leap.due_time), Some(at("2028-02-29T22:59:59.999999Z")));
    let island = preview("es.l10-2025.17-3.billing", "2026-03-03T00:30:00+01:00", "calendars/es.canarias").await;
    assert_eq!(read(island.due_time), Some(at("2026-03-07T23:59:59.999999Z")));
    // One that ships disabled is counted all the same.
    let disabled = preview("mx.une.answer", "2026-03-02T10:00:00+01:00", "").await;
    assert_eq!(disabled.proof.unwrap().evidence(), sla::EvidenceStatus::Secondary);
    let clocks: i64 =
        sqlx::query_scalar("select count(*) from sla_monitor.clock").fetch_one(&world.admin).await.unwrap();
    assert_eq!(clocks, 0);
}
