//! `ListSourceRecords`: what each department's system says.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, fields, record, stranger};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_come_oldest_first_in_pages_with_normalised_values() {
    let world = World::new().await;
    let mut sent = Vec::new();
    for n in 0..3 {
        let said = record(&format!("system-{n}"), "sales", "1").named("Ana Ruiz Gil").dni(&dni(1)).phone("600 111 222");
        sent.push(world.ingest(said).await);
    }
    let (mut listed, mut token) = (Vec::new(), String::new());
    loop {
        let request =
            ListSourceRecordsRequest { parent: sent[1].own_customer.clone(), page_size: 2, page_token: token };
        let answer = world.client(Role::Steward).list_source_records(request).await.unwrap().into_inner();
        listed.extend(answer.records);
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(listed, sent);
    assert_eq!(listed[0].identifiers[1].value, "+34600111222");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_has_no_records() {
    let world = World::new().await;
    let request = ListSourceRecordsRequest { parent: stranger(), ..Default::default() };
    let status = world.client(Role::Steward).list_source_records(request).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_that_was_taken_before_its_countrys_rule_was_known_is_still_shown() {
    let world = World::new().await;
    let said = |external_id: &str, number: &str| {
        let mut said = record("crm", "sales", external_id).named("Rui Costa").dni(number);
        said.identifiers[0].country_code = "PT".to_owned();
        said
    };
    let taken = world.ingest(said("1", "501442600")).await;
    sqlx::query(
        "update customer_profile.source_record_version
            set content = decode(replace(encode(content, 'hex'), encode('501442600', 'hex'), encode('501442601', 'hex')), 'hex')",
    )
    .execute(&world.admin().await)
    .await
    .unwrap();
    let request = ListSourceRecordsRequest { parent: taken.own_customer, ..Default::default() };
    let shown = world.client(Role::Steward).list_source_records(request).await.unwrap().into_inner().records;
    assert_eq!(shown[0].identifiers[0].value, "501442601");

    let refused = world.try_ingest(said("2", "501442601")).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(fields(&refused).iter().any(|field| field.ends_with("identifiers[0].value")), "{:?}", fields(&refused));
    world.ingest(said("3", "AB123456")).await;
}
