//! It is not taken up; the customer learns why and where to turn to.

use server::Call;
use ticketing_domain::{Command, Signpost, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, Ticketing};
use crate::Error;

impl Ticketing {
    /// It is not taken up; the customer learns why and where to turn to.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.reject", skip_all, fields(ticket.id = %target.id))]
    pub async fn reject_ticket(
        &self,
        call: &Call,
        target: Target,
        reason: Word,
        signpost: Signpost,
    ) -> Result<pb::Ticket, Error> {
        self.transition(call, target, Command::Reject { reason, signpost }).await
    }
}
