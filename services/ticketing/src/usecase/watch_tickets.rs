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
    /// Follows the own ledger after a position; `ticket` narrows it to one ticket's name. Never ends by itself.
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
        let items = self.ledger.tail(after, false).flat_map(move |part| {
            let items = match part {
                Ok(Tail::Entries(entries)) => entries.into_iter().filter_map(|e| event(e, ticket.as_deref())).collect(),
                Ok(Tail::CaughtUp { head }) => {
                    let as_of_time = Some(server::parse::time_to_proto(ambient.now()));
                    vec![Ok(Item::Heartbeat(Heartbeat { head_position: head, as_of_time }))]
                }
                Err(error) => vec![Err(error.into())],
            };
            stream::iter(items)
        });
        Ok(Box::pin(items.map(|item| item.map(|item| pb::WatchTicketsResponse { item: Some(item) }))))
    }
}

/// The entry as an event, unless it is about something else: a denial, or another ticket than asked for.
fn event(entry: Entry, ticket: Option<&str>) -> Option<Result<Item, Error>> {
    let wanted = entry.aggregate.starts_with("tickets/") && ticket.is_none_or(|t| t == entry.aggregate);
    wanted.then(|| present::event(entry).map(Item::Event).map_err(Error::from))
}
