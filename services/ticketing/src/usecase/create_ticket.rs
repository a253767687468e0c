//! Opens an affair and gives the customer's receipt, tracking key and proof.

use jiff::Timestamp;
use kernel::{ResourceId, Role};
use ledger::Stamp;
use postgres::{RequestKey, StoreError};
use prost::Message;
use server::Call;
use ticketing_domain::{
    Characteristic, Characteristics, Draft, Moment, Receipt, Refusal, Ticket, TicketId, TrackingKey,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::characteristic::demand;
use super::chronicle::Chronicle;
use super::writing::kept_answer;
use super::{Ticketing, moment};
use crate::Error;
use crate::grpc::present;
use crate::proof::{KeptProof, sha256};
use crate::store::create::{self, Claimed, Opening, Outcome};
use crate::store::{agent, ticket};

/// Where a request says what its affair is known by.
pub(crate) const CHARACTERISTICS: &str = "ticket.characteristics";
/// How often the sets are read anew before a call that finds them changed each time gives up.
const READINGS: usize = 3;

/// What CreateTicket is asked.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// The affair.
    pub draft: Draft,
    /// What it is known by.
    pub characteristics: Vec<Characteristic>,
    /// The call.
    pub key: RequestKey,
    /// When it was opened, where that is stated.
    pub stated: Option<Timestamp>,
}

impl Ticketing {
    /// Opens an affair: one statement, whatever comes with it, shared with the calls that come together.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.create", skip_all, fields(ticket.id))]
    pub async fn create_ticket(&self, call: &Call, new: NewTicket) -> Result<pb::CreateTicketResponse, Error> {
        let NewTicket { mut draft, characteristics, key, stated } = new;
        let now = self.ambient.now();
        let (Moment::Now(at) | Moment::Stated(at)) = moment(call, stated, now)?;
        let earlier = match draft.follow_up_of {
            Some(before) => {
                let earlier = ticket::earlier(self.db.reader(), before).await?;
                let earlier = earlier.ok_or_else(|| Error::not_found(before.to_string()))?;
                // A term of one customer's affair is no other's; who brings histories says who was who elsewhere.
                if !call.acting().has(Role::Importer)
                    && let Err(refused) = self.refuse_two_customers(call, earlier.customer, draft.customer).await
                {
                    return self.same_answer_or(&key, refused).await;
                }
                draft.ever = earlier.ever;
                Some(earlier.received)
            }
            None => None,
        };
        if let Some(owner) = draft.assignment.owner.as_ref().filter(|_| !call.acting().has(Role::Importer))
            && !agent::exists(self.db.reader(), owner).await?
        {
            return self.same_answer_or(&key, Refusal::OwnerUnknown { owner: owner.clone() }.into()).await;
        }
        let customer = draft.customer;
        for reading in 0..READINGS {
            let sets = if reading == 0 { self.known_sets().await? } else { self.read_sets().await? };
            let held =
                Characteristics::held(CHARACTERISTICS, characteristics.clone(), sets.of(&draft.filing), demand(call));
            draft.characteristics = match held {
                Ok(known) => known,
                // By a version that another process has replaced meanwhile, perhaps.
                Err(_) if reading == 0 => continue,
                // By another version, or in vain: the call may have been made when this was well.
                Err(violations) => return self.same_answer_or(&key, violations.into()).await,
            };
            let (answer, opening) = self.opening(call, draft.clone(), key, earlier, (now, at));
            match create::open(&self.openings, opening).await? {
                Outcome::Opened => {
                    self.ledger.nudge();
                    return Ok(answer);
                }
                Outcome::Known => {
                    return self.same_answer_or(&key, StoreError::corrupt("request", "answer", key.id).into()).await;
                }
                // A retry of a call that was made while the customer was not is told what became of its answer.
                Outcome::CustomerErased => {
                    return self.same_answer_or(&key, Refusal::CustomerErased { customer }.into()).await;
                }
                Outcome::SetChanged => self.sets.forget(),
            }
        }
        Err(StoreError::Contended.into())
    }

    /// All that is written when this affair opens, and what its caller is told.
    fn opening(
        &self,
        call: &Call,
        draft: Draft,
        key: RequestKey,
        earlier: Option<Timestamp>,
        (now, at): (Timestamp, Timestamp),
    ) -> (pb::CreateTicketResponse, Opening) {
        let id = TicketId::from_uuid(self.ambient.uuid(now));
        tracing::Span::current().record("ticket.id", tracing::field::display(id));
        let tracking_key = TrackingKey::from_entropy(self.ambient.bytes());
        let opened = Ticket::open(draft, id, tracking_key, earlier, at);
        let receipt = Receipt::of(&opened, sha256);
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
        let chronicle = Chronicle::opened(opened, &receipt, stamp, &self.ambient);
        let proof = self.proof_key.proof(id);
        let sealed = self.sealer.seal(id, tracking_key, &receipt);
        let mut answer = pb::CreateTicketResponse {
            tracking_key: tracking_key.to_string(),
            receipt: Some(present::receipt(&receipt, &sealed)),
            ticket: Some(present::ticket(&chronicle.stored)),
            proof: String::new(),
        };
        let opening = Opening {
            // Kept without the proof, which the database never sees.
            claim: Some(Claimed { key, answer: answer.encode_to_vec() }),
            chronicle,
            proof: KeptProof::of(&proof, self.ambient.bytes()),
            receipt,
            sealed,
            is_held: true,
        };
        answer.proof = proof.expose();
        (answer, opening)
    }

    /// What the first call with this `request_id` was answered, or this error when it is the first.
    async fn same_answer_or(&self, key: &RequestKey, error: Error) -> Result<pb::CreateTicketResponse, Error> {
        self.same_answer(key).await?.ok_or(error)
    }

    /// What the first call with this `request_id` was answered, proof included; `None` when this is the first.
    async fn same_answer(&self, key: &RequestKey) -> Result<Option<pb::CreateTicketResponse>, Error> {
        let Some(kept) = create::replay(self.db.reader(), key).await? else { return Ok(None) };
        let mut answer: pb::CreateTicketResponse = kept_answer(key, &kept)?;
        let name = answer.ticket.as_ref().map(|t| t.name.as_str()).unwrap_or_default();
        let id = TicketId::parse(name).map_err(|_| StoreError::corrupt("request", "answer", key.id))?;
        let kept = create::kept_proof(self.db.reader(), id).await?;
        answer.proof = self.proof_to_tell(id, &kept);
        Ok(Some(answer))
    }

    /// The proof of a ticket, told again. Under another proof key another one comes out: better
    /// none than one that does not open.
    pub(super) fn proof_to_tell(&self, ticket: TicketId, kept: &KeptProof) -> String {
        let proof = self.proof_key.proof(ticket);
        if kept.holds(&proof) { proof.expose() } else { String::new() }
    }
}
