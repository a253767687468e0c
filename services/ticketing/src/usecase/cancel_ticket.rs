//! The customer withdraws.

use server::Call;
use ticketing_domain::{Command, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, Ticketing};
use crate::Error;

impl Ticketing {
    /// The customer withdraws.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.cancel", skip_all, fields(ticket.id = %target.id))]
    pub async fn cancel_ticket(&self, call: &Call, target: Target, reason: Word) -> Result<pb::Ticket, Error> {
        self.transition(call, target, Command::Cancel { reason }).await
    }
}
