//! Bad input: everything wrong at once, by field path, and nothing written.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, fields, reason, record, stranger};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_wrong_with_a_record_is_said_at_once_by_its_path() {
    let world = World::new().await;
    let mut bad = record("CRM Retail", "", "").phone("600111222").dni("12345678A").email("ana");
    bad.identifiers.push(Identifier { r#type: 99, value: "x".to_owned(), ..Default::default() });
    bad.identifiers.push(Identifier {
        r#type: IdentifierType::Account.into(),
        country_code: "ES".to_owned(),
        ..Default::default()
    });
    bad.person_name =
        Some(PersonName { given_name: "Ana".to_owned(), full_name: "Ana".to_owned(), ..Default::default() });
    bad.birth_date = "29/02/1980".to_owned();
    bad.language = 42;
    bad.address = Some(PostalAddress { country_code: "Spain".to_owned(), ..Default::default() });
    bad.observed_time = None;
    let request = IngestSourceRecordRequest { record: Some(bad), request_id: "not-a-uuid".to_owned() };
    let status = world.client(Role::Crm).ingest_source_record(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    let expected = [
        "request_id",
        "record.source_system",
        "record.department",
        "record.external_id",
        "record.observed_time",
        "record.person_name",
        "record.identifiers[1].value",
        "record.identifiers[2].value",
        "record.identifiers[3].type",
        "record.identifiers[4].country_code",
        "record.identifiers[4].issuer",
        "record.identifiers[4].value",
        "record.birth_date",
        "record.address.country_code",
        "record.language",
    ];
    assert_eq!(fields(&status), expected);
    assert!(!format!("{status:?}").contains("12345678"), "a refusal repeats no personal value");
    assert_eq!((world.count("source_record").await, world.count("request").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_request_is_refused_field_by_field() {
    let world = World::new().await;
    let mut crm = world.client(Role::Crm);
    let status = crm.ingest_source_record(IngestSourceRecordRequest::default()).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "record"]);
    let status = crm.record_interaction(RecordInteractionRequest::default()).await.unwrap_err();
    assert_eq!(fields(&status), ["request_id", "parent", "interaction"]);
    let status = crm.get_customer(GetCustomerRequest::default()).await.unwrap_err();
    assert_eq!(fields(&status), ["name"]);
    let status = crm.get_customer_view(GetCustomerViewRequest { name: "tickets/x".to_owned() }).await.unwrap_err();
    assert_eq!(fields(&status), ["name"]);
    let request = ListTimelineRequest { page_size: -1, ..Default::default() };
    assert_eq!(fields(&crm.list_timeline(request).await.unwrap_err()), ["parent", "page_size"]);
    let request = LookupByPhoneRequest { phone_number: "6".repeat(129), region_code: "XX".to_owned() };
    assert_eq!(fields(&crm.lookup_by_phone(request).await.unwrap_err()), ["phone_number", "region_code"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_from_the_future_or_with_nothing_in_it_is_refused() {
    let world = World::new().await;
    let status = world.try_ingest(record("crm", "sales", "1").named("Ana Ruiz").observed("2030-01-01T00:00:00Z")).await;
    assert_eq!(fields(&status.unwrap_err()), ["record.observed_time"]);
    let status = world.try_ingest(record("crm", "sales", "1")).await;
    assert_eq!(fields(&status.unwrap_err()), ["record"]);
    let mut many = record("crm", "sales", "1");
    for n in 0..33 {
        many = many.phone(&format!("6001112{n:02}"));
    }
    assert_eq!(fields(&world.try_ingest(many).await.unwrap_err()), ["record.identifiers"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oversized_request_is_refused_before_it_is_read() {
    let world = World::new().await;
    let huge = record("crm", "sales", "1").named(&"a".repeat(300 * 1024));
    let status = world.try_ingest(huge).await.unwrap_err();
    assert!(matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted), "{status:?}");
    assert_eq!(world.count("source_record").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_nobody_ever_had_is_not_found() {
    let world = World::new().await;
    let mut agent = world.client(Role::Agent);
    let get = agent.get_customer(GetCustomerRequest { name: stranger(), ..Default::default() }).await.unwrap_err();
    let view = agent.get_customer_view(GetCustomerViewRequest { name: stranger() }).await.unwrap_err();
    for status in [get, view] {
        assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_decide_who_may_call() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await;
    let get = GetCustomerRequest { name: ana.customer.clone(), ..Default::default() };
    assert!(world.client(Role::Ombudsman).get_customer(get.clone()).await.is_ok());
    let view = GetCustomerViewRequest { name: ana.customer };
    let status = world.client(Role::Ombudsman).get_customer_view(view).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let status = world.client(Role::Sre).get_customer(get).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    let request = IngestSourceRecordRequest::default();
    let status = world.client(Role::Ivr).ingest_source_record(request).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
}
