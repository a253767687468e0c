//! An event as it is sent: a CloudEvent 1.0 in structured mode, whose data is the entry's chained part in the JSON of the contract.

use jiff::Timestamp;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::catalogue;
use crate::config::EnvelopeSettings;

/// The media type of a body.
pub const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// Fields that are told to no other system, each of its message: who is served first is old or disabled.
const NOT_TOLD: &[(&str, &str)] = &[("ventanilla.ticketing.v1.TicketOpened", "served_first")];

/// An event, as it is kept.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its position among all events.
    pub number: i64,
    /// Id of the entry.
    pub id: Uuid,
    /// Ledger.
    pub source: String,
    /// Position in that ledger; none for a test.
    pub position: Option<i64>,
    /// As patterns name it.
    pub event_type: String,
    /// Full name of the payload's message.
    pub message: String,
    /// What it is about.
    pub subject: String,
    /// The affair it belongs to.
    pub affair: String,
    /// Department that had the affair.
    pub department: Option<String>,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// W3C trace context of what made it happen.
    pub traceparent: String,
    /// The payload.
    pub payload: Vec<u8>,
}

/// The entry is not what its type says, or of a version this binary does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the entry cannot be read as what it says it is")]
pub struct Unreadable;

/// The payload as a message that can be looked into, without what is told to no other system.
///
/// # Errors
/// [`Unreadable`].
pub fn payload(message: &MessageDescriptor, bytes: &[u8]) -> Result<DynamicMessage, Unreadable> {
    let mut payload = DynamicMessage::decode(message.clone(), bytes).map_err(|_| Unreadable)?;
    for (_, field) in NOT_TOLD.iter().filter(|(of, _)| *of == message.full_name()) {
        payload.clear_field_by_name(field);
    }
    Ok(payload)
}

/// The body of an event.
///
/// # Errors
/// [`Unreadable`].
pub fn body(event: &Event, settings: &EnvelopeSettings) -> Result<Vec<u8>, Unreadable> {
    let kind = catalogue::kind(&event.message).ok_or(Unreadable)?;
    let data = serde_json::to_value(payload(&kind.message, &event.payload)?).map_err(|_| Unreadable)?;
    let mut envelope = Map::new();
    let mut set = |name: &str, value: Value| envelope.insert(name.to_owned(), value);
    set("specversion", json!("1.0"));
    set("id", json!(event.id.as_hyphenated().to_string()));
    set("source", json!(format!("{}{}", settings.source, event.source)));
    set("type", json!(format!("ventanilla.{}.v1", event.event_type)));
    set("subject", json!(event.subject));
    set("time", json!(event.occurred_at.to_string()));
    set("datacontenttype", json!("application/json"));
    set("dataschema", json!(format!("{}{}", settings.schema, event.message)));
    // Text, so that it is in order as text: an integer of CloudEvents has 32 bits.
    set("sequence", json!(format!("{:020}", event.number)));
    set("partitionkey", json!(event.affair));
    if let Some(position) = event.position {
        set("position", json!(position.to_string()));
    }
    if let Some(department) = &event.department {
        set("department", json!(department));
    }
    if !event.traceparent.is_empty() {
        set("traceparent", json!(event.traceparent));
    }
    set("data", data);
    serde_json::to_vec(&Value::Object(envelope)).map_err(|_| Unreadable)
}
