//! Moves a ticket to another department or person; first receipt and clocks stay.

use server::Call;
use ticketing_domain::{Assignment, ChangeKind};
use ventanilla_proto::ticketing::v1 as pb;

use super::writing::Begun;
use super::{Target, Ticketing};
use crate::Error;
use crate::grpc::present;

impl Ticketing {
    /// Moves a ticket to another department or person; first receipt and clocks stay.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.transfer", skip_all, fields(ticket.id = %target.id))]
    pub async fn transfer_ticket(&self, call: &Call, target: Target, to: Assignment) -> Result<pb::Ticket, Error> {
        let Target { id, etag, key, stated } = target;
        let mut writing = match self.begin(call, key, id, Some(etag), stated).await? {
            Begun::Replay(answer) => return Ok(answer),
            Begun::Fresh(writing) => writing,
        };
        let (ticket, happened) = writing.chronicle.stored.ticket.clone().transfer(to, writing.moment)?;
        writing.chronicle.changed(ticket);
        let owner = happened.to.owner.as_ref().map(|o| o.as_str().to_owned());
        writing.chronicle.note(
            ChangeKind::Assigned,
            happened.at,
            |entries| entries.assigned(id, &happened),
            |row| row.related = owner,
        );
        let answer = present::ticket(&writing.chronicle.stored);
        writing.finish(answer).await
    }
}
