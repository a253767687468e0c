//! `IngestSourceRecord`: records become versions, and find their customer.

use std::collections::BTreeSet;

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, reason, record, time};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_departments_with_the_same_dni_know_one_customer_and_every_id_resolves() {
    let world = World::new().await;
    let retail = world.ingest(record("crm-retail", "sales", "r-1").named("Ana Ruiz Gil").dni("12345678Z")).await;
    let billing = world.ingest(record("billing", "billing", "b-1").named("A. Ruiz").dni("12.345.678-z")).await;
    assert_eq!(retail.customer, billing.customer);
    assert_ne!(retail.own_customer, billing.own_customer);
    assert_eq!(retail.customer, retail.own_customer);

    for name in [&retail.own_customer, &billing.own_customer] {
        let customer = world.customer(name).await;
        assert_eq!(customer.name, retail.customer);
        assert_eq!(customer.source_records, [retail.name.clone(), billing.name.clone()]);
        assert_eq!(customer.also_known_as, std::slice::from_ref(&billing.own_customer));
        assert_eq!(customer.identifiers.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_carries_two_customers_makes_them_one_and_the_ledger_says_so() {
    let world = World::new().await;
    let first = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let second = world.ingest(record("crm", "sales", "2").named("Ana R.").with(IdentifierType::Account, "AC-2")).await;
    assert_ne!(first.customer, second.customer);
    let both = record("billing", "billing", "3").dni(&dni(1)).with(IdentifierType::Account, "ac-2");
    let third = world.ingest(both).await;
    assert_eq!(third.customer, first.customer);
    for name in [&first.own_customer, &second.own_customer, &third.own_customer] {
        assert_eq!(world.customer(name).await.name, first.customer);
    }
    let kinds = world.entries(4).await;
    assert_eq!(kinds.last().map(String::as_str), Some("ventanilla.customer.v1.CustomersLinked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_ingests_of_one_identity_make_one_customer() {
    let world = World::new().await;
    let sent = (0..50).map(|n| {
        let said = record(&format!("system-{n}"), "sales", "x").named("Ana Ruiz Gil");
        world.insist(said.dni("12345678Z").phone("600111222"))
    });
    let answers = futures::future::join_all(sent).await;
    let own: BTreeSet<_> = answers.iter().map(|a| a.own_customer.clone()).collect();
    assert_eq!(own.len(), 50);
    let mut resolved = BTreeSet::new();
    for name in &own {
        resolved.insert(world.customer(name).await.name);
    }
    assert_eq!(resolved.len(), 1);
    let active: i64 = sqlx::query_scalar("select count(*) from customer_profile.customer where state = 'active'")
        .fetch_one(&world.admin().await)
        .await
        .unwrap();
    assert_eq!(active, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_that_comes_at_once_is_each_their_own_customer_but_for_those_who_are_one() {
    let world = World::new().await;
    // A hundred people nobody knows, sent by one system; another tells of every fourth of them at the same time,
    // and every tenth call is sent twice.
    let of_person = |system: &str, n: u32| {
        record(system, "sales", &format!("x-{n}")).named("Ana Ruiz Gil").dni(&dni(20_000_000 + n))
    };
    let mut calls = Vec::new();
    for n in 0..100 {
        let request = |record| IngestSourceRecordRequest { record: Some(record), request_id: world.request_id() };
        let first = request(of_person("crm", n));
        if n % 10 == 0 {
            calls.push(first.clone());
        }
        calls.push(first);
        if n % 4 == 0 {
            calls.push(request(of_person("billing", n)));
        }
    }
    let sent = calls.into_iter().map(|call| {
        let mut client = world.client(Role::Crm);
        async move { client.ingest_source_record(call).await.unwrap().into_inner() }
    });
    let answers = futures::future::join_all(sent).await;

    let records: BTreeSet<_> = answers.iter().map(|a| a.name.clone()).collect();
    assert_eq!(records.len(), 125, "a call that is sent twice brings one record");
    let mut customers = BTreeSet::new();
    for answer in &answers {
        customers.insert(world.customer(&answer.own_customer).await.name);
    }
    assert_eq!(customers.len(), 100, "one for each person");
    assert_eq!(world.count("source_record").await, 125);
    assert_eq!(world.count("source_record_version").await, 125);
    let told = "select count(*) from (select type from customer_profile.ledger
                union all select type from customer_profile.ledger_inbox) e where type like '%.SourceRecordIngested'";
    let told: i64 = sqlx::query_scalar(told).fetch_one(&world.admin().await).await.unwrap();
    assert_eq!(told, 125, "an entry for each record");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_bring_one_person_at_the_same_moment_the_second_waits_for_the_first() {
    use sqlx::Executor as _;

    let world = World::new().await;
    let admin = world.admin().await;
    let waiting = |count: i64| {
        let admin = admin.clone();
        testkit::eventually(std::time::Duration::from_secs(20), move || {
            let admin = admin.clone();
            async move {
                let waiting = "select count(*) from pg_locks where not granted and database =
                                   (select oid from pg_database where datname = current_database())";
                let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&admin).await.unwrap();
                if waiting == count { Ok(()) } else { Err(waiting) }
            }
        })
    };
    // Nobody can be written down while this is held: both stand between looking and writing.
    let mut held = admin.acquire().await.unwrap();
    held.execute("begin; lock table customer_profile.customer_alias in exclusive mode").await.unwrap();
    let bring = |system: &str| {
        let said = record(system, "sales", "x").named("Ana Ruiz Gil").dni("12345678Z");
        let request = IngestSourceRecordRequest { record: Some(said), request_id: world.request_id() };
        let mut client = world.client(Role::Crm);
        tokio::spawn(async move { client.ingest_source_record(request).await.unwrap().into_inner() })
    };
    let first = bring("crm");
    waiting(1).await;
    let second = bring("billing");
    waiting(2).await;
    held.execute("rollback").await.unwrap();
    let (first, second) = (first.await.unwrap(), second.await.unwrap());
    assert_ne!(first.own_customer, second.own_customer);
    assert_eq!(world.customer(&first.own_customer).await.name, world.customer(&second.own_customer).await.name);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_records_that_bridge_each_other_end_in_one_customer() {
    let world = World::new().await;
    // A chain: each record shares one mailbox with the next, so that every pair of neighbours races.
    let mailbox = |n: u32| format!("m{n}@correo.example");
    let said = |n: u32| record(&format!("system-{n}"), "sales", "x").named("Ana Ruiz");
    let sent = (0..24_u32).map(|n| world.insist(said(n).email(&mailbox(n)).email(&mailbox(n + 1))));
    let answers = futures::future::join_all(sent).await;
    let mut resolved = BTreeSet::new();
    for answer in &answers {
        resolved.insert(world.customer(&answer.own_customer).await.name);
    }
    assert_eq!(resolved.len(), 1);
    let customer = world.customer(&answers[0].own_customer).await;
    assert_eq!((customer.source_records.len(), customer.also_known_as.len()), (24, 23));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_said_twice_writes_nothing_and_something_else_is_a_version() {
    let world = World::new().await;
    let said = record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222");
    let first = world.ingest(said.clone()).await;
    let again = world.ingest(said.clone()).await;
    assert_eq!((again.version, again.etag.clone()), (1, first.etag));
    let moved = world.ingest(said.clone().phone("600333444").observed("2026-11-21T10:00:00Z")).await;
    assert_eq!((moved.version, moved.name.clone()), (2, again.name));
    assert_eq!(world.customer(&moved.customer).await.identifiers.len(), 2);
    assert_eq!(world.count("source_record_version").await, 2);
    assert_eq!(world.entries(2).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_observed_earlier_is_kept_and_changes_nothing_else() {
    let world = World::new().await;
    let now = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await;
    let late = record("crm", "sales", "1").named("Ana Ruiz").observed("2020-01-01T00:00:00Z");
    let answer = world.ingest(late).await;
    assert_eq!((answer.version, answer.person_name), (1, now.person_name));
    assert_eq!(world.count("source_record_version").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_golden_record_says_where_every_value_comes_from() {
    let world = World::new().await;
    let mut old = record("crm", "sales", "1").named("Ana Ruiz").dni(&dni(5)).observed("2026-01-01T00:00:00Z");
    old.birth_date = "1980-02-29".to_owned();
    old.language = 3;
    let old = world.ingest(old).await;
    let new = world.ingest(record("billing", "billing", "1").named("Ana Ruiz Gil").dni(&dni(5))).await;
    let golden = world.customer(&new.customer).await.golden.unwrap();
    let name = golden.person_name.unwrap();
    assert_eq!(name.value.unwrap().full_name, "Ana Ruiz Gil");
    let from = name.provenance.unwrap();
    assert_eq!((from.source_record.as_str(), from.rule()), (new.name.as_str(), SurvivorshipRule::MostRecent));
    let born = golden.birth_date.unwrap();
    assert_eq!(born.value, "1980-02-29");
    let from = born.provenance.unwrap();
    assert_eq!((from.source_record, from.rule), (old.name, SurvivorshipRule::OnlySource.into()));
    assert_eq!(golden.language.unwrap().value, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_speaks_for_a_department_brings_no_record_of_another() {
    let world = World::new().await;
    let bring = |department: &str, roles: &[Role]| {
        let said = record("crm-billing", department, "1").named("Ana Ruiz Gil");
        let request = IngestSourceRecordRequest { record: Some(said), request_id: world.request_id() };
        let mut client = CustomerServiceClient::new(world.served.channel_as("crm-billing", roles, Some("billing")));
        async move { client.ingest_source_record(request).await.map(tonic::Response::into_inner) }
    };
    let refused = bring("sales", &[Role::Crm]).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::FailedPrecondition, "DEPARTMENT_MISMATCH"));
    assert_eq!(world.count("source_record").await, 0);
    assert!(bring("sales", &[Role::Importer]).await.is_ok(), "who imports brings everybody's");
    let own = record("crm-billing-2", "billing", "1").named("Eva Sanz Oca");
    let request = IngestSourceRecordRequest { record: Some(own), request_id: world.request_id() };
    let mut client = CustomerServiceClient::new(world.served.channel_as("crm-billing", &[Role::Crm], Some("billing")));
    assert!(client.ingest_source_record(request).await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_department_may_not_write_over_a_record() {
    let world = World::new().await;
    world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await;
    let status = world.try_ingest(record("crm", "billing", "1").named("Ana Ruiz Gil")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "DEPARTMENT_MISMATCH"));
    assert_eq!(world.count("source_record_version").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_request_is_answered_the_same_and_a_reused_id_is_refused() {
    let world = World::new().await;
    let request = IngestSourceRecordRequest {
        record: Some(record("crm", "sales", "1").named("Ana Ruiz Gil")),
        request_id: world.request_id(),
    };
    let mut client = world.client(Role::Crm);
    let first = client.ingest_source_record(request.clone()).await.unwrap().into_inner();
    let again = client.ingest_source_record(request.clone()).await.unwrap().into_inner();
    assert_eq!(first, again);
    let other = IngestSourceRecordRequest { record: Some(record("crm", "sales", "2").named("Eva Sanz")), ..request };
    let status = client.ingest_source_record(other).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
    assert_eq!(world.count("source_record").await, 1);
}

fn verified(record: SourceRecord, paths: &[&str], at: &str) -> SourceRecord {
    let verification = |path: &&str| AttributeVerification { path: (*path).to_owned(), verified_time: Some(time(at)) };
    SourceRecord { verifications: paths.iter().map(verification).collect(), ..record }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_read_from_a_document_is_believed_before_what_another_system_says_later() {
    let world = World::new().await;
    let shop = record("shop", "sales", "1").named("Ana Ruiz Gil").born("1975-03-12").dni(&dni(1));
    let shop = verified(shop.observed("2026-03-01T10:00:00Z"), &["person_name"], "2026-03-01T09:30:00Z");
    let shop = world.ingest(shop).await;
    assert_eq!(shop.verifications.len(), 1, "it is read back as it was sent");
    let later = record("crm", "billing", "1").named("Anita").born("1976-03-12").dni(&dni(1));
    world.ingest(later.observed("2026-05-01T10:00:00Z")).await;
    let golden = world.customer(&shop.customer).await.golden.unwrap();
    let (name, born) = (golden.person_name.unwrap(), golden.birth_date.unwrap());
    let rule = |from: Option<Provenance>| from.unwrap().rule();
    assert_eq!((name.value.unwrap().full_name.as_str(), born.value.as_str()), ("Ana Ruiz Gil", "1976-03-12"));
    assert_eq!(rule(name.provenance), SurvivorshipRule::Verified);
    assert_eq!(rule(born.provenance), SurvivorshipRule::MostRecent, "nobody verified when she was born");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_verification_of_nothing_is_refused_with_everything_that_is_wrong() {
    let world = World::new().await;
    let said = || record("crm", "sales", "1").named("Ana Ruiz Gil").observed("2026-03-01T10:00:00Z");
    let refused = |record| {
        let world = &world;
        async move { crate::support::fields(&world.try_ingest(record).await.unwrap_err()) }
    };
    let of = |nth: usize, field: &str| format!("record.verifications[{nth}].{field}");
    let wrong = verified(said(), &["birth_date", "phone", "person_name", "person_name"], "2026-02-01T00:00:00Z");
    assert_eq!(refused(wrong).await, [of(0, "path"), of(1, "path"), of(3, "path")]);
    let later = verified(said(), &["person_name"], "2026-03-01T10:00:01Z");
    assert_eq!(refused(later).await, [of(0, "verified_time")]);
    let mut never = verified(said(), &["person_name"], "2026-02-01T00:00:00Z");
    never.verifications[0].verified_time = None;
    assert_eq!(refused(never).await, [of(0, "verified_time")]);
    let too_many = verified(said(), &["person_name"; 5], "2026-02-01T00:00:00Z");
    assert_eq!(refused(too_many).await, ["record.verifications"]);
}
