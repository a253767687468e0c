//! `ListSourceRecords`: what each department's system says.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, record, stranger};

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
