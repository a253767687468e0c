//! The ball is with the firm or a third party; the customer's clocks go on.

use server::Call;
use ticketing_domain::{Command, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, Ticketing};
use crate::Error;

impl Ticketing {
    /// The ball is with the firm or a third party; the customer's clocks go on.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.hold", skip_all, fields(ticket.id = %target.id))]
    pub async fn hold_ticket(&self, call: &Call, target: Target, awaiting: Word) -> Result<pb::Ticket, Error> {
        self.transition(call, target, Command::Hold { awaiting }).await
    }
}
