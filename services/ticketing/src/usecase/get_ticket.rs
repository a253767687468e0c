//! One affair.

use ticketing_domain::TicketId;
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use crate::Error;
use crate::grpc::present;
use crate::store::ticket;

impl Ticketing {
    /// One affair.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "ticket.get", skip_all, fields(ticket.id = %id))]
    pub async fn get_ticket(&self, id: TicketId) -> Result<pb::Ticket, Error> {
        let stored = ticket::get(self.db.reader(), id).await?.ok_or_else(|| Error::not_found(id.to_string()))?;
        Ok(present::ticket(&stored))
    }
}
