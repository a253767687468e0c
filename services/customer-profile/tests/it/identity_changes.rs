//! Links follow what the records say now: what was corrected comes apart again.

use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrected_document_separates_what_it_had_linked() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let eva = world.ingest(record("billing", "billing", "2").named("Eva Ruiz Oca").dni(&dni(1))).await;
    assert_eq!(eva.customer, ana.customer);
    world.interaction(&eva.own_customer, "asked about an invoice", "2026-11-21T10:00:00Z").await;
    assert_eq!(world.view(&ana.customer).await.last_interactions.unwrap().interactions.len(), 1);

    let corrected =
        record("billing", "billing", "2").named("Eva Ruiz Oca").dni(&dni(2)).observed("2026-11-21T10:00:00Z");
    let corrected = world.ingest(corrected).await;
    assert_eq!(corrected.customer, eva.own_customer);
    assert_eq!(world.customer(&ana.customer).await.source_records, [ana.name]);
    let apart = world.customer(&eva.own_customer).await;
    assert_eq!((apart.name, apart.also_known_as.len()), (eva.own_customer.clone(), 0));
    // Each contact stays with the id it was recorded under.
    assert!(world.view(&ana.customer).await.last_interactions.unwrap().interactions.is_empty());
    assert_eq!(world.view(&eva.own_customer).await.last_interactions.unwrap().interactions.len(), 1);
    let kinds = world.entries(5).await;
    assert_eq!(kinds.last().map(String::as_str), Some("ventanilla.customer.v1.CustomersSeparated"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oldest_record_may_leave_and_the_rest_stay_together() {
    let world = World::new().await;
    let first = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let second = world.ingest(record("b", "sales", "1").named("Eva Ruiz Oca").dni(&dni(1))).await;
    let third = world.ingest(record("c", "sales", "1").named("Eva Ruiz").dni(&dni(1))).await;
    world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(9)).observed("2026-11-21T10:00:00Z")).await;
    assert_eq!(world.customer(&first.own_customer).await.name, first.own_customer);
    let rest = world.customer(&third.own_customer).await;
    assert_eq!(rest.name, second.own_customer);
    assert_eq!(rest.source_records, [second.name, third.name]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_links_only_equal_names() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").phone("600111222")).await;
    let same = world.ingest(record("b", "sales", "1").named("RUIZ GIL, ANA").phone("+34 600 111 222")).await;
    let eva = world.ingest(record("c", "sales", "1").named("Eva Sanz Oca").phone("600111222")).await;
    assert_eq!(same.customer, ana.customer);
    assert_ne!(eva.customer, ana.customer);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_too_many_records_carry_links_none_of_them() {
    let world = World::new().await;
    let mut own = Vec::new();
    for n in 0..40 {
        let name = if n % 2 == 0 { "Ana Ruiz Gil" } else { "Eva Sanz Oca" };
        let said = record(&format!("system-{n}"), "sales", "1").named(name).phone("915550100");
        own.push(world.ingest(said).await.own_customer);
    }
    for name in &own {
        assert_eq!(&world.customer(name).await.name, name);
    }
    let active: i64 =
        sqlx::query_scalar("select count(*) from customer_profile.identity_link where revoked_at is null")
            .fetch_one(&world.admin().await)
            .await
            .unwrap();
    assert_eq!(active, 0);
    let answer = world.lookup("915550100").await;
    assert_eq!((answer.grade(), answer.shared_line, answer.candidates.len()), (MatchGrade::Possible, true, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filler_document_links_nobody() {
    let world = World::new().await;
    let ana = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni("00000000T")).await;
    let eva = world.ingest(record("b", "sales", "1").named("Ana Ruiz Gil").dni("00000000T")).await;
    assert_ne!(ana.customer, eva.customer);
}
