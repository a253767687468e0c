//! The receipt of an affair, as it was given.

use ticketing_domain::TicketId;
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use crate::Error;
use crate::grpc::present;
use crate::store::create;

impl Ticketing {
    /// The receipt of an affair, as it was given.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "ticket.get_receipt", skip_all, fields(ticket.id = %id))]
    pub async fn get_receipt(&self, id: TicketId) -> Result<pb::Receipt, Error> {
        let receipt = create::receipt(self.db.reader(), id).await?;
        let receipt = receipt.ok_or_else(|| Error::not_found(present::receipt_name(id)))?;
        Ok(present::receipt(id, &receipt))
    }
}
