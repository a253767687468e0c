//! The customer objects.

use server::Call;
use ticketing_domain::{Command, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, Ticketing};
use crate::Error;

impl Ticketing {
    /// The customer objects.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.reopen", skip_all, fields(ticket.id = %target.id))]
    pub async fn reopen_ticket(&self, call: &Call, target: Target, reason: Word) -> Result<pb::Ticket, Error> {
        self.transition(call, target, Command::Reopen { reason }).await
    }
}
