//! Which ticket key and proof open, for another service of the house.

use kernel::ResourceId;
use ventanilla_proto::ticketing::v1 as pb;

use super::{Shown, Ticketing};
use crate::Error;

impl Ticketing {
    /// Which ticket key and proof open.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.locate", skip_all)]
    pub async fn locate_ticket(&self, shown: &Shown) -> Result<pb::LocatedTicket, Error> {
        let id = self.who_holds(&shown.key, &shown.proof).await?;
        let ticket = self.shown(id).await?.ticket;
        Ok(pb::LocatedTicket {
            ticket: id.name(),
            customer: ticket.facts().customer.name(),
            sector: ticket.filing().sector.as_str().to_owned(),
        })
    }
}
