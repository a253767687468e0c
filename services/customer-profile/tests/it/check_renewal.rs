//! `CheckRenewal`: whoever has an open affair is answered before they are sold to.

use kernel::Role;
use tonic::Code;
use ventanilla_customer_profile::reactions::{ombudsman::Cases, ticketing::Affairs};
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::ombudsman::v1 as ombudsman;
use ventanilla_proto::ticketing::v1 as ticketing;
use ventanilla_proto::ticketing::v1::{TicketState, TicketType};
use ventanilla_proto::r#type::v1::Channel;

use crate::support::{Say, World, entry, fields, reason, record, stranger, ticket_id, time};

const AT: &str = "2026-11-22T10:00:00Z";
const CASE: &str = "cases/0190a000-0000-7000-8000-0000000000ca";

impl World {
    async fn renewal(&self, customer: &str, channel: Channel) -> RenewalCheck {
        let request = CheckRenewalRequest { name: customer.to_owned(), channel: channel.into() };
        self.client(Role::Agent).check_renewal(request).await.unwrap().into_inner()
    }

    /// What stands against it, but for what is not known: no other service is here.
    async fn obstacles(&self, customer: &str, channel: Channel) -> Vec<(RenewalObstacleKind, String)> {
        let told = self.renewal(customer, channel).await;
        assert!(!told.clear);
        let kinds = told.obstacles.into_iter().map(|obstacle| (obstacle.kind(), obstacle.subject));
        kinds.filter(|(kind, _)| *kind != RenewalObstacleKind::NotKnown).collect()
    }

    async fn opens(&self, position: i64, customer: &str, number: u64, kind: TicketType) {
        let opened = ticketing::TicketOpened {
            ticket: ticket_id(number),
            customer: customer.to_owned(),
            ticket_type: kind.into(),
            department: "billing".to_owned(),
            first_received_time: Some(time(AT)),
            ..Default::default()
        };
        self.react(&Affairs, entry(position, &ticket_id(number), AT, &opened)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_open_comes_first_the_gravest_before_the_rest() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222")).await.customer;
    let no_consent = (RenewalObstacleKind::NoConsent, String::new());
    assert_eq!(world.obstacles(&ana, Channel::Phone).await, std::slice::from_ref(&no_consent));
    world.opens(1, &ana, 1, TicketType::Consulta).await;
    world.opens(2, &ana, 2, TicketType::Reclamacion).await;
    let promised = ticketing::PromiseMade {
        ticket: ticket_id(1),
        promise: format!("{}/promises/0190a000-0000-7000-8000-0000000000bb", ticket_id(1)),
        due_time: Some(time(AT)),
        ..Default::default()
    };
    world.react(&Affairs, entry(3, &ticket_id(1), AT, &promised)).await;
    let case = ombudsman::CaseOpened {
        case_name: CASE.to_owned(),
        ticket: ticket_id(2),
        customer: ana.clone(),
        regime: "es.general".to_owned(),
        filed_at_office_time: Some(time(AT)),
        ..Default::default()
    };
    world.react(&Cases, entry(1, CASE, AT, &case)).await;
    let promise = promised.promise;
    assert_eq!(
        world.obstacles(&ana, Channel::Phone).await,
        [
            (RenewalObstacleKind::OpenCase, CASE.to_owned()),
            (RenewalObstacleKind::OpenComplaint, ticket_id(2)),
            (RenewalObstacleKind::PromisePastDue, promise),
            (RenewalObstacleKind::OpenAffair, ticket_id(1)),
            no_consent,
        ]
    );
    let told = world.renewal(&ana, Channel::Phone).await;
    assert_eq!(told.obstacles[1].texts[0].text, "Tiene una reclamación sin responder. Respóndala antes.");
    assert_eq!(told.obstacles[1].texts[1].text, "A complaint of theirs is not answered. Answer it first.");
    let closed = ticketing::TicketTransitioned {
        ticket: ticket_id(2),
        to_state: TicketState::Closed.into(),
        ..Default::default()
    };
    world.react(&Affairs, entry(4, &ticket_id(2), AT, &closed)).await;
    let left: Vec<_> = world.obstacles(&ana, Channel::Phone).await.into_iter().map(|(kind, _)| kind).collect();
    assert!(!left.contains(&RenewalObstacleKind::OpenComplaint), "{left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agreement_is_to_a_purpose_by_a_channel_and_lapses() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222")).await.customer;
    let give = GiveConsentRequest {
        parent: ana.clone(),
        purpose: ConsentPurpose::CommercialCalls.into(),
        legal_basis: LegalBasis::Consent.into(),
        proof: "recordings/7".to_owned(),
        request_id: world.request_id(),
        ..Default::default()
    };
    world.client(Role::Agent).give_consent(give).await.unwrap();
    assert_eq!(world.obstacles(&ana, Channel::Phone).await, []);
    assert_eq!(world.obstacles(&ana, Channel::Email).await[0].0, RenewalObstacleKind::NoConsent, "calls are no mails");
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 735));
    assert_eq!(world.obstacles(&ana, Channel::Phone).await[0].0, RenewalObstacleKind::NoConsent, "two years are over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_clear_while_a_source_has_not_been_heard() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil").phone("600111222")).await.customer;
    let told = world.renewal(&ana, Channel::Phone).await;
    assert!(!told.clear && told.as_of_time.is_none());
    let sources: Vec<_> = told.gaps.iter().map(|gap| gap.source.as_str()).collect();
    assert_eq!(sources, ["ticketing", "ombudsman-escalation"]);
    assert!(told.obstacles.iter().any(|obstacle| obstacle.kind() == RenewalObstacleKind::NotKnown));
    let nobody = CheckRenewalRequest { name: stranger(), channel: Channel::Phone.into() };
    let refused = world.client(Role::Agent).check_renewal(nobody).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
    let wrong = CheckRenewalRequest { name: "ana".to_owned(), channel: 99 };
    let refused = world.client(Role::Agent).check_renewal(wrong).await.unwrap_err();
    assert_eq!(fields(&refused), ["name", "channel"]);
}
