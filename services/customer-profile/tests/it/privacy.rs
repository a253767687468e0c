//! Personal data stays where it can be erased.

use kernel::Role;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, dni, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_chained_part_of_the_ledger_holds_nothing_personal() {
    let world = World::new().await;
    let canaries = [
        "Canariana",
        "600777888",
        "canario@correo.example",
        "00004242",
        "CNR-77",
        "me han cobrado canario",
        "two people",
        "grabación canaria",
        "hablar despacio",
    ];
    let said = record("crm", "sales", "CNR-77")
        .named("Canariana Pérez Gil")
        .phone("600777888")
        .email("canario@correo.example")
        .dni(&dni(4242));
    let ana = world.ingest(said.clone()).await;
    let mut other = said;
    other.source_system = "billing".to_owned();
    let other = world.ingest(other).await;
    world.interaction(&ana.customer, "me han cobrado canario", "2026-11-22T10:00:00Z").await;
    let consent = GiveConsentRequest {
        parent: ana.customer.clone(),
        purpose: 1,
        legal_basis: 1,
        proof: "grabación canaria".to_owned(),
        request_id: world.request_id(),
        ..Default::default()
    };
    world.client(Role::Agent).give_consent(consent).await.unwrap();
    let vulnerability = Some(Vulnerability { driver: 1, need: "hablar despacio".to_owned(), ..Default::default() });
    let declared =
        DeclareVulnerabilityRequest { parent: ana.customer.clone(), vulnerability, request_id: world.request_id() };
    world.client(Role::Agent).declare_vulnerability(declared).await.unwrap();
    world.compared().await;
    world.unmerge(&ana.customer, &[&other.name]).await.unwrap();
    world.entries(8).await;
    let rows: Vec<(String, Vec<u8>)> = sqlx::query_as("select l::text, payload from customer_profile.ledger l")
        .fetch_all(&world.admin().await)
        .await
        .unwrap();
    for (row, payload) in &rows {
        let payload = String::from_utf8_lossy(payload);
        for canary in canaries {
            assert!(!row.contains(canary) && !payload.contains(canary), "{canary} is in the chained part");
        }
    }
    // The words of the contact and of the steward do stand in the part that can be erased.
    let parts: Vec<Vec<u8>> = sqlx::query_scalar("select personal from customer_profile.ledger_personal")
        .fetch_all(&world.admin().await)
        .await
        .unwrap();
    for said in ["me han cobrado canario", "two people", "grabación canaria", "hablar despacio"] {
        assert!(parts.iter().any(|p| String::from_utf8_lossy(p).contains(said)), "{said}");
    }
}

#[test]
fn values_of_the_domain_print_nothing_personal() {
    use customer_profile_domain::{CallerNumber, Email, NationalId, PersonName, caller_number};
    let name = PersonName::new("Canariana", "Pérez", "Gil", "").unwrap();
    let printed = format!(
        "{name:?} {:?} {:?} {:?} {:?}",
        name.key(),
        Email::parse("canario@correo.example").unwrap(),
        NationalId::parse(&dni(4242), "ES").unwrap(),
        caller_number("600777888", "ES"),
    );
    for canary in ["Canariana", "canariana", "Pérez", "canario", "4242", "777"] {
        assert!(!printed.contains(canary), "{printed}");
    }
    assert!(matches!(caller_number("600777888", "ES"), CallerNumber::Usable(_)));
}
