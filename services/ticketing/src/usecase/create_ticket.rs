//! Opens an affair and gives the customer's receipt, tracking key and proof.

use jiff::Timestamp;
use kernel::ResourceId;
use ledger::Stamp;
use postgres::{RequestKey, StoreError};
use prost::Message;
use server::Call;
use ticketing_domain::{ChangeKind, Draft, Moment, Receipt, Standing, Ticket, TicketId, TrackingKey};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Ticketing, moment};
use crate::Error;
use crate::entry::Entries;
use crate::grpc::present;
use crate::proof::{KeptProof, sha256};
use crate::store::create::{self, Opening};
use crate::store::history::ChangeRow;
use crate::store::{Stored, ticket};

/// What CreateTicket is asked.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// The affair.
    pub draft: Draft,
    /// The call.
    pub key: RequestKey,
    /// When it was opened, where that is stated.
    pub stated: Option<Timestamp>,
}

impl Ticketing {
    /// Opens an affair: one statement, whatever comes with it.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.create", skip_all, fields(ticket.id))]
    pub async fn create_ticket(&self, call: &Call, new: NewTicket) -> Result<pb::CreateTicketResponse, Error> {
        let NewTicket { draft, key, stated } = new;
        let now = self.ambient.now();
        let (Moment::Now(at) | Moment::Stated(at)) = moment(call, stated, now)?;
        let earlier = match draft.follow_up_of {
            Some(before) => {
                let at = ticket::first_received(self.db.reader(), before).await?;
                Some(at.ok_or_else(|| Error::not_found(before.to_string()))?)
            }
            None => None,
        };
        let id = TicketId::from_uuid(self.ambient.uuid(now));
        tracing::Span::current().record("ticket.id", tracing::field::display(id));

        let opened = Ticket::open(draft, id, TrackingKey::from_entropy(self.ambient.bytes()), earlier, at);
        let receipt = Receipt::of(&opened, sha256);
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone()).occurred(at);
        let entry = Entries::new(&self.ambient, &stamp).opened(&opened, &receipt);
        let department = opened.ticket.assignment().department.as_str();
        let mut change = ChangeRow::new(1, ChangeKind::Opened, department, &stamp);
        change.states = Some((None, Standing::Acknowledged));
        let stored = Stored { ticket: opened.ticket, version: 1, change_count: 1, created_at: now, updated_at: now };
        let proof = self.proof_key.proof(id);
        let mut answer = pb::CreateTicketResponse {
            tracking_key: stored.ticket.facts().tracking_key.to_string(),
            receipt: Some(present::receipt(id, &receipt)),
            ticket: Some(present::ticket(&stored)),
            proof: String::new(),
        };
        let opening = Opening {
            key,
            answer: answer.encode_to_vec(),
            stored,
            proof: KeptProof::of(&proof, self.ambient.bytes()),
            receipt,
            change,
            entry,
        };
        if !create::open(&self.db, opening).await? {
            return self.same_answer(&key).await;
        }
        self.ledger.nudge();
        answer.proof = proof.expose();
        Ok(answer)
    }

    /// What the first call with this `request_id` was answered, proof included.
    async fn same_answer(&self, key: &RequestKey) -> Result<pb::CreateTicketResponse, Error> {
        let kept = create::replay(self.db.reader(), key).await?;
        let unreadable = || StoreError::corrupt("request", "answer", key.id);
        let mut answer = pb::CreateTicketResponse::decode(kept.as_slice()).map_err(|_| unreadable())?;
        let name = answer.ticket.as_ref().map(|t| t.name.as_str()).unwrap_or_default();
        let id = TicketId::parse(name).map_err(|_| unreadable())?;
        let proof = self.proof_key.proof(id);
        // After a change of the signing key another proof comes out: better none than one that does not open.
        if create::kept_proof(self.db.reader(), id).await?.holds(&proof) {
            answer.proof = proof.expose();
        }
        Ok(answer)
    }
}
