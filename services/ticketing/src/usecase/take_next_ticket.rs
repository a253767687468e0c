//! Gives the caller the affair whose turn it is.

use postgres::{RequestKey, StoreError};
use server::Call;
use ticketing_domain::{AgentId, Assignment, ChangeKind, Moment, Refusal, reasons, turns};
use ventanilla_proto::ticketing::v1 as pb;

use super::Ticketing;
use super::call_supervisor::note_superior;
use super::claimed::Claimed;
use crate::Error;
use crate::grpc::present;
use crate::store::{agent, queue, ticket};

/// How many affairs at the head of a queue an agent chooses among: more than take at once, and few enough to be read in one go.
const HEAD: i64 = 64;
/// How often the head is read again when others took all of it meanwhile.
const LOOKS: usize = 4;

impl Ticketing {
    /// Gives the caller the affair whose turn it is, and makes them its owner.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.take_next", skip_all, fields(ticket.id))]
    pub async fn take_next_ticket(&self, call: &Call, key: RequestKey) -> Result<pb::TakeNextTicketResponse, Error> {
        let now = self.ambient.now();
        let mut tx = match self.claimed(&key, now).await? {
            Claimed::Replay(answer) => return Ok(answer),
            Claimed::Fresh(tx) => tx,
        };
        let id = AgentId::of(&call.actor().id).map_err(|_| Refusal::AgentUnknown)?;
        let stored = agent::lock(&mut tx, &id).await?.ok_or(Refusal::AgentUnknown)?;
        stored.agent.may_take(stored.holding)?;
        if stored.agent.leads
            && let Some(called) = queue::lock_first_called(&mut tx, &stored.agent).await?
        {
            tracing::Span::current().record("ticket.id", tracing::field::display(called));
            let found = ticket::lock(&mut tx, called).await?.ok_or_else(|| Error::not_found(called.to_string()))?;
            let mut writing = self.writing(call, key, tx, found, Moment::Now(now));
            let (ticket, happened) = writing.chronicle.stored.ticket.clone().superior_takes(&id, writing.moment)?;
            writing.chronicle.changed(ticket.clone());
            note_superior(&mut writing.chronicle, &ticket, &happened)?;
            let ticket = Some(present::ticket(&writing.chronicle.stored));
            let reasons = vec![pb::TakeReason::SupervisorCalled.into()];
            return writing.finish(pb::TakeNextTicketResponse { ticket, reasons }).await;
        }
        for _ in 0..LOOKS {
            let waiting = turns(queue::head(&mut tx, &stored.agent, now, HEAD).await?);
            if waiting.is_empty() {
                // Nothing happened: the same call may ask again.
                tx.rollback().await?;
                return Ok(pb::TakeNextTicketResponse::default());
            }
            let Some(taken) = queue::lock_first_free(&mut tx, &stored.agent, now, &waiting).await? else {
                continue;
            };
            let why = waiting.iter().find(|w| w.ticket == taken).map(|w| reasons(w, &waiting)).unwrap_or_default();
            tracing::Span::current().record("ticket.id", tracing::field::display(taken));
            let found = ticket::lock(&mut tx, taken).await?.ok_or_else(|| Error::not_found(taken.to_string()))?;
            let mut writing = self.writing(call, key, tx, found, Moment::Now(now));
            let to = Assignment { department: stored.agent.department, owner: Some(id.owner().clone()) };
            let (ticket, happened) = writing.chronicle.stored.ticket.clone().transfer(to, None, writing.moment)?;
            writing.chronicle.changed(ticket);
            writing.chronicle.note(
                ChangeKind::Assigned,
                happened.at,
                |entries| entries.assigned(taken, &happened),
                |row| row.related = Some(id.as_str().to_owned()),
            );
            let ticket = Some(present::ticket(&writing.chronicle.stored));
            let reasons = why.into_iter().map(|reason| present::take_reason(reason).into()).collect();
            return writing.finish(pb::TakeNextTicketResponse { ticket, reasons }).await;
        }
        Err(StoreError::Contended.into())
    }
}
