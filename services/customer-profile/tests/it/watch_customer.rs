//! `WatchCustomer`: what changes is seen, and nothing else.

use std::time::Duration;

use kernel::Role;
use tonic::{Code, Streaming};
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, record, stranger};

async fn next(views: &mut Streaming<WatchCustomerResponse>) -> WatchCustomerResponse {
    let message = tokio::time::timeout(Duration::from_secs(20), views.message()).await;
    message.expect("a change is seen").unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_begins_with_all_and_goes_on_with_what_changed() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let eva = world.ingest(record("bills", "billing", "2").named("Eva Sanz Oca")).await;
    let request = WatchCustomerRequest { name: eva.customer.clone() };
    let mut views = world.client(Role::Agent).watch_customer(request).await.unwrap().into_inner();
    let first = next(&mut views).await;
    assert_eq!((first.changed_fields.len(), first.view.unwrap().name), (17, eva.customer.clone()));

    world.interaction(&eva.customer, "asked about an invoice", "2026-11-21T10:00:00Z").await;
    assert_eq!(next(&mut views).await.changed_fields, ["last_interactions", "effort"]);
    world.merge(&[&ana.customer, &eva.customer]).await.unwrap();
    let merged = next(&mut views).await;
    assert_eq!(merged.changed_fields, ["name", "golden", "completeness"], "a document is known now");
    assert_eq!(merged.view.unwrap().name, ana.customer, "the view goes on under the other name");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_watched_who_is_not_there() {
    let world = World::new().await;
    let request = WatchCustomerRequest { name: stranger() };
    let refused = world.client(Role::Agent).watch_customer(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}
