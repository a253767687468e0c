//! What a customer confides and systems know of them beside their affairs: consents and their proof, what makes them
//! vulnerable, who speaks for them, what they bought, why they would leave.

use kernel::Role;
use tonic::Status;
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::r#type::v1::{Channel, Direction, Money};

use super::affair::{Affair, SAID};

impl Affair<'_> {
    /// The customer agrees to be recorded, says what they need and that `other` may speak for them, and why they would
    /// leave; a shop tells what they bought; and a steward finds that a third record of theirs, which shares nothing with
    /// the others, is theirs too.
    pub async fn confide(&self, customer_name: &str, other: &str) -> Result<(), Status> {
        let mut agent = self.cast.agent.customers.clone();
        let parent = customer_name.to_owned();
        let consent = customer::GiveConsentRequest {
            parent: parent.clone(),
            purpose: customer::ConsentPurpose::Recording.into(),
            legal_basis: customer::LegalBasis::Consent.into(),
            proof: format!("grabación del martes, en la que dice {}", SAID[27]),
            request_id: self.scene.request_id(),
            ..Default::default()
        };
        agent.give_consent(consent).await?;
        let vulnerability = customer::Vulnerability {
            driver: customer::VulnerabilityDriver::LifeEvent.into(),
            need: format!("No hablarle de {} en estos meses", SAID[28]),
            access_class: customer::AccessClass::Serving.into(),
            ..Default::default()
        };
        let declared = customer::DeclareVulnerabilityRequest {
            parent: parent.clone(),
            vulnerability: Some(vulnerability),
            request_id: self.scene.request_id(),
        };
        agent.declare_vulnerability(declared).await?;
        let relation = customer::Relation {
            kind: customer::RelationKind::RepresentedBy.into(),
            other_customer: other.to_owned(),
            evidence: format!("poder de 2026, notaría {}", SAID[29]),
            ..Default::default()
        };
        let stated = customer::StateRelationRequest {
            parent: parent.clone(),
            relation: Some(relation),
            request_id: self.scene.request_id(),
        };
        agent.state_relation(stated).await?;
        let leaving = customer::Interaction {
            channel: Channel::Phone.into(),
            direction: Direction::Inbound.into(),
            department: "customer-service".to_owned(),
            kind: customer::InteractionKind::ExitInterview.into(),
            exit_reasons: vec![customer::ExitReason::BrokenPromise.into()],
            what_customer_said: format!("Me voy, que esto es una {}", SAID[31]),
            ..Default::default()
        };
        let asked = customer::RecordInteractionRequest {
            parent: parent.clone(),
            interaction: Some(leaving),
            request_id: self.scene.request_id(),
        };
        agent.record_interaction(asked).await?;
        self.buy(customer_name).await?;
        self.be_found_again(customer_name).await
    }

    async fn buy(&self, customer_name: &str) -> Result<(), Status> {
        let dealing = customer::Dealing {
            source_system: "shop".to_owned(),
            external_id: format!("pedido-{}", SAID[30]),
            customer: customer_name.to_owned(),
            kind: customer::DealingKind::Purchase.into(),
            amount: Some(Money { currency_code: "EUR".to_owned(), minor_units: 2_990 }),
            occurred_time: Some(self.at(-7_200)),
            ..Default::default()
        };
        let told = customer::IngestFactsRequest { dealing: Some(dealing), request_id: self.scene.request_id() };
        let mut shop = self.cast.billing.customers.clone();
        let mut answers = shop.ingest_facts(tokio_stream::iter([told])).await?.into_inner();
        match answers.message().await?.and_then(|answer| answer.result) {
            Some(customer::ingest_facts_response::Result::Dealing(_)) => Ok(()),
            other => Err(Status::internal(format!("the purchase was not taken in: {other:?}"))),
        }
    }

    /// A record that shares nothing with the others, and the steward's word that it is of the same person.
    async fn be_found_again(&self, customer_name: &str) -> Result<(), Status> {
        let record = customer::SourceRecord {
            source_system: "shop".to_owned(),
            department: "billing".to_owned(),
            external_id: format!("tienda-{}", self.person.document),
            person_name: Some(customer::PersonName { given_name: self.person.given.clone(), ..Default::default() }),
            observed_time: Some(self.at(-1_800)),
            ..Default::default()
        };
        let request = customer::IngestSourceRecordRequest { record: Some(record), request_id: self.scene.request_id() };
        let found = self.cast.billing.customers.clone().ingest_source_record(request).await?.into_inner();
        let customers = vec![customer_name.to_owned(), found.customer];
        let mut steward = self.scene.role(Role::Steward).customers;
        let preview = customer::PreviewMergeRequest { customers: customers.clone() };
        let token = steward.preview_merge(preview).await?.into_inner().token;
        let merge = customer::MergeCustomersRequest {
            customers,
            token,
            reason: format!("lo dijo ella misma, con su {}", SAID[32]),
            request_id: self.scene.request_id(),
        };
        steward.merge_customers(merge).await?;
        Ok(())
    }
}
