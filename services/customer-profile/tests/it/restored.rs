//! What an erasure leaves behind: databases that were restored to before it, later starts, and those who share something with
//! the person.

use kernel::Role;
use uuid::Uuid;
use ventanilla_proto::customer::v1::*;

use crate::rights::{ana, berta, dump, id, journal, journal_all, rights, tells};
use crate::support::{Say, World, dni, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_restored_database_brings_back_is_destroyed_before_anybody_is_served() {
    let world = World::new().await;
    let erased = world.ingest(ana()).await;
    let stays = world.ingest(berta()).await;
    world.interaction(&erased.customer, "me han cobrado dos veces", "2026-11-22T10:00:00Z").await;
    let represents = Relation {
        kind: RelationKind::Represents.into(),
        other_customer: erased.customer.clone(),
        evidence: "poder notarial 114".to_owned(),
        ..Default::default()
    };
    let request = StateRelationRequest {
        parent: stays.customer.clone(),
        relation: Some(represents),
        request_id: world.request_id(),
    };
    world.client(Role::Agent).state_relation(request).await.unwrap();
    let bought = Dealing {
        source_system: "shop".to_owned(),
        external_id: "PEDIDO-77114".to_owned(),
        customer: erased.customer.clone(),
        kind: DealingKind::ContractStart.into(),
        occurred_time: Some(crate::support::time("2026-11-20T10:00:00Z")),
        ..Default::default()
    };
    let request = IngestFactsRequest { dealing: Some(bought), request_id: world.request_id() };
    let told = world.client(Role::Crm).ingest_facts(futures::stream::iter([request])).await.unwrap();
    let told = told.into_inner().message().await.unwrap().unwrap();
    assert!(matches!(told.result, Some(ingest_facts_response::Result::Dealing(_))));
    world.compared().await;
    // As the backup has it, a steward holds the two to be one.
    world.merge(&[&erased.customer, &stays.customer]).await.unwrap();
    let secrets = [
        "Anastasia",
        "Pérez",
        "600111222",
        "48151623",
        "CLI-000111",
        "me han cobrado dos veces",
        "one person by her own word",
        "poder notarial 114",
        "PEDIDO-77114",
    ];
    let before = dump(&world).await;
    assert!(secrets.iter().all(|word| tells(&before, word)), "the search finds what is there");
    let erasure = Uuid::from_u128(77);
    journal(&world, erasure, &erased.customer);

    let world = world.restarted().await;
    let tombstone = world.customer(&erased.customer).await;
    assert_eq!((tombstone.state(), tombstone.golden), (CustomerState::Erased, None));
    assert!(tombstone.source_records.is_empty());
    let other = world.customer(&stays.customer).await;
    assert_eq!((other.state(), other.source_records.len()), (CustomerState::Active, 1));
    assert_eq!(other.name, stays.customer);
    assert_eq!(world.lookup("600333444").await.customer, stays.customer);
    assert_eq!(world.lookup("600111222").await.grade(), MatchGrade::None);
    let told = rights(&world).get_erasure(GetErasureRequest { name: format!("erasures/{erasure}") }).await.unwrap();
    assert_eq!(
        (told.get_ref().customer.as_str(), told.get_ref().ground()),
        (erased.customer.as_str(), ErasureGround::Objection)
    );

    // What the ledger holds of it goes as soon as its entries have their places.
    testkit::eventually(std::time::Duration::from_secs(20), || async {
        let left = dump(&world).await;
        let told: Vec<&str> = secrets.into_iter().filter(|word| tells(&left, word)).collect();
        if told.is_empty() { Ok(()) } else { Err(told) }
    })
    .await;
    assert!(tells(&dump(&world).await, "Berta"), "whoever is not erased stays");

    // Once is enough.
    let written = world.count("erasure_request").await;
    let world = world.restarted().await;
    assert_eq!(world.count("erasure_request").await, written);
    assert_eq!(world.customer(&erased.customer).await.etag, tombstone.etag);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reason_goes_with_the_person_though_it_stands_with_somebody_who_has_nothing_to_do_with_them_any_more() {
    let world = World::new().await;
    let eva = |system: &str| record(system, "sales", "1").parts(["Eva", "Sanz", "Oca"]);
    let oldest = world.ingest(eva("crm").email("eva@correo.example")).await;
    let between = world.ingest(eva("bills").email("eva@correo.example").phone("600111222")).await;
    let erased = world.ingest(ana()).await;
    world.compared().await;
    assert_eq!(world.customer(&between.own_customer).await.name, oldest.own_customer);
    // The steward's word is of the record that shares a number with hers, and is told of the customer that goes on.
    let merged = world.merge(&[&oldest.own_customer, &erased.own_customer]).await.unwrap();
    let word =
        world.links(&erased.own_customer).await.into_iter().find(|link| link.basis() == LinkBasis::Steward).unwrap();
    assert!(word.source_records.contains(&between.name) && merged.name == oldest.own_customer);
    world.ingest(eva("bills").email("otra@correo.example").observed("2026-11-22T09:00:00Z")).await;
    world.compared().await;
    let apart = world.customer(&erased.own_customer).await;
    world.unmerge(&apart.name, &[&erased.name]).await.unwrap();
    journal(&world, Uuid::from_u128(80), &erased.own_customer);
    let world = world.restarted().await;
    testkit::eventually(std::time::Duration::from_secs(20), || async {
        let left = dump(&world).await;
        let told: Vec<&str> =
            ["one person by her own word", "Anastasia"].into_iter().filter(|word| tells(&left, word)).collect();
        if told.is_empty() { Ok(()) } else { Err(told) }
    })
    .await;
    assert_eq!(world.customer(&oldest.own_customer).await.state(), CustomerState::Active);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_of_who_was_erased_are_not_read_again_by_any_later_start() {
    let world = World::new().await;
    let gone = world.ingest(ana()).await;
    world.compared().await;
    journal(&world, Uuid::from_u128(79), &gone.customer);
    let world = world.restarted().await.restarted().await;
    // The first round of a start has what other keys made read again; it comes before those of later records.
    world.ingest(berta()).await;
    world.compared().await;
    let marks: Vec<Option<String>> =
        sqlx::query_scalar("select keyed_by from customer_profile.source_record where external_id like 'erased:%'")
            .fetch_all(&world.admin().await)
            .await
            .unwrap();
    assert_eq!(marks, [Some("erased".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hung_together_by_somebody_who_is_erased_hang_together_by_what_they_share() {
    let world = World::new().await;
    // Nothing but the document says that they are one: each system has another given name for her.
    let called = |system: &str, name: &str| record(system, "sales", "1").named(name).dni(&dni(1));
    let oldest = world.ingest(called("a", "Ana Ruiz Gil")).await;
    let second = world.ingest(called("b", "Eva Ruiz Pons")).await;
    let third = world.ingest(called("c", "Berta Ruiz Mas")).await;
    world.compared().await;
    // A steward finds that the oldest, by whose record the others hang together, is somebody else.
    world.unmerge(&oldest.customer, &[&oldest.name]).await.unwrap();
    let other = world.ingest(berta()).await;
    world.compared().await;
    journal(&world, Uuid::from_u128(79), &oldest.own_customer);

    let world = world.restarted().await;
    assert_eq!(world.customer(&oldest.own_customer).await.state(), CustomerState::Erased);
    let links = world.links(&second.own_customer).await;
    let between = |link: &&IdentityLink| {
        [&second, &third].iter().all(|end| link.source_records.contains(&end.name)) && link.state() == LinkState::Active
    };
    assert_eq!(links.iter().filter(between).count(), 1, "{links:?}");
    // Whoever changes the one next takes the other along.
    let merged = world.merge(&[&second.own_customer, &other.customer]).await.unwrap();
    assert_eq!(merged.source_records, [second.name, third.name, other.name]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_restored_together_with_its_journal_is_destroyed_when_another_service_tells_of_it() {
    let world = World::new().await;
    let known = world.ingest(ana()).await;
    let stays = world.ingest(berta()).await;
    world.merge(&[&known.customer, &stays.customer]).await.unwrap();
    world.compared().await;
    // As the entry of another service's ledger has it noted.
    sqlx::query(
        "insert into customer_profile.erasure (erasure_id, customers, asked_at, try_at)
         values ($1, $2, timestamptz '2026-11-22T10:00:00Z', timestamptz '2026-11-22T10:00:00Z')",
    )
    .bind(Uuid::from_u128(80))
    .bind(vec![id(&known.own_customer)])
    .execute(&world.admin().await)
    .await
    .unwrap();
    let tombstone = testkit::eventually(std::time::Duration::from_secs(20), || async {
        let told = world.customer(&known.own_customer).await;
        if told.state() == CustomerState::Erased { Ok(told) } else { Err(told.state()) }
    })
    .await;
    assert_eq!((tombstone.name.as_str(), tombstone.golden), (known.own_customer.as_str(), None));
    let other = world.customer(&stays.own_customer).await;
    assert_eq!((other.state(), other.source_records.as_slice()), (CustomerState::Active, [stays.name].as_slice()));
    assert_eq!(world.lookup("600111222").await.grade(), MatchGrade::None);
    testkit::eventually(std::time::Duration::from_secs(20), || async {
        let left = dump(&world).await;
        if tells(&left, "Anastasia") { Err("it tells of her") } else { Ok(()) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_was_everybodys_for_one_persons_many_records_is_a_familys_again_once_they_are_gone() {
    let world = World::new().await;
    let on_the_line =
        |n: usize, name: [&str; 3]| record(&format!("system-{n}"), "sales", "1").parts(name).phone("643555010");
    let one = world.ingest(on_the_line(0, ["José", "Echeverría", "Larrañaga"])).await;
    let other = world.ingest(on_the_line(1, ["José", "de Echeverría", "Larrañaga"])).await;
    for (n, surname) in ["Abad", "Bosch", "Cano", "Durán", "Espín"].into_iter().enumerate() {
        world.ingest(on_the_line(n + 2, ["Hugo", surname, "Soto"])).await;
    }
    world.compared().await;
    let before = world.customer(&other.own_customer).await;
    assert_eq!(before.name, one.own_customer, "one man under two spellings on a family's line");
    let mut gone = Vec::new();
    for n in 7..10 {
        gone.push(world.ingest(on_the_line(n, ["Vera", "Zabala", "Ortiz"]).dni(&dni(20_000_077))).await.own_customer);
    }
    world.compared().await;
    let apart = world.customer(&other.own_customer).await;
    assert_eq!(apart.name, other.own_customer, "ten on one line say nothing of who they are");

    journal_all(&world, Uuid::from_u128(79), &gone.iter().map(String::as_str).collect::<Vec<_>>());
    let world = world.restarted().await;
    world.compared().await;
    assert_eq!(world.customer(&other.own_customer).await.name, one.own_customer, "seven on it do");
}
