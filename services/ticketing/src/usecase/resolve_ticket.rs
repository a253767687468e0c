//! Every point is answered and the customer is told how.

use server::Call;
use ticketing_domain::{Answer, Command};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, Ticketing};
use crate::Error;

impl Ticketing {
    /// Every point is answered and the customer is told how.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.resolve", skip_all, fields(ticket.id = %target.id))]
    pub async fn resolve_ticket(&self, call: &Call, target: Target, resolution: Answer) -> Result<pb::Ticket, Error> {
        self.transition(call, target, Command::Resolve { resolution }).await
    }
}
