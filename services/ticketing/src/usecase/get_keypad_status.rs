//! Where an affair stands, for who has nothing but the keys of a telephone.

use kernel::{Language, ResourceId as _};
use postgres::etag;
use ticketing_domain::{KeypadKey, KeypadProof, TicketId, TrackingKey};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::get_public_status::NOBODY;
use crate::Error;
use crate::store::{process, public_status};

impl Ticketing {
    /// Where the affair stands whose key and proof are typed so. The proof itself is derived anew, and counts only while it is the one that is kept: what was
    /// erased opens to nobody. Where more than one affair fits, none is told.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.get_keypad_status", skip_all)]
    pub async fn get_keypad_status(
        &self,
        key: &KeypadKey,
        proof: &KeypadProof,
        language: Option<Language>,
    ) -> Result<pb::PublicStatus, Error> {
        let found = public_status::on_keypad(self.db.reader(), key).await?;
        if found.is_empty() {
            // The same work as for a wrong proof.
            let nobody = self.proof_key.proof(TicketId::from_uuid(uuid::Uuid::nil()));
            let _ = NOBODY.holds(&nobody) & nobody.is_typed(proof);
            return Err(Error::KeyOrProofUnknown);
        }
        let opens = |(id, _, kept): &&(TicketId, _, crate::proof::KeptProof)| {
            let own = self.proof_key.proof(*id);
            kept.holds(&own) & own.is_typed(proof)
        };
        let mut opened = found.iter().filter(opens);
        match (opened.next(), opened.next()) {
            (Some((id, key, _)), None) => self.named_status(*key, *id, language).await,
            _ => Err(Error::KeyOrProofUnknown),
        }
    }

    /// The status, and which ticket is told by it. Its version is read first, so that it is never newer than what is told.
    async fn named_status(
        &self,
        key: TrackingKey,
        id: TicketId,
        language: Option<Language>,
    ) -> Result<pb::PublicStatus, Error> {
        let head = process::head_of(self.db.reader(), id).await?.ok_or(Error::KeyOrProofUnknown)?;
        let stored = self.shown(head).await?;
        let status = self.status_of(key, id, language).await?;
        Ok(pb::PublicStatus { ticket: head.name(), etag: etag(stored.version), ..status })
    }
}
