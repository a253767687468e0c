//! `RecordInteraction`: a contact took place.

use kernel::Role;
use tonic::{Code, Status};
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, fields, reason, record, stranger};

impl World {
    /// Records a contact a little later than everything before it.
    async fn record(&self, customer: &str, interaction: Interaction) -> Result<Interaction, Status> {
        self.harness.surroundings.advance(jiff::SignedDuration::from_millis(1));
        let request = RecordInteractionRequest {
            parent: customer.to_owned(),
            interaction: Some(interaction),
            request_id: self.request_id(),
        };
        Ok(self.client(Role::Agent).record_interaction(request).await?.into_inner())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_keeps_the_customers_words_beside_the_summary() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await;
    let request = RecordInteractionRequest {
        parent: ana.customer.clone(),
        interaction: Some(Interaction {
            channel: 1,
            direction: 1,
            department: "billing".to_owned(),
            summary: "disputes the invoice".to_owned(),
            what_customer_said: "me han cobrado dos veces".to_owned(),
            ..Default::default()
        }),
        request_id: world.request_id(),
    };
    let mut client = world.client(Role::Agent);
    let first = client.record_interaction(request.clone()).await.unwrap().into_inner();
    assert_eq!(first.customer, ana.customer);
    assert_eq!(first.occurred_time, first.create_time);
    assert_eq!(first, client.record_interaction(request).await.unwrap().into_inner());
    let seen = world.view(&ana.customer).await.last_interactions.unwrap().interactions;
    assert_eq!(seen, [first]);
    assert_eq!(world.entries(2).await[1], "ventanilla.customer.v1.InteractionRecorded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_with_nobody_is_refused_and_nothing_is_written() {
    let world = World::new().await;
    let request = RecordInteractionRequest {
        parent: stranger(),
        interaction: Some(Interaction {
            channel: 1,
            direction: 2,
            department: "billing".to_owned(),
            summary: "called".to_owned(),
            ..Default::default()
        }),
        request_id: world.request_id(),
    };
    let status = world.client(Role::Agent).record_interaction(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "CUSTOMER_NOT_FOUND"));
    assert_eq!((world.count("interaction").await, world.count("request").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_wrong_with_a_contact_is_said_at_once() {
    let world = World::new().await;
    let request = RecordInteractionRequest {
        parent: "customers/42".to_owned(),
        interaction: Some(Interaction {
            channel: 99,
            department: "Not A Slug".to_owned(),
            ticket: "cases/x".to_owned(),
            occurred_time: Some(prost_types::Timestamp { seconds: 32_503_680_000, nanos: 0 }),
            kind: 2,
            offer_made: true,
            discretion: 9,
            ..Default::default()
        }),
        request_id: "42".to_owned(),
    };
    let status = world.client(Role::Agent).record_interaction(request).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_REQUEST"));
    let expected = [
        "request_id",
        "parent",
        "interaction.channel",
        "interaction.direction",
        "interaction.department",
        "interaction.summary",
        "interaction.ticket",
        "interaction.occurred_time",
        "interaction.exit_reasons",
        "interaction.offer_made",
        "interaction.discretion",
    ];
    assert_eq!(fields(&status), expected);
}

/// A contact that billing had, in which something was said.
fn said(words: &str) -> Interaction {
    Interaction {
        channel: 1,
        direction: 1,
        department: "billing".to_owned(),
        what_customer_said: words.to_owned(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_is_heard_where_it_is_read() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await;
    for (words, language, label) in [
        ("Estoy harta, es una vergüenza cómo me han tratado", 1, SentimentLabel::Negative),
        ("I would like to know when the technician comes", 2, SentimentLabel::Neutral),
        ("Muchas gracias por todo, han sido ustedes muy amables", 1, SentimentLabel::Positive),
    ] {
        let told = world.record(&ana.customer, said(words)).await.unwrap();
        let sentiment = told.sentiment.unwrap();
        assert_eq!((sentiment.language, sentiment.label()), (language, label), "{words}");
        let seen = world.view(&ana.customer).await.last_interactions.unwrap().interactions;
        assert_eq!(seen[0].sentiment, Some(sentiment), "the same where it is read");
    }
    let german = "Ich möchte mich über die Rechnung vom letzten Monat beschweren, sie ist falsch.";
    assert_eq!(world.record(&ana.customer, said(german)).await.unwrap().sentiment, None);
    let summary = Interaction { summary: "está harta, una vergüenza".to_owned(), ..said("") };
    assert_eq!(
        world.record(&ana.customer, summary).await.unwrap().sentiment,
        None,
        "the agent's words are not the customer's"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_is_asked_why_and_offered_nothing() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await;
    let reasons = vec![ExitReason::Treatment.into(), ExitReason::Price.into()];
    let interview = Interaction { kind: 2, exit_reasons: reasons.clone(), ..said("me voy, y no es por el precio") };
    let told = world.record(&ana.customer, interview.clone()).await.unwrap();
    assert_eq!((told.kind(), told.exit_reasons), (InteractionKind::ExitInterview, reasons));
    let pitch = world.record(&ana.customer, Interaction { offer_made: true, ..interview.clone() }).await.unwrap_err();
    assert_eq!((pitch.code(), fields(&pitch)), (Code::InvalidArgument, vec!["interaction.offer_made".to_owned()]));
    for wrong in [vec![], vec![1, 1], vec![1, 2, 3, 4, 5, 6], vec![0], vec![99]] {
        let count = wrong.len();
        let refused = world.record(&ana.customer, Interaction { exit_reasons: wrong, ..interview.clone() }).await;
        assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument, "{count} reasons");
    }
    let contact = Interaction { exit_reasons: vec![1], ..said("hola") };
    assert_eq!(fields(&world.record(&ana.customer, contact).await.unwrap_err()), ["interaction.exit_reasons"]);
    let sale = world.record(&ana.customer, Interaction { offer_made: true, ..said("hola") }).await.unwrap();
    assert_eq!((sale.kind(), sale.offer_made), (InteractionKind::Contact, true));
    assert_eq!(world.count("interaction").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_said_in_confidence_is_read_by_whom_it_is_meant_for() {
    let world = World::new().await;
    let ana = world.ingest(record("crm", "sales", "1").named("Ana Ruiz Gil")).await;
    for discretion in [Discretion::Open, Discretion::Department, Discretion::Sealed] {
        let words = said("es una vergüenza, no lo cuente a nadie");
        let interview = Interaction { kind: 2, exit_reasons: vec![5], discretion: discretion.into(), ..words };
        let told = world.record(&ana.customer, interview).await.unwrap();
        assert!(!told.withheld && told.sentiment.is_some(), "who writes it has just said it");
    }
    // The newest first: sealed, of the department, open.
    for (role, department, reads) in [
        (Role::Agent, Some("billing"), [false, true, true]),
        (Role::Agent, Some("sales"), [false, false, true]),
        (Role::Crm, None, [false, false, true]),
        (Role::Supervisor, Some("sales"), [true, true, true]),
        (Role::Steward, None, [true, true, true]),
    ] {
        let mut client = CustomerServiceClient::new(world.served.channel_as("reader-1", &[role], department));
        let view = GetCustomerViewRequest { name: ana.customer.clone() };
        let view = client.get_customer_view(view).await.unwrap().into_inner().last_interactions.unwrap().interactions;
        let page = ListTimelineRequest { parent: ana.customer.clone(), ..Default::default() };
        let line = client.list_timeline(page).await.unwrap().into_inner().items;
        let line: Vec<Interaction> = line
            .into_iter()
            .filter_map(|item| match item.item? {
                timeline_item::Item::Interaction(interaction) => Some(interaction),
                timeline_item::Item::Event(_) => None,
            })
            .collect();
        assert_eq!(line, view, "the line withholds what the view does");
        for (contact, reads) in view.iter().zip(reads) {
            let empty = contact.summary.is_empty()
                && contact.what_customer_said.is_empty()
                && contact.exit_reasons.is_empty()
                && contact.sentiment.is_none();
            assert_eq!(
                (contact.withheld, empty),
                (!reads, !reads),
                "{role:?} {department:?} {:?}",
                contact.discretion()
            );
            assert_eq!(contact.kind(), InteractionKind::ExitInterview, "that it took place is for all who serve");
        }
    }
}
