//! `WhatIsKnown`: nobody is asked twice.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, fields, reason, record, stranger};

async fn known(world: &World, customer: &str, purpose: AskPurpose, asking: &[FactKind]) -> Vec<KnownFact> {
    let request = WhatIsKnownRequest {
        name: customer.to_owned(),
        purpose: purpose.into(),
        asking: asking.iter().map(|kind| (*kind).into()).collect(),
    };
    world.client(Role::Ivr).what_is_known(request).await.unwrap().into_inner().facts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_department_was_told_is_not_asked_again() {
    let world = World::new().await;
    let sales = record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    let ana = world.ingest(sales.observed("2026-11-01T10:00:00Z")).await.customer;
    let billing = record("bills", "billing", "2").named("Ana Ruiz Gil").dni(&dni(1)).email("ana@correo.example");
    world.ingest(billing.observed("2023-01-01T10:00:00Z")).await;
    let facts =
        known(&world, &ana, AskPurpose::Complaint, &[FactKind::Phone, FactKind::Address, FactKind::Language]).await;
    let of = |kind| facts.iter().find(|fact| fact.kind() == kind).unwrap();
    let phone = of(FactKind::Phone);
    assert_eq!(
        (phone.state(), phone.value.as_str(), phone.department.as_str()),
        (FactState::Fresh, "+34600111222", "sales")
    );
    assert!(phone.asked_again, "it is known");
    assert_eq!((of(FactKind::Email).state(), of(FactKind::Email).asked_again), (FactState::Stale, false));
    assert_eq!((of(FactKind::Address).state(), of(FactKind::Address).asked_again), (FactState::Unknown, false));
    assert_eq!(of(FactKind::Language).state(), FactState::Unknown, "asked beside what the purpose needs");
    assert!(!of(FactKind::Name).asked_again, "nobody was about to ask it");
    assert_eq!(facts.len(), 7);

    let known = world.view(&ana).await.completeness.unwrap();
    assert_eq!(known.fresh_percent, 37, "three of eight: name, document and telephone");
    assert_eq!(known.stale_facts().collect::<Vec<_>>(), [FactKind::Email]);
    let unknown = [FactKind::BirthDate, FactKind::Address, FactKind::Account, FactKind::Language];
    assert_eq!(known.unknown_facts().collect::<Vec<_>>(), unknown);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_verified_long_ago_and_told_again_lately_is_fresh() {
    let world = World::new().await;
    let mut billing = record("bills", "billing", "2").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    billing.identifiers[1].verified_time = Some(crate::support::time("2020-01-01T10:00:00Z"));
    let ana = world.ingest(billing.observed("2020-01-01T10:00:00Z")).await.customer;
    let sales = record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    world.ingest(sales.observed("2026-11-01T10:00:00Z")).await;
    let facts = known(&world, &ana, AskPurpose::Contact, &[]).await;
    let phone = facts.iter().find(|fact| fact.kind() == FactKind::Phone).unwrap();
    assert_eq!((phone.state(), phone.department.as_str()), (FactState::Fresh, "sales"));
    let golden = &world.customer(&ana).await.identifiers;
    let rules: Vec<_> = golden.iter().map(|i| i.provenance.as_ref().unwrap().rule()).collect();
    assert!(rules.contains(&SurvivorshipRule::Verified), "{rules:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_without_purpose_or_about_nobody_is_refused() {
    let world = World::new().await;
    let request = WhatIsKnownRequest { name: stranger(), purpose: 0, asking: vec![1, 99] };
    let refused = world.client(Role::Agent).what_is_known(request).await.unwrap_err();
    assert_eq!(fields(&refused), ["purpose", "asking[1]"]);
    let request = WhatIsKnownRequest { name: stranger(), purpose: 1, asking: Vec::new() };
    let refused = world.client(Role::Agent).what_is_known(request).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
}
