//! Preferences, declared vulnerabilities, and the right to be served first.

use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::Role;
use server::TokenIssuer;
use tonic::{Code, Request};
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::r#type::v1::{Channel, Direction};

use crate::support::{Say, World, dni, fields, reason, record, time};

impl World {
    async fn states(&self, customer: &str, preferences: ContactPreferences) -> ContactPreferences {
        self.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
        let request = StateContactPreferencesRequest {
            parent: customer.to_owned(),
            preferences: Some(preferences),
            request_id: self.request_id(),
        };
        self.client(Role::Agent).state_contact_preferences(request).await.unwrap().into_inner()
    }

    /// A contact by this channel, the customer's own or the firm's.
    async fn meets(&self, customer: &str, channel: Channel, direction: Direction, department: &str, at: &str) {
        let interaction = Interaction {
            channel: channel.into(),
            direction: direction.into(),
            department: department.to_owned(),
            summary: "about the invoice".to_owned(),
            occurred_time: Some(time(at)),
            ..Default::default()
        };
        let request = RecordInteractionRequest {
            parent: customer.to_owned(),
            interaction: Some(interaction),
            request_id: self.request_id(),
        };
        self.client(Role::Agent).record_interaction(request).await.unwrap();
    }

    async fn declares(&self, customer: &str, driver: VulnerabilityDriver, class: AccessClass) -> Vulnerability {
        let vulnerability = Vulnerability {
            driver: driver.into(),
            need: "speak slowly".to_owned(),
            access_class: class.into(),
            ..Default::default()
        };
        let request = DeclareVulnerabilityRequest {
            parent: customer.to_owned(),
            vulnerability: Some(vulnerability),
            request_id: self.request_id(),
        };
        self.client(Role::Agent).declare_vulnerability(request).await.unwrap().into_inner()
    }

