//! The receipt of an affair, as it was given: told, or made into a file.

use std::sync::Arc;

use postgres::StoreError;
use ticketing_domain::{Proof, Refusal, Seal, TicketId, TrackingKey};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use crate::Error;
use crate::document::{Document, Format, document};
use crate::grpc::present;
use crate::proof::sha256;
use crate::store::create::{self, Given};

impl Ticketing {
    /// The receipt of an affair, as it was given.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Store`].
    #[tracing::instrument(name = "ticket.get_receipt", skip_all, fields(ticket.id = %id))]
    pub async fn get_receipt(&self, id: TicketId) -> Result<pb::Receipt, Error> {
        let given = self.given(id).await?;
        Ok(present::receipt(&given.receipt, &self.sealed(id, &given).await?))
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

    /// The seal as it was made when the receipt was given. One that was given before there were seals is sealed now, if the ledger says that this is what was
    /// given.
    async fn sealed(&self, id: TicketId, given: &Given) -> Result<(Seal, Vec<u8>), Error> {
        let (now, signature) = self.sealer.seal(id, given.key, &given.receipt);
        if let Some((key_id, signature)) = &given.sealed {
            return Ok((Seal { key_id: key_id.clone(), ..now }, signature.clone()));
        }
        let told = create::hash_in_the_ledger(self.db.reader(), id).await?;
        if told.is_some_and(|hash| hash == given.receipt.content_hash) {
            return Ok((now, signature));
        }
        Err(StoreError::corrupt("receipt", "content_hash", id).into())
    }

    async fn given(&self, id: TicketId) -> Result<Given, Error> {
        let given = create::receipt(self.db.reader(), id).await?;
        let given = given.ok_or_else(|| Error::not_found(present::receipt_name(id)))?;
        // Nothing is handed out under the house's seal that is not what was sealed.
        if !given.erased && sha256(given.receipt.text.expose().as_bytes()) != given.receipt.content_hash {
            return Err(StoreError::corrupt("receipt", "text", id).into());
        }
        Ok(given)
    }

    /// Setting a page takes the processor for a while, so that it is done beside what answers other calls, and few at a time: whoever has gone away has
    /// still asked for it.
    async fn document(&self, id: TicketId, given: Given, format: Format) -> Result<Document, Error> {
        let seal = self.sealed(id, &given).await?;
        let turn = Arc::clone(&self.papers).acquire_owned().await.map_err(|_| Error::Document)?;
        let firm = Arc::clone(&self.firm);
        let set = move || {
            let _turn = turn;
            document(&firm, &given.receipt, &seal, given.language, format)
        };
        tokio::task::spawn_blocking(set).await.map_err(|_| Error::Document)?.map_err(|_| Error::Document)
    }
}
