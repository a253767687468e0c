//! What other services' ledgers do here: an entry that may be told is kept, and whose an affair is. Who wants it is asked later, by
//! the worker `spread`, so that no ledger waits for another.

use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use uuid::Uuid;
use webhooks_domain::pattern::affair_of;

use crate::envelope::{self, Event};
use crate::hooks::Hooks;
use crate::store;
use crate::{TICKETING, catalogue};

/// Follows one ledger.
pub struct OnLedger {
    hooks: Hooks,
    source: &'static str,
}

impl OnLedger {
    /// Follows the ledger of this name.
    pub const fn new(hooks: Hooks, source: &'static str) -> Self {
        Self { hooks, source }
    }
}

#[tonic::async_trait]
impl Reaction for OnLedger {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        let Some(kind) = catalogue::kind(entry.kind()) else { return Ok(()) };
        let whole = entry.entry();
        let payload = envelope::payload(&kind.message, &whole.payload);
        let payload = payload.map_err(|_| ReactionError::Undecodable("payload"))?;
        let affair = affair(tx, entry.aggregate(), &payload).await?;
        let department = text(&payload, "department").or_else(|| text(&payload, "to_department"));
        if self.source == TICKETING
            && let Some(department) = &department
            && affair.starts_with("tickets/")
        {
            store::event::put_affair(tx, &affair, department).await?;
        }
        let event = Event {
            number: 0,
            id: Uuid::try_parse(&whole.entry_id).map_err(|_| ReactionError::Undecodable("entry_id"))?,
            source: self.source.to_owned(),
            position: Some(entry.position()),
            event_type: kind.event_type.clone(),
            message: entry.kind().to_owned(),
            subject: entry.aggregate().to_owned(),
            affair,
            department,
            occurred_at: entry.occurred_at(),
            traceparent: whole.traceparent.clone(),
            // Not as it came: what is told to no other system is not kept either.
            payload: payload.encode_to_vec(),
        };
        store::event::insert(tx, &event, entry.recorded_at()).await?;
        self.hooks.came.notify_one();
        Ok(())
    }

    fn reads_personal(&self) -> bool {
        false
    }
}

/// The affair an entry belongs to: the ticket it is about, or is about something of, or that a case is about.
async fn affair(tx: &mut Tx, aggregate: &str, payload: &DynamicMessage) -> Result<String, ReactionError> {
    let case = text(payload, "case_name").or_else(|| root(aggregate, "cases/"));
    let ticket = text(payload, "ticket").or_else(|| text(payload, "subject")).map(|name| affair_of(&name).to_owned());
    if let Some(case) = case.or_else(|| ticket.as_deref().and_then(|name| root(name, "cases/"))) {
        if let Some(ticket) = ticket.filter(|name| name.starts_with("tickets/")) {
            store::event::put_case(tx, &case, &ticket).await?;
            return Ok(ticket);
        }
        return Ok(store::event::ticket_of(tx, &case).await?.unwrap_or(case));
    }
    let of_a_ticket = ticket.filter(|name| name.starts_with("tickets/"));
    Ok(of_a_ticket.unwrap_or_else(|| affair_of(aggregate).to_owned()))
}

fn root(name: &str, collection: &str) -> Option<String> {
    name.starts_with(collection).then(|| affair_of(name).to_owned())
}

/// The text in a field of this name; none when there is no such field, or nothing in it.
fn text(payload: &DynamicMessage, field: &str) -> Option<String> {
    match payload.get_field_by_name(field)?.as_ref() {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}
