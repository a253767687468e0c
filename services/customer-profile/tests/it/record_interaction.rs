//! `RecordInteraction`: a contact took place.

use kernel::Role;
use tonic::Code;
use ventanilla_proto::customer::v1::*;

use crate::support::{Say, World, fields, reason, record, stranger};

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
    ];
    assert_eq!(fields(&status), expected);
}
