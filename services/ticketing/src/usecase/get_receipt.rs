//! The receipt of an affair, as it was given: told, or made into a file.

use ticketing_domain::{Proof, Refusal, TicketId, TrackingKey};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use crate::Error;
use crate::document::{Document, Format, document};
use crate::grpc::present;
use crate::store::create::{self, Given};

impl Ticketing {
    /// The receipt of an affair, as it was given.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "ticket.get_receipt", skip_all, fields(ticket.id = %id))]
    pub async fn get_receipt(&self, id: TicketId) -> Result<pb::Receipt, Error> {
        let given = self.given(id).await?;
        Ok(present::receipt(&given.receipt, &self.sealer.seal(id, given.key, &given.receipt)))
    }

    /// The same as a file.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.get_receipt_document", skip_all, fields(ticket.id = %id))]
    pub async fn get_receipt_document(&self, id: TicketId, format: Format) -> Result<pb::ReceiptDocument, Error> {
        let given = self.given(id).await?;
        if given.erased {
            return Err(Refusal::TicketErased.into());
        }
        let document = self.document(id, given, format).await?;
        Ok(present::receipt_document(present::receipt_name(id), &document))
    }

    /// The same for who holds key and proof. What was erased has no proof that opens it.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.get_public_receipt", skip_all)]
    pub async fn get_public_receipt(
        &self,
        key: TrackingKey,
        proof: &Proof,
        format: Format,
    ) -> Result<pb::ReceiptDocument, Error> {
        let id = self.who_holds(&key, proof).await?;
        let given = self.given(id).await?;
        if given.erased {
            return Err(Error::KeyOrProofUnknown);
        }
        let document = self.document(id, given, format).await?;
        Ok(present::receipt_document(String::new(), &document))
    }

    async fn given(&self, id: TicketId) -> Result<Given, Error> {
        let given = create::receipt(self.db.reader(), id).await?;
        given.ok_or_else(|| Error::not_found(present::receipt_name(id)))
    }

    /// Setting a page takes the processor for a while, so that it is done beside what answers other calls.
    async fn document(&self, id: TicketId, given: Given, format: Format) -> Result<Document, Error> {
        let seal = self.sealer.seal(id, given.key, &given.receipt);
        let made = tokio::task::spawn_blocking(move || document(&given.receipt, &seal, given.language, format)).await;
        made.map_err(|_| Error::Document)?.map_err(|_| Error::Document)
    }
}
