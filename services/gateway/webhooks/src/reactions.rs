//! What other services' ledgers do here: an entry that may be told is kept, and whose an affair is from where on. Who wants it is
//! asked later, by the worker `spread`, so that no ledger waits for another.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use ledger::{Applying, Reaction, ReactionError, Received};
use postgres::Tx;
use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};
use tokio::sync::Notify;
use uuid::Uuid;
use webhooks_domain::affair::{Named, Place};

use crate::envelope::{self, Event};
use crate::store::{affair, event};
use crate::{TICKETING, catalogue};

/// Follows one ledger.
pub struct OnLedger {
    source: &'static str,
    came: Arc<Notify>,
}

/// An entry that may be told, and where it belongs.
struct Told<'a> {
    entry: &'a Received,
    place: Place,
    event: Event,
}

impl OnLedger {
    /// Follows the ledger of this name; tells `came` that there may be events to spread.
    pub const fn new(source: &'static str, came: Arc<Notify>) -> Self {
        Self { source, came }
    }

    /// What is told of an entry; `None` when nothing is.
    fn read<'a>(&self, entry: &'a Received) -> Result<Option<Told<'a>>, ReactionError> {
        let Some(kind) = catalogue::kind(entry.kind()) else { return Ok(None) };
        let whole = entry.entry();
        let payload = envelope::payload(&kind.message, &whole.payload);
        let payload = payload.map_err(|_| ReactionError::Undecodable("payload"))?;
        let [case_name, ticket, subject] = ["case_name", "ticket", "subject"].map(|field| text(&payload, field));
        let place = Place::of(Named {
            aggregate: entry.aggregate(),
            case_name: case_name.as_deref(),
            ticket: ticket.as_deref(),
            subject: subject.as_deref(),
        });
        let event = Event {
            number: 0,
            id: Uuid::try_parse(&whole.entry_id).map_err(|_| ReactionError::Undecodable("entry_id"))?,
            source: self.source.to_owned(),
            position: Some(entry.position()),
            event_type: kind.event_type.clone(),
            message: entry.kind().to_owned(),
            subject: entry.aggregate().to_owned(),
            affair: String::new(),
            department: text(&payload, "department").or_else(|| text(&payload, "to_department")),
            occurred_at: entry.occurred_at(),
            traceparent: whole.traceparent.clone(),
            // Not as it came: what is told to no other system is not kept either.
            payload: payload.encode_to_vec(),
        };
        Ok(Some(Told { entry, place, event }))
    }

    /// Keeps what is told of these entries, in their order.
    async fn keep(&self, tx: &mut Tx, entries: &[&Received]) -> Result<(), ReactionError> {
        let read = entries.iter().filter_map(|entry| self.read(entry).transpose());
        let told = read.collect::<Result<Vec<Told<'_>>, _>>()?;
        let mut tickets = tickets_of(tx, &told).await?;
        let mut new = event::New::default();
        for Told { entry, place, event } in told {
            let affair = match place {
                Place::Affair(affair) => affair,
                Place::Case(case) => tickets.get(&case).cloned().unwrap_or(case),
                Place::Told { case, ticket } => {
                    if let Entry::Vacant(unknown) = tickets.entry(case) {
                        // What came of the case before may be among these.
                        self.write(tx, std::mem::take(&mut new)).await?;
                        affair::put_case(tx, unknown.key(), &ticket).await?;
                        unknown.insert(ticket.clone());
                    }
                    ticket
                }
            };
            new.push(Event { affair, ..event }, entry.recorded_at());
        }
        self.write(tx, new).await?;
        self.came.notify_one();
        Ok(())
    }

    async fn write(&self, tx: &mut Tx, new: event::New) -> Result<(), ReactionError> {
        if new.is_empty() {
            return Ok(());
        }
        event::insert(tx, &new).await?;
        if self.source == TICKETING {
            affair::put_tenures(tx, &new.tenures()).await?;
        }
        Ok(())
    }
}

#[tonic::async_trait]
impl Reaction for OnLedger {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        self.keep(tx, &[entry]).await
    }

    fn runs(&self, entry: &Received) -> bool {
        catalogue::kind(entry.kind()).is_some()
    }

    async fn apply_run(&self, tx: &mut Tx, run: &[Applying<'_>]) -> Result<(), ReactionError> {
        let entries: Vec<&Received> = run.iter().map(|each| each.entry).collect();
        self.keep(tx, &entries).await
    }
}

/// The tickets that cases are about, as far as these entries ask for them and it is known. Nobody else tells of one meanwhile.
async fn tickets_of(tx: &mut Tx, told: &[Told<'_>]) -> Result<BTreeMap<String, String>, ReactionError> {
    let case = |told: &Told<'_>| match &told.place {
        Place::Affair(_) => None,
        Place::Case(case) | Place::Told { case, .. } => Some(case.clone()),
    };
    let cases: Vec<String> = told.iter().filter_map(case).collect();
    if cases.is_empty() {
        return Ok(BTreeMap::new());
    }
    event::lock(tx).await?;
    Ok(affair::tickets_of(tx, &cases).await?)
}

/// The text in a field of this name; none when there is no such field, or nothing in it.
fn text(payload: &DynamicMessage, field: &str) -> Option<String> {
    match payload.get_field_by_name(field)?.as_ref() {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}
