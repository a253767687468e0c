//! Somebody begins to work.

use server::Call;
use ticketing_domain::Command;
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, Ticketing};
use crate::Error;

impl Ticketing {
    /// Somebody begins to work.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.start", skip_all, fields(ticket.id = %target.id))]
    pub async fn start_ticket(&self, call: &Call, target: Target) -> Result<pb::Ticket, Error> {
        self.transition(call, target, Command::Start).await
    }
}