    async fn care(&self, role: Role, customer: &str) -> CareSection {
        let request = GetCustomerViewRequest { name: customer.to_owned() };
        self.client(role).get_customer_view(request).await.unwrap().into_inner().care.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_word_on_how_to_be_reached_counts_and_a_channel_is_learned_beside_it() {
    let world = World::new().await;
    let first = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let second = world.ingest(record("b", "billing", "1").named("Ana R.").dni(&dni(1))).await;
    world.states(&first.own_customer, ContactPreferences { preferred_channel: 2, ..Default::default() }).await;
    // 09:00 UTC in November is 10:00 in Madrid and 09:00 in the Canary Islands.
    let quiet = QuietHours { from: "22:00".into(), until: "09:30".into(), time_zone: "Atlantic/Canary".into() };
    let stated = ContactPreferences { quiet_hours: Some(quiet.clone()), ..Default::default() };
    let answer = world.states(&second.own_customer, stated).await;
    assert_eq!((answer.preferred_channel(), answer.quiet_now), (Channel::Unspecified, true));
    for at in ["2026-11-20T10:00:00Z", "2026-11-20T11:00:00Z", "2026-11-20T12:00:00Z"] {
        world.interaction(&first.own_customer, "called", at).await;
    }
    let seen = world.care(Role::Ivr, &first.customer).await.preferences.unwrap();
    assert_eq!((seen.preferred_channel(), seen.learned_channel()), (Channel::Unspecified, Channel::Phone));
    assert_eq!((seen.quiet_hours, seen.state_time), (Some(quiet), answer.state_time));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_learned_from_the_customers_own_last_ten_contacts_however_often_the_firm_writes() {
    let world = World::new().await;
    let first = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let second = world.ingest(record("b", "billing", "1").named("Ana R.").dni(&dni(1))).await;
    for (hour, own, department) in [(8, &first, "care"), (9, &second, "network"), (10, &first, "retail")] {
        let at = format!("2026-11-18T{hour:02}:00:00Z");
        world.meets(&own.own_customer, Channel::Chat, Direction::Inbound, department, &at).await;
    }
    for minute in 0..10 {
        let at = format!("2026-11-19T10:{minute:02}:00Z");
        world.meets(&first.own_customer, Channel::Phone, Direction::Outbound, "sales", &at).await;
    }
    let learned = |preferences: &ContactPreferences| preferences.learned_channel();
    let answered = world.states(&second.own_customer, ContactPreferences::default()).await;
    let seen = world.care(Role::Agent, &first.customer).await.preferences.unwrap();
    assert_eq!((learned(&answered), learned(&seen)), (Channel::Chat, Channel::Chat));

    // Ten of their own since, six by phone: what came before, by whatever department, tells nothing any more.
    for n in 0..10 {
        let channel = if n < 6 { Channel::Phone } else { Channel::Chat };
        let at = format!("2026-11-20T10:{n:02}:00Z");
        world.meets(&first.own_customer, channel, Direction::Inbound, "billing", &at).await;
    }
    let answered = world.states(&first.own_customer, ContactPreferences::default()).await;
    let seen = world.care(Role::Agent, &first.customer).await.preferences.unwrap();
    assert_eq!((learned(&answered), learned(&seen)), (Channel::Phone, Channel::Phone));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declaration_is_seen_by_each_as_far_as_its_class_allows_until_it_is_over() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await.customer;
    world.declares(&ana, VulnerabilityDriver::Capability, AccessClass::Serving).await;
    let shy = world.declares(&ana, VulnerabilityDriver::Health, AccessClass::Unspecified).await;
    assert_eq!((shy.access_class(), shy.driver()), (AccessClass::NeedOnly, VulnerabilityDriver::Health));
    world.declares(&ana, VulnerabilityDriver::LifeEvent, AccessClass::Sealed).await;
    let seen = |care: CareSection| {
        let mut seen: Vec<_> = care.vulnerabilities.iter().map(|v| (v.driver(), v.need.clone())).collect();
        seen.sort();
        seen
    };
    let need = || "speak slowly".to_owned();
    let agent = [(VulnerabilityDriver::Unspecified, need()), (VulnerabilityDriver::Capability, need())];
    assert_eq!(seen(world.care(Role::Agent, &ana).await), agent);
    assert_eq!(seen(world.care(Role::Steward, &ana).await).len(), 3);

    let end = EndVulnerabilityRequest { name: shy.name.clone(), request_id: world.request_id() };
    let ended = world.client(Role::Agent).end_vulnerability(end).await.unwrap().into_inner();
    assert!(ended.end_time.is_some());
    assert_eq!(seen(world.care(Role::Agent, &ana).await), [(VulnerabilityDriver::Capability, need())]);
    let again = EndVulnerabilityRequest { name: shy.name, request_id: world.request_id() };
    let again = world.client(Role::Agent).end_vulnerability(again).await.unwrap().into_inner();
    assert_eq!(again.end_time, ended.end_time, "ending it again changes nothing");
    let kinds = world.entries(5).await;
    assert_eq!(kinds[4], "ventanilla.customer.v1.VulnerabilityEnded");
    let nobody = format!("vulnerabilities/{}", uuid::Uuid::from_u128(404));
    let nobody = EndVulnerabilityRequest { name: nobody, request_id: world.request_id() };
    let refused = world.client(Role::Agent).end_vulnerability(nobody).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "VULNERABILITY_NOT_FOUND"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declaration_is_seen_by_who_asks_whatever_service_they_ask_through() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await.customer;
    world.declares(&ana, VulnerabilityDriver::LifeEvent, AccessClass::Sealed).await;
    let key = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    let issuer = TokenIssuer::new(&key, "testkit", "ventanilla").unwrap();
    for (role, seen) in [(Role::Agent, 0), (Role::Supervisor, 1), (Role::Steward, 1)] {
        let user = issuer.issue("somebody", &[role], None, Duration::from_secs(3_600), world.now()).unwrap();
        let mut request = Request::new(GetCustomerViewRequest { name: ana.clone() });
        request.metadata_mut().insert("x-ventanilla-on-behalf-of", user.parse().unwrap());
        let view = world.client(Role::Service).get_customer_view(request).await.unwrap().into_inner();
        assert_eq!(view.care.unwrap().vulnerabilities.len(), seen, "{role:?}");
        assert_eq!(world.care(role, &ana).await.vulnerabilities.len(), seen, "{role:?} by themselves");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_old_and_the_disabled_are_served_first_and_a_shared_line_says_nothing_of_it() {
    let world = World::new().await;
    let old = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").phone("600111222").born("1940-05-05")).await;
    let young =
        world.ingest(record("b", "sales", "2").named("Eva Sanz Oca").phone("600333444").born("1990-05-05")).await;
    assert_eq!(world.lookup("600111222").await.priority_right(), PriorityRight::Age);
    assert_eq!(world.care(Role::Agent, &old.customer).await.priority_right(), PriorityRight::Age);
    assert_eq!(world.lookup("600333444").await.priority_right(), PriorityRight::Unspecified);
    let declared = world.declares(&young.customer, VulnerabilityDriver::Disability, AccessClass::Sealed).await;
    assert_eq!(world.lookup("600333444").await.priority_right(), PriorityRight::Undisclosed);
    let care = world.care(Role::Agent, &young.customer).await;
    assert_eq!(
        (care.priority_right(), care.vulnerabilities.len()),
        (PriorityRight::Undisclosed, 0),
        "sealed, yet first"
    );
    let care = world.care(Role::Steward, &young.customer).await;
    assert_eq!((care.priority_right(), care.vulnerabilities.len()), (PriorityRight::Disability, 1));
    let end = EndVulnerabilityRequest { name: declared.name, request_id: world.request_id() };
    world.client(Role::Agent).end_vulnerability(end).await.unwrap();
    assert_eq!(world.lookup("600333444").await.priority_right(), PriorityRight::Unspecified);
    world.ingest(record("c", "sales", "3").named("Hugo Gil Soto").phone("600111222")).await;
    assert_eq!(world.lookup("600111222").await.priority_right(), PriorityRight::Unspecified);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_is_said_at_once_by_its_path() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await.customer;
    let quiet = QuietHours { from: "25:00".into(), until: "8".into(), time_zone: "Mars/Olympus".into() };
    let request = StateContactPreferencesRequest {
        parent: ana.clone(),
        preferences: Some(ContactPreferences { preferred_channel: 99, quiet_hours: Some(quiet), ..Default::default() }),
        request_id: world.request_id(),
    };
    let refused = world.client(Role::Agent).state_contact_preferences(request).await.unwrap_err();
    let hours = |field: &str| format!("preferences.quiet_hours.{field}");
    let expected = ["preferences.preferred_channel".to_owned(), hours("from"), hours("until"), hours("time_zone")];
    assert_eq!(fields(&refused), expected);
    let vulnerability = Vulnerability {
        driver: 99,
        access_class: 99,
        expire_time: Some(time("2020-01-01T00:00:00Z")),
        ..Default::default()
    };
    let request =
        DeclareVulnerabilityRequest { parent: ana, vulnerability: Some(vulnerability), request_id: world.request_id() };
    let refused = world.client(Role::Agent).declare_vulnerability(request).await.unwrap_err();
    let expected = ["driver", "need", "access_class", "expire_time"].map(|field| format!("vulnerability.{field}"));
    assert_eq!(fields(&refused), expected);
}
