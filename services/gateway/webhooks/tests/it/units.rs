//! What needs no database.

use prost::Message as _;
use testkit::{Harness, instant};
use uuid::Uuid;
use ventanilla_proto::ticketing::v1::TicketOpened;
use ventanilla_webhooks::config::EnvelopeSettings;
use ventanilla_webhooks::{SCHEMA, Settings, StartError, assemble, catalogue, envelope};

#[tokio::test]
async fn no_lease_ends_before_an_attempt_that_was_begun_under_it() {
    let start = async |lease_ms| {
        let nowhere = postgres::Settings::new("postgres://nobody@127.0.0.1:1/none", SCHEMA);
        // What is looked at next is no key.
        let mut settings = Settings { secret_key: "no key".into(), ..Settings::new(nowhere, &[7; 32]) };
        settings.courier.lease_ms = lease_ms;
        settings.endpoints.timeout_ms = 15_000;
        assemble(settings, Harness::in_real_time().house_with(SCHEMA, &[])).await.err()
    };
    assert!(matches!(start(15_999).await, Some(StartError::Lease)));
    assert!(matches!(start(16_000).await, Some(StartError::Key(_))));
}

#[test]
fn every_kind_of_event_has_a_name_of_its_own_and_says_what_happened() {
    let mut names: Vec<&str> = catalogue::kinds().map(|kind| kind.event_type.as_str()).collect();
    let all = names.len();
    names.dedup();
    assert!(all > 80 && names.len() == all, "{names:?}");
    for kind in catalogue::kinds() {
        let words: Vec<&str> = kind.event_type.split('.').collect();
        assert!((2..=3).contains(&words.len()) && !kind.description.is_empty(), "{kind:?}");
        assert!(kind.event_type.parse::<webhooks_domain::pattern::Pattern>().is_ok(), "{kind:?}");
    }
    for said in
        ["ticketing.ticket.opened", "sla.clock.breached", "ombudsman.decision.notified", "customer.customer.erased"]
    {
        assert!(names.contains(&said), "{said}: {names:?}");
    }
    // How it went the firm learns when the claimant does.
    assert!(!names.contains(&"ombudsman.decision.issued"), "{names:?}");
}

#[test]
fn an_envelope_holds_what_is_known_and_leaves_out_what_is_not() {
    let event = envelope::Event {
        number: 7,
        id: Uuid::from_u128(1),
        source: "webhooks".to_owned(),
        position: None,
        event_type: "webhook.subscription.tested".to_owned(),
        message: "ventanilla.webhook.v1.SubscriptionTested".to_owned(),
        subject: "subscriptions/1".to_owned(),
        affair: "subscriptions/1".to_owned(),
        department: None,
        occurred_at: instant("2026-11-30T10:00:00.5Z"),
        traceparent: String::new(),
        payload: Vec::new(),
    };
    let body = envelope::body(&event, &EnvelopeSettings::default()).unwrap();
    let expected = serde_json::json!({
        "specversion": "1.0",
        "id": "00000000-0000-0000-0000-000000000001",
        "source": "urn:ventanilla:ledger:webhooks",
        "type": "ventanilla.webhook.subscription.tested.v1",
        "subject": "subscriptions/1",
        "time": "2026-11-30T10:00:00.5Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:ventanilla:message:ventanilla.webhook.v1.SubscriptionTested",
        "sequence": "00000000000000000007",
        "partitionkey": "subscriptions/1",
        "data": {},
    });
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap(), expected);
    let unknown = envelope::Event { message: "ventanilla.ombudsman.v1.DraftSaved".to_owned(), ..event.clone() };
    assert_eq!(envelope::body(&unknown, &EnvelopeSettings::default()), Err(envelope::Unreadable));
    let broken = envelope::Event { payload: vec![0xff], ..event };
    assert_eq!(envelope::body(&broken, &EnvelopeSettings::default()), Err(envelope::Unreadable));
}

#[test]
fn that_somebody_is_served_first_is_neither_kept_nor_told() {
    let message = "ventanilla.ticketing.v1.TicketOpened".to_owned();
    let opened = TicketOpened { ticket: "tickets/1".to_owned(), served_first: true, ..TicketOpened::default() };
    let came = opened.encode_to_vec();
    let kept = envelope::payload(&catalogue::kind(&message).unwrap().message, &came).unwrap().encode_to_vec();
    let expected = TicketOpened { served_first: false, ..opened };
    assert_eq!(TicketOpened::decode(kept.as_slice()).unwrap(), expected);
    // What was kept before it was left out.
    let event = envelope::Event {
        number: 7,
        id: Uuid::from_u128(1),
        source: "ticketing".to_owned(),
        position: Some(1),
        event_type: "ticketing.ticket.opened".to_owned(),
        message,
        subject: "tickets/1".to_owned(),
        affair: "tickets/1".to_owned(),
        department: None,
        occurred_at: instant("2026-11-30T10:00:00Z"),
        traceparent: String::new(),
        payload: came,
    };
    let body = envelope::body(&event, &EnvelopeSettings::default()).unwrap();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["data"], serde_json::json!({"ticket": "tickets/1"}));
}
