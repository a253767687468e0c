//! The customer wants to speak to a superior.

use server::Call;
use ticketing_domain::{Assigned, Body, ChangeKind, Moment, Refusal, Ticket, freest};
use ventanilla_proto::ticketing::v1 as pb;

use super::chronicle::{Chronicle, Said};
use super::transfer_ticket::refuse_untold;
use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;
use crate::store::agent;

impl Ticketing {
    /// Puts the customer through to a superior who is free, or lets the affair wait for the next who is.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.call_supervisor", skip_all, fields(ticket.id = %target.id))]
    pub async fn call_supervisor(
        &self,
        call: &Call,
        target: Target,
        known: Option<Body>,
    ) -> Result<pb::CallSupervisorResponse, Error> {
        refuse_untold(call, &[("handover", known.is_none())])?;
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let ticket = writing.chronicle.stored.ticket.clone();
        let superiors = agent::lock_superiors(&mut writing.tx, &ticket.assignment().department).await?;
        let superior = freest(&superiors, ticket.facts().language, ticket.assignment().owner.as_ref())
            .map(|agent| agent.id.clone());
        let (ticket, at, assigned) = ticket.call_supervisor(superior.as_ref(), writing.moment)?;
        let told = ticket.clone();
        writing.chronicle.changed(ticket);
        writing.chronicle.note(
            ChangeKind::SupervisorCalled,
            at,
            |entries| entries.supervisor_called(&told, superior.as_ref(), ""),
            |row| row.related = superior.as_ref().map(|id| id.as_str().to_owned()),
        );
        if let Some(assigned) = assigned {
            note_superior(&mut writing.chronicle, &told, &assigned)?;
        }
        if let Some(body) = known {
            let note = Said::note(body);
            writing.chronicle.say(note, writing.moment, &self.policy)?;
        }
        let answer = pb::CallSupervisorResponse {
            ticket: Some(present::ticket(&writing.chronicle.stored)),
            supervisor: superior.map(|id| id.name()).unwrap_or_default(),
        };
        writing.finish(answer).await
    }
}

/// Notes who owns an affair from now on, and why; whoever asked for a superior in one that is answered with it is served with it.
pub(super) fn note_superior(chronicle: &mut Chronicle, ticket: &Ticket, assigned: &Assigned) -> Result<(), Refusal> {
    let id = ticket.facts().id;
    chronicle.note(
        ChangeKind::Assigned,
        assigned.at,
        |entries| entries.assigned(id, assigned),
        |row| {
            row.related = assigned.to.owner.as_ref().map(|owner| owner.as_str().to_owned());
            row.reason = assigned.reason.as_ref().map(|reason| reason.as_str().to_owned());
        },
    );
    chronicle.superior_came(Moment::Now(assigned.at))
}
