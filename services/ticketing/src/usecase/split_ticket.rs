//! Puts some of what is claimed into a ticket of its own.

use kernel::ResourceId as _;
use ledger::Stamp;
use server::Call;
use ticketing_domain::{
    Assignment, ChangeKind, Demand, Filing, GoesAlong, LinkId, LinkKind, Receipt, Refusal, Slug, SplitDraft, Subject,
    TicketId, TrackingKey, Word,
};
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::Chronicle;
use super::owed::goes_along;
use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::proof::{KeptProof, sha256};
use crate::store::characteristic;
use crate::store::create::{self, Opening};
use crate::store::link::{self, Link};
use crate::store::promise;

/// What SplitTicket is asked, beside the ticket.
#[derive(Debug, Clone)]
pub struct NewSplit {
    /// Ids of the claim points that go along.
    pub points: Vec<String>,
    /// Subject line of the new ticket.
    pub subject: Subject,
    /// Its subject matter; as the old one's where it is not said.
    pub topic: Option<Slug>,
    /// Who works on it.
    pub assignment: Assignment,
    /// Why.
    pub reason: Word,
}

impl Ticketing {
    /// Puts some of what is claimed into a ticket of its own, with the same first receipt.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.split", skip_all, fields(ticket.id = %target.id))]
    pub async fn split_ticket(
        &self,
        call: &Call,
        target: Target,
        new: NewSplit,
    ) -> Result<pb::SplitTicketResponse, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return self.with_proof(answer).await,
            Begun::Fresh(writing) => writing,
        };
        writing.refuse_unknown_owner(call, &new.assignment).await?;
        let now = writing.chronicle.now();
        let into = TicketId::from_uuid(self.ambient.uuid(now));
        let tracking_key = TrackingKey::from_entropy(self.ambient.bytes());
        let ticket = writing.chronicle.stored.ticket.clone();
        let filing = Filing { topic: new.topic.or_else(|| ticket.filing().topic.clone()), ..ticket.filing().clone() };
        let NewSplit { points, subject, assignment, reason, .. } = new;
        // The part is known by what the whole was known by, as far as that fits what the part is about.
        let set = characteristic::made_for(&mut writing.tx, &filing).await?;
        let known = &writing.chronicle.stored.characteristics;
        let characteristics = known.refiled("", Vec::new(), set.as_ref(), Demand::WhatIsSaid)?;
        let ever = writing.ever().await?;
        let draft = SplitDraft { points, subject, filing, characteristics, assignment, ever, reason };
        let (ticket, opened, happened) = ticket.split(draft, into, tracking_key, writing.moment)?;

        let receipt = Receipt::of(&opened, sha256);
        let customer = ticket.facts().customer;
        let stamp = Stamp::of(call.actor().clone(), now, call.traceparent.clone());
        let mut chronicle = Chronicle::opened(opened, &receipt, stamp, &self.ambient);
        let promised = promise::running(&mut writing.tx, &[id]).await?;
        let owed =
            goes_along(&mut writing.tx, &mut chronicle, promised, |_| Some(GoesAlong::Answers), happened.at).await?;
        let proof = self.proof_key.proof(into);
        let sealed = self.sealer.seal(into, tracking_key, &receipt);
        let proved = KeptProof::of(&proof, self.ambient.bytes());
        let opening = Opening { claim: None, chronicle, proof: proved, receipt, sealed, is_held: false };
        if !create::open_all(&mut writing.tx, &[&opening]).await?.is_empty() {
            return Err(Refusal::CustomerErased { customer }.into());
        }
        for promise in &owed {
            promise::insert(&mut writing.tx, promise).await?;
        }
        link::move_points(&mut writing.tx, &ticket, into).await?;
        let said = Link {
            id: LinkId { ticket: into, id: self.ambient.uuid(now) },
            kind: LinkKind::SplitFrom,
            to: id,
            reason: Some(happened.reason.as_str().to_owned()),
            by: call.actor().clone(),
            at: now,
            end: None,
        };
        link::insert(&mut writing.tx, &said).await?;
        writing.chronicle.changed(ticket);
        writing.chronicle.note(
            ChangeKind::Split,
            happened.at,
            |entries| entries.split(id, &happened),
            |row| {
                row.reason = Some(happened.reason.as_str().to_owned());
                row.related = Some(into.name());
            },
        );
        let mut answer = pb::SplitTicketResponse {
            ticket: Some(present::ticket(&opening.chronicle.stored)),
            original: Some(present::ticket(&writing.chronicle.stored)),
            receipt: Some(present::receipt(&opening.receipt, &opening.sealed)),
            tracking_key: tracking_key.to_string(),
            // Kept without the proof, which the database never sees.
            proof: String::new(),
        };
        answer = writing.finish_about(answer, into).await?;
        answer.proof = proof.expose();
        Ok(answer)
    }

    async fn with_proof(&self, mut answer: pb::SplitTicketResponse) -> Result<pb::SplitTicketResponse, Error> {
        let name = answer.ticket.as_ref().map(|ticket| ticket.name.as_str()).unwrap_or_default();
        if let Ok(id) = TicketId::parse(name) {
            let kept = create::kept_proof(self.db.reader(), id).await?;
            answer.proof = self.proof_to_tell(id, &kept);
        }
        Ok(answer)
    }
}
