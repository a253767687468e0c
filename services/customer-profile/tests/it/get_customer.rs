//! `GetCustomer` in both times: what was true, and what a screen showed.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, fields, reason, record, time};

async fn at(world: &World, name: &str, as_of: Option<&str>, known: Option<jiff::Timestamp>) -> Customer {
    let request = GetCustomerRequest {
        name: name.to_owned(),
        as_of_time: as_of.map(time),
        known_time: known.map(server::parse::time_to_proto),
    };
    world.client(Role::Agent).get_customer(request).await.unwrap().into_inner()
}

fn name_of(customer: &Customer) -> String {
    let golden = customer.golden.clone().unwrap();
    golden.person_name.and_then(|name| name.value).map(|name| name.full_name).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_true_and_what_was_known_are_told_apart() {
    let world = World::new().await;
    let first = record("crm", "sales", "1").named("Ana Ruiz").observed("2026-03-01T10:00:00Z");
    let ana = world.ingest(first).await;
    let before = world.now();
    // She married in May; billing says so in November only.
    world.ingest(record("crm", "sales", "1").named("Ana Ruiz de Vega").observed("2026-05-01T10:00:00Z")).await;
    let name = ana.customer.as_str();
    assert_eq!(name_of(&at(&world, name, None, Some(before)).await), "Ana Ruiz", "the screen of then");
    assert_eq!(name_of(&at(&world, name, Some("2026-04-01T00:00:00Z"), None).await), "Ana Ruiz", "true in April");
    assert_eq!(name_of(&at(&world, name, Some("2026-06-01T00:00:00Z"), None).await), "Ana Ruiz de Vega");
    let june_as_known_before = at(&world, name, Some("2026-06-01T00:00:00Z"), Some(before)).await;
    assert_eq!(name_of(&june_as_known_before), "Ana Ruiz", "true in June as far as was known");
    assert_eq!((june_as_known_before.etag.as_str(), june_as_known_before.update_time), ("", None));
    let nothing_yet = at(&world, name, Some("2026-01-01T00:00:00Z"), None).await;
    assert_eq!((name_of(&nothing_yet).as_str(), nothing_yet.name.as_str()), ("", name));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_held_to_be_one_person_is_seen_as_it_was() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let apart = world.now();
    let eva = world.ingest(record("b", "billing", "2").named("Eva Ruiz Oca").dni(&dni(1))).await;
    let together = world.now();
    world.unmerge(&ana.customer, &[&eva.name]).await.unwrap();
    let refused = world.customer_as_known(&eva.own_customer, apart).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"), "nobody yet");
    assert_eq!(world.customer_as_known(&ana.own_customer, apart).await.unwrap().source_records.len(), 1);
    let then = world.customer_as_known(&eva.own_customer, together).await.unwrap();
    assert_eq!((&then.name, then.source_records.len()), (&ana.own_customer, 2));
    let now = world.customer_as_known(&eva.own_customer, world.now()).await.unwrap();
    assert_eq!((&now.name, now.source_records.len()), (&eva.own_customer, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_future_is_not_known() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil")).await;
    let later = Some(time("2031-01-01T00:00:00Z"));
    let request = GetCustomerRequest { name: ana.customer, as_of_time: later, known_time: later };
    let refused = world.client(Role::Agent).get_customer(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["as_of_time", "known_time"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_had_to_wait_is_known_as_of_when_it_was_written() {
    let world = World::new().await;
    let said = |system: &str| record(system, "sales", "1").named("Ana Ruiz Gil").dni("00000014Z");
    let ana = world.ingest(said("crm")).await;
    world.compared().await;
    let admin = world.admin().await;
    let id: sqlx::types::Uuid = ana.customer.trim_start_matches("customers/").parse().unwrap();
    let mut gate = world.database.db().await.tx().await.unwrap();
    let locked = "select from customer_profile.customer where id = $1 for update";
    sqlx::query(locked).bind(id).execute(&mut *gate).await.unwrap();
    let request = IngestSourceRecordRequest { record: Some(said("bills")), request_id: world.request_id() };
    let mut crm = world.client(kernel::Role::Crm);
    let second = tokio::spawn(async move { crm.ingest_source_record(request).await.unwrap().into_inner() });
    crate::rights::waiting(&admin, 1).await;
    // Somebody else writes of her meanwhile, and screens show what they wrote.
    world.harness.surroundings.advance(jiff::SignedDuration::from_millis(10));
    let between = world.now();
    sqlx::query("update customer_profile.customer set updated_at = $2 where id = $1")
        .bind(id)
        .bind(jiff_sqlx::Timestamp::from(between))
        .execute(&mut *gate)
        .await
        .unwrap();
    world.harness.surroundings.advance(jiff::SignedDuration::from_millis(10));
    gate.commit().await.unwrap();
    let second = second.await.unwrap();
    assert_eq!(world.customer(&ana.customer).await.source_records, [ana.name.clone(), second.name]);
    let known = world.customer_as_known(&ana.customer, between).await.unwrap();
    assert_eq!(known.source_records, [ana.name], "no screen had shown the other");
}
