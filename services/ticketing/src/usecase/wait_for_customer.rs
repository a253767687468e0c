//! The ball is with the customer.

use server::Call;
use ticketing_domain::{Command, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Target, Ticketing};
use crate::Error;

impl Ticketing {
    /// The ball is with the customer.
    ///
    /// # Errors
    /// [`Error`], as the RPC's comment lists.
    #[tracing::instrument(name = "ticket.wait_for_customer", skip_all, fields(ticket.id = %target.id))]
    pub async fn wait_for_customer(&self, call: &Call, target: Target, awaiting: Word) -> Result<pb::Ticket, Error> {
        self.transition(call, target, Command::WaitForCustomer { awaiting }).await
    }
}
