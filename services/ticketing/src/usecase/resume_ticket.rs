//! Work goes on.

use server::Call;
use ticketing_domain::{Command, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, Ticketing};
use crate::Error;

impl Ticketing {
    /// Work goes on.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.resume", skip_all, fields(ticket.id = %target.id))]
    pub async fn resume_ticket(&self, call: &Call, target: Target, reason: Option<Word>) -> Result<pb::Ticket, Error> {
        self.transition(call, target, Command::Resume { reason }).await
    }
}
