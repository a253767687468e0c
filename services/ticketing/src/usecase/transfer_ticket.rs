//! Moves a ticket to another department or person; first receipt and clocks stay.

use server::Call;
use ticketing_domain::{Assignment, Body, ChangeKind, Visibility, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::Said;
use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::agent;

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
        let to_superior = agent::leads(&mut writing.tx, &over.to).await?;
        let (ticket, happened) =
            writing.chronicle.stored.ticket.clone().transfer(over.to, over.reason, writing.moment)?;
        let ticket = if to_superior { ticket.with_a_superior() } else { ticket };
        writing.chronicle.changed(ticket);
        let owner = happened.to.owner.as_ref().map(|o| o.as_str().to_owned());
        writing.chronicle.note(
            ChangeKind::Assigned,
            happened.at,
            |entries| entries.assigned(id, &happened),
            |row| {
                row.related = owner;
                row.reason = happened.reason.as_ref().map(|r| r.as_str().to_owned());
            },
        );
        if let Some(body) = over.known {
            let note = Said { way: None, visibility: Visibility::Internal, body, sales_offer: false };
            writing.chronicle.say(note, writing.moment, &self.policy)?;
        }
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}
