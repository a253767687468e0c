//! `WhatIsKnown`: nobody is asked twice.

use kernel::Role;
use tonic::Code;
use ventanilla_customer_profile::IdentitySettings;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, fields, reason, record, stranger, time};

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
async fn a_number_that_ended_by_the_newest_record_is_not_known_though_others_name_it() {
    let world = World::new().await;
    let mut billing = record("erp", "billing", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    billing.identifiers[1].verified_time = Some(time("2024-03-01T10:00:00Z"));
    let ana = world.ingest(billing.observed("2026-10-01T10:00:00Z")).await.customer;
    let phone = |facts: Vec<KnownFact>| facts.into_iter().find(|fact| fact.kind() == FactKind::Phone).unwrap();
    assert_eq!(phone(known(&world, &ana, AskPurpose::Contact, &[]).await).state(), FactState::Fresh);
    let mut sales = record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600111222");
    sales.identifiers[1].valid_until_time = Some(time("2026-06-01T00:00:00Z"));
    world.ingest(sales.observed("2026-11-01T10:00:00Z")).await;
    let told = phone(known(&world, &ana, AskPurpose::Contact, &[]).await);
    assert_eq!((told.state(), told.value.as_str(), told.department.as_str()), (FactState::Unknown, "", ""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_department_was_told_last_month_is_fresh_though_another_is_believed_for_it() {
    let authority =
        ["name", "birth_date", "address", "language"].map(|of| (of.to_owned(), vec!["registry".to_owned()]));
    let identity = IdentitySettings { authority: authority.into(), ..Default::default() };
    let world = World::telling(identity).await;
    let lives = |line: &str| {
        Some(PostalAddress {
            lines: vec![line.to_owned()],
            locality: "Tolosa".to_owned(),
            postal_code: "20400".to_owned(),
            ..Default::default()
        })
    };
    let mut registry = record("registry", "billing", "1").named("Ana Ruiz Gil").dni(&dni(1)).born("1975-03-12");
    (registry.address, registry.language) = (lives("Calle Mayor, 3"), 1);
    let ana = world.ingest(registry.observed("2010-01-01T10:00:00Z")).await.customer;
    let mut sales = record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1)).born("1975-03-12");
    (sales.address, sales.language) = (lives("calle mayor 3"), 1);
    let stale = [FactKind::Name, FactKind::Address, FactKind::Language];
    assert_eq!(world.view(&ana).await.completeness.unwrap().stale_facts().collect::<Vec<_>>(), stale);
    world.ingest(sales.clone().observed("2026-10-20T10:00:00Z")).await;
    let facts =
        known(&world, &ana, AskPurpose::Complaint, &[FactKind::BirthDate, FactKind::Address, FactKind::Language]).await;
    for kind in [FactKind::Name, FactKind::BirthDate, FactKind::Address, FactKind::Language] {
        let fact = facts.iter().find(|fact| fact.kind() == kind).unwrap();
        assert_eq!((fact.state(), fact.department.as_str()), (FactState::Fresh, "sales"), "{kind:?}");
        assert_eq!(fact.asked_again, kind != FactKind::Name);
    }
    let view = world.view(&ana).await;
    assert!(view.completeness.unwrap().stale_facts.is_empty());
    let golden = world.customer(&ana).await.golden.unwrap();
    let address = golden.address.unwrap();
    let of = |from: Option<Provenance>| from.unwrap().source_system;
    assert_eq!((of(address.provenance), of(address.last_seen)), ("registry".to_owned(), "crm".to_owned()));
    // Who was told something else saw nothing of it.
    (sales.address, sales.external_id) = (lives("Calle Nueva 9"), "2".to_owned());
    world.ingest(sales.observed("2026-11-20T10:00:00Z")).await;
    let address = world.customer(&ana).await.golden.unwrap().address.unwrap();
    assert_eq!(address.last_seen.unwrap().observed_time, Some(time("2026-10-20T10:00:00Z")));
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

/// The page of figures.
async fn figures(address: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    connection.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await.unwrap();
    let mut page = String::new();
    connection.read_to_string(&mut page).await.unwrap();
    page
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_that_need_not_be_asked_are_counted_by_the_department_that_was_about_to() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let settings = telemetry::Settings { metrics_listen: Some(address.clone()), ..Default::default() };
    let _telemetry = telemetry::init("testing", &settings).unwrap();
    let world = World::new().await;
    let sales = record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222").born("1975-03-12");
    let ana = world.ingest(sales.observed("2026-11-01T10:00:00Z")).await.customer;
    let ask = |department: &'static str, asking: &[FactKind]| {
        let channel = world.served.channel_as("agent-9", &[Role::Agent], Some(department));
        let request = WhatIsKnownRequest {
            name: ana.clone(),
            purpose: AskPurpose::Complaint.into(),
            asking: asking.iter().map(|kind| (*kind).into()).collect(),
        };
        let mut client = customer_service_client::CustomerServiceClient::new(channel);
        async move { client.what_is_known(request).await.unwrap() }
    };
    // Departments that no other test of this process has: the page is the process's.
    ask("asks-again", &[FactKind::Phone, FactKind::BirthDate]).await;
    ask("asks-again", &[FactKind::Phone]).await;
    ask("asks-anew", &[FactKind::Email]).await;
    let page = figures(&address).await;
    let of_this = |line: &&str| line.starts_with("ventanilla_customer_asked_again_total{") && line.contains("asks-");
    let counted: Vec<&str> = page.lines().filter(of_this).collect();
    assert_eq!(counted.len(), 1, "of what is not known nothing is counted: {counted:?}");
    assert!(counted[0].contains("department=\"asks-again\"") && counted[0].ends_with(" 3"), "{counted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_restricted_customer_who_keeps_data_is_told_what_is_known_and_nobody_else() {
    let world = World::new().await;
    let sales = record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222");
    let ana = world.ingest(sales.observed("2026-11-01T10:00:00Z")).await.customer;
    let request = RestrictCustomerRequest { name: ana.clone(), ground: 1, request_id: world.request_id() };
    crate::rights::rights(&world).restrict_customer(request).await.unwrap();
    let ask = |role| {
        let mut client = world.client(role);
        let request = WhatIsKnownRequest { name: ana.clone(), purpose: AskPurpose::Contact.into(), asking: Vec::new() };
        async move { client.what_is_known(request).await }
    };
    for role in [Role::Ivr, Role::Agent, Role::Supervisor, Role::Crm] {
        let refused = ask(role).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "CUSTOMER_RESTRICTED"));
    }
    for role in [Role::Steward, Role::Service] {
        let facts = ask(role).await.unwrap().into_inner().facts;
        let phone = facts.iter().find(|fact| fact.kind() == FactKind::Phone).unwrap();
        assert_eq!(phone.value, "+34600111222");
    }
}
