//! `GiveConsent` and `WithdrawConsent`: what a customer allows, under every id of theirs.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;
use ventanilla_proto::r#type::v1::Channel;

use crate::support::{Say, World, dni, fields, reason, record, stranger, time};

fn gives(world: &World, customer: &str, channel: Channel) -> GiveConsentRequest {
    GiveConsentRequest {
        parent: customer.to_owned(),
        purpose: ConsentPurpose::CommercialCalls.into(),
        channel: channel.into(),
        legal_basis: LegalBasis::Consent.into(),
        proof: "recording 4711".to_owned(),
        request_id: world.request_id(),
        ..Default::default()
    }
}

impl World {
    async fn withdraw(&self, customer: &str, channel: Channel) -> Consent {
        let request = WithdrawConsentRequest {
            parent: customer.to_owned(),
            purpose: ConsentPurpose::CommercialCalls.into(),
            channel: channel.into(),
            request_id: self.request_id(),
            ..Default::default()
        };
        self.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
        self.client(Role::Agent).withdraw_consent(request).await.unwrap().into_inner()
    }

    async fn consents(&self, customer: &str) -> Vec<(Channel, ConsentState)> {
        let consents = self.view(customer).await.consents.unwrap().consents;
        consents.iter().map(|consent| (consent.channel(), consent.state())).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_last_counts_and_agreement_to_commercial_calls_lapses_after_two_years() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await.customer;
    assert_eq!(world.consents(&ana).await, []);
    let mut said = gives(&world, &ana, Channel::Unspecified);
    said.said_time = Some(time("2026-01-10T10:00:00Z"));
    let given = world.client(Role::Agent).give_consent(said).await.unwrap().into_inner();
    assert_eq!((given.state(), given.legal_basis()), (ConsentState::Given, LegalBasis::Consent));
    assert_eq!(given.lapse_time, Some(time("2028-01-10T10:00:00Z")));
    assert_eq!(world.withdraw(&ana, Channel::Sms).await.state(), ConsentState::Withdrawn);
    let both = [(Channel::Unspecified, ConsentState::Given), (Channel::Sms, ConsentState::Withdrawn)];
    assert_eq!(world.consents(&ana).await, both);
    world.harness.surroundings.advance(jiff::SignedDuration::from_hours(24 * 366 * 2));
    assert_eq!(world.consents(&ana).await[0], (Channel::Unspecified, ConsentState::Lapsed));
    let kinds = world.entries(3).await;
    assert_eq!(kinds[1..], ["ventanilla.customer.v1.ConsentGiven", "ventanilla.customer.v1.ConsentWithdrawn"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_to_one_department_is_a_no_to_all_once_they_know_it_is_one_person() {
    let world = World::new().await;
    let first = world.ingest(record("a", "sales", "1").named("Ana Ruiz Gil").dni(&dni(1))).await;
    let second = world.ingest(record("b", "billing", "1").named("Ana R.").dni(&dni(1))).await;
    assert_eq!(first.customer, second.customer);
    let said = gives(&world, &first.own_customer, Channel::Phone);
    world.client(Role::Agent).give_consent(said).await.unwrap();
    world.withdraw(&second.own_customer, Channel::Unspecified).await;
    let no = [(Channel::Unspecified, ConsentState::Withdrawn), (Channel::Phone, ConsentState::Withdrawn)];
    assert_eq!(world.consents(&first.customer).await, no);
    // Two people after all: each has what was said under their own name.
    world.unmerge(&first.customer, &[&second.name]).await.unwrap();
    assert_eq!(world.consents(&first.own_customer).await, [(Channel::Phone, ConsentState::Given)]);
    assert_eq!(world.consents(&second.own_customer).await, [(Channel::Unspecified, ConsentState::Withdrawn)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_consent_is_said_at_once_and_a_retry_says_it_once() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await.customer;
    let wrong = GiveConsentRequest {
        parent: ana.clone(),
        channel: 77,
        said_time: Some(time("2031-01-01T00:00:00Z")),
        expire_time: Some(time("2020-01-01T00:00:00Z")),
        request_id: world.request_id(),
        ..Default::default()
    };
    let refused = world.client(Role::Agent).give_consent(wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(fields(&refused), ["purpose", "channel", "legal_basis", "proof", "said_time", "expire_time"]);
    let nobody = gives(&world, &stranger(), Channel::Phone);
    assert_eq!(reason(&world.client(Role::Agent).give_consent(nobody).await.unwrap_err()), "CUSTOMER_NOT_FOUND");
    assert_eq!(world.count("consent_statement").await, 0);
    let said = gives(&world, &ana, Channel::Phone);
    for _ in 0..2 {
        world.client(Role::Agent).give_consent(said.clone()).await.unwrap();
    }
    assert_eq!(world.count("consent_statement").await, 1);
}
