//! Links by score: what is certain links by itself, and comes apart when the records say otherwise.

use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, record};

const BEGONA: [&str; 3] = ["Begoña", "Echeverría", "Larrañaga"];

fn at_home(record: SourceRecord) -> SourceRecord {
    let address = PostalAddress {
        lines: vec!["Calle Mayor 5, 3º B".to_owned()],
        locality: "Tolosa".to_owned(),
        postal_code: "20400".to_owned(),
        ..Default::default()
    };
    SourceRecord { address: Some(address), ..record }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certain_score_links_without_any_identifier_and_a_correction_takes_it_back() {
    let world = World::new().await;
    let sales = world.ingest(at_home(record("crm", "sales", "1").parts(BEGONA).born("1975-03-12"))).await;
    let misspelt = ["Begona", "Echeverria", "Larranaga"];
    let billing = world.ingest(at_home(record("bills", "billing", "1").parts(misspelt).born("1975-03-12"))).await;
    world.compared().await;
    assert_eq!(world.customer(&billing.own_customer).await.name, sales.own_customer);
    let links = world.links(&sales.own_customer).await;
    assert_eq!(links.len(), 1);
    assert_eq!((links[0].basis(), links[0].grade()), (LinkBasis::Score, MatchGrade::Certain));
    assert!(links[0].score > 28.0 && !links[0].rules_version.is_empty());
    let sum: f64 = links[0].findings.iter().map(|finding| finding.weight).sum();
    assert!((sum - links[0].score).abs() < 1e-9, "the evidence adds up to the score: {:?}", links[0].findings);
    let level = |field| links[0].findings.iter().find(|f| f.field() == field).unwrap().level();
    assert_eq!((level(MatchField::BirthDate), level(MatchField::Phone)), (MatchLevel::Exact, MatchLevel::Missing));

    let corrected = record("bills", "billing", "1").parts(["Hugo", "Gil", "Soto"]).observed("2026-11-22T09:00:00Z");
    world.ingest(corrected).await;
    world.compared().await;
    assert_eq!(world.customer(&billing.own_customer).await.name, billing.own_customer);
    let evidence = links[0].findings.clone();
    let links = world.links(&sales.own_customer).await;
    assert_eq!(links[0].state(), LinkState::Revoked);
    assert_eq!(links[0].findings, evidence, "what it rested on is still told");
    let kinds = world.entries(7).await;
    let expected = [
        "SourceRecordIngested",
        "SourceRecordIngested",
        "IdentityLinkAsserted",
        "CustomersLinked",
        "SourceRecordIngested",
        "IdentityLinkRevoked",
        "CustomersSeparated",
    ];
    assert_eq!(kinds, expected.map(|kind| format!("ventanilla.customer.v1.{kind}")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_cannot_be_read_is_set_aside_and_stops_nobody() {
    let world = World::new().await;
    let broken = world.ingest(record("old", "sales", "1").parts(BEGONA).born("1975-03-12")).await;
    world.compared().await;
    let id = broken.name.trim_start_matches("sourceRecords/").to_owned();
    for damage in [
        "update customer_profile.source_record_version set content = '' where source_record_id = $1::uuid",
        "update customer_profile.source_record set keyed_by = null where id = $1::uuid",
    ] {
        sqlx::query(damage).bind(&id).execute(&world.admin().await).await.unwrap();
    }
    let sales = world.ingest(at_home(record("crm", "sales", "1").parts(BEGONA).born("1975-03-12"))).await;
    let billing = world.ingest(at_home(record("bills", "billing", "1").parts(BEGONA).born("1975-03-12"))).await;
    world.compared().await;
    assert_eq!(world.customer(&billing.own_customer).await.name, sales.own_customer);
    let set_aside: String =
        sqlx::query_scalar("select compared_by from customer_profile.source_record where id = $1::uuid")
            .bind(&id)
            .fetch_one(&world.admin().await)
            .await
            .unwrap();
    assert_eq!(set_aside, "unreadable");

    // Whoever starts tries it once more, and then leaves it.
    let written = async |world: &World| -> (String, Option<String>) {
        let row = "select xmin::text, keyed_by from customer_profile.source_record where id = $1::uuid";
        sqlx::query_as(row).bind(&id).fetch_one(&world.admin().await).await.unwrap()
    };
    let (before, _) = written(&world).await;
    let world = world.restarted().await;
    let tried = testkit::eventually(std::time::Duration::from_secs(20), || async {
        match written(&world).await {
            (now, Some(_)) if now != before => Ok(now),
            waiting => Err(waiting),
        }
    })
    .await;
    for n in 2..5 {
        world.ingest(record("crm", "sales", &n.to_string()).parts(["Hugo", "Gil", "Soto"])).await;
        world.compared().await;
    }
    assert_eq!(written(&world).await, (tried, Some("unreadable".to_owned())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_against_a_pair_leaves_it_to_a_steward() {
    let world = World::new().await;
    world.ingest(at_home(record("crm", "sales", "1").parts(BEGONA).born("1975-03-12").dni(&dni(20_000_001)))).await;
    world.ingest(at_home(record("bills", "billing", "1").parts(BEGONA).born("1975-03-12").dni(&dni(20_000_002)))).await;
    let queue = world.queue().await;
    assert_eq!(queue.len(), 1);
    assert_eq!(queue[0].doubt(), MatchDoubt::DifferentDocuments);
    assert!(queue[0].score > 0.0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_that_becomes_everybodys_takes_back_what_it_linked() {
    let world = World::new().await;
    // Certain by name and line together, and not without the line.
    let on_the_line =
        |n: usize, name: [&str; 3]| record(&format!("system-{n}"), "sales", "1").parts(name).phone("643555010");
    let one = world.ingest(on_the_line(0, ["José", "Echeverría", "Larrañaga"])).await;
    let other = world.ingest(on_the_line(1, ["José", "de Echeverría", "Larrañaga"])).await;
    world.compared().await;
    let before = world.customer(&other.own_customer).await;
    assert_eq!(before.name, one.own_customer, "one man under two spellings on his line: {:?}", world.queue().await);
    for (n, surname) in ["Abad", "Bosch", "Cano", "Durán", "Espín", "Font", "Garro"].into_iter().enumerate() {
        world.ingest(on_the_line(n + 2, ["Hugo", surname, "Soto"])).await;
    }
    world.compared().await;
    assert_eq!(world.customer(&other.own_customer).await.name, other.own_customer);
    assert_eq!(world.links(&one.own_customer).await[0].state(), LinkState::Revoked);
}
