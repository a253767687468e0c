//! Moves a ticket to another department or person; first receipt and clocks stay.

use server::Call;
use ticketing_domain::{Assignment, Body, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;

/// To whom an affair goes, why, and what they need not ask the customer again.
#[derive(Debug, Clone)]
pub struct Handover {
    /// Who takes over.
    pub to: Assignment,
    /// Why.
    pub reason: Option<Word>,
    /// What is known.
    pub known: Option<Body>,
}

impl Ticketing {
    /// Moves a ticket to another department or person; first receipt and clocks stay.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.transfer", skip_all, fields(ticket.id = %target.id))]
    pub async fn transfer_ticket(&self, call: &Call, target: Target, over: Handover) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        writing.hand_over(over, &self.policy).await?;
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}
