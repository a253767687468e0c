//! The ledger entries of a ticket with the trace of each.

use kernel::ResourceId;
use ticketing_domain::{TicketId, TrackingKey};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use crate::Error;
use crate::grpc::present;
use crate::store::{journey, ticket};

/// How a journey is asked for.
#[derive(Debug, Clone, Copy)]
pub enum Traveller {
    /// By the ticket.
    Ticket(TicketId),
    /// By its tracking key.
    Key(TrackingKey),
}

impl Ticketing {
    /// The ledger entries of a ticket with the trace of each.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "ticket.get_journey", skip_all)]
    pub async fn get_journey(&self, traveller: Traveller) -> Result<pb::Journey, Error> {
        let pool = self.db.reader();
        let found = match traveller {
            Traveller::Ticket(id) => ticket::get(pool, id).await?.ok_or_else(|| Error::not_found(id.to_string()))?,
            Traveller::Key(key) => {
                ticket::by_key(pool, &key).await?.ok_or_else(|| Error::not_found(format!("journeys/{key}")))?
            }
        };
        let facts = found.ticket.facts();
        let steps = journey::steps(pool, facts.id).await?;
        Ok(pb::Journey {
            ticket: facts.id.name(),
            tracking_key: facts.tracking_key.to_string(),
            steps: steps.into_iter().map(present::step).collect(),
        })
    }
}
