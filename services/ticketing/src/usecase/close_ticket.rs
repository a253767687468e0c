//! It is over: the customer accepted, or did not object in time.

use kernel::Role;
use server::Call;
use ticketing_domain::{CloseReason, Command, Refusal};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, Ticketing};
use crate::Error;

impl Ticketing {
    /// It is over: the customer accepted, or did not object in time.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.close", skip_all, fields(ticket.id = %target.id))]
    pub async fn close_ticket(&self, call: &Call, target: Target, reason: CloseReason) -> Result<pb::Ticket, Error> {
        if reason == CloseReason::ClosedAtSource && !call.acting().has(Role::Importer) {
            return Err(Refusal::PastTimeNotAllowed.into());
        }
        self.transition(call, target, Command::Close { reason }).await
    }
}
