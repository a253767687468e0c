//! What happens to tickets, in the order of the ledger, from a position on.

use std::pin::Pin;

use futures::{Stream, StreamExt, stream};
use ledger::Tail;
use ventanilla_proto::ledger::v1::{Entry, Heartbeat};
use ventanilla_proto::ticketing::v1 as pb;
use ventanilla_proto::ticketing::v1::watch_tickets_response::Item;

use super::Ticketing;
use crate::Error;
use crate::grpc::present;

/// What a watcher is given; ends with its first error.
pub type Items = Pin<Box<dyn Stream<Item = Result<pb::WatchTicketsResponse, Error>> + Send>>;

impl Ticketing {
    /// Follows the own ledger after a position; `ticket` narrows it to one ticket's name. Never ends by itself. Every item names the event before it, so that
    /// whoever reads sees that none is missing, whatever else stands in the ledger.
    ///
    /// # Errors
    /// [`Error::PositionAhead`], [`Error::Store`]; the stream itself ends with the first error.
    #[tracing::instrument(name = "ticket.watch", skip_all)]
    pub async fn watch_tickets(&self, after: i64, ticket: Option<String>) -> Result<Items, Error> {
        let (head, _) = self.ledger.position().await?;
        if after > head {
            return Err(Error::PositionAhead { head });
        }
        let ambient = self.ambient.clone();
        let mut told = Told { last: after, ticket };
        let items = self.ledger.tail(after, false).flat_map(move |part| {
            let items = match part {
                Ok(Tail::Entries(entries)) => entries.into_iter().filter_map(|entry| told.event(entry)).collect(),
                Ok(Tail::CaughtUp { head }) => {
                    let as_of_time = Some(server::parse::time_to_proto(ambient.now()));
                    vec![Ok(told.heartbeat(Heartbeat { head_position: head, as_of_time }))]
                }
                Err(error) => vec![Err(error.into())],
            };
            stream::iter(items)
        });
        Ok(Box::pin(items))
    }
}

/// What one watcher was told.
struct Told {
    /// Position of the last event, or the one they asked to go on after.
    last: i64,
    /// The one ticket they ask about.
    ticket: Option<String>,
}

impl Told {
    /// The entry as an event, unless it is about something else: a denial, or another ticket than asked for.
    fn event(&mut self, entry: Entry) -> Option<Result<pb::WatchTicketsResponse, Error>> {
        let asked = self.ticket.as_ref().is_none_or(|ticket| *ticket == entry.aggregate);
        if !(asked && entry.aggregate.starts_with("tickets/")) {
            return None;
        }
        let previous = std::mem::replace(&mut self.last, entry.position);
        let event = present::event(entry, previous).map_err(Error::from);
        Some(event.map(|event| pb::WatchTicketsResponse { item: Some(Item::Event(event)), last_position: 0 }))
    }

    fn heartbeat(&self, heartbeat: Heartbeat) -> pb::WatchTicketsResponse {
        pb::WatchTicketsResponse { item: Some(Item::Heartbeat(heartbeat)), last_position: self.last }
    }
}
