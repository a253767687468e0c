//! The same change in many affairs, each by itself.

use kernel::{Classify as _, Kind, ResourceId as _};
use postgres::RequestKey;
use server::Call;
use ticketing_domain::{Command, TicketId, Word};
use ventanilla_proto::ticketing::v1 as pb;

use super::{Handover, Target, Ticketing};
use crate::Error;

/// What ChangeTickets is asked.
#[derive(Debug, Clone)]
pub struct Changes {
    /// The affairs, each with the version its change was decided on and a call of its own.
    pub tickets: Vec<(TicketId, i64, RequestKey)>,
    /// What is done with each.
    pub change: Change,
}

/// What is done with each of many affairs.
#[derive(Debug, Clone)]
pub enum Change {
    /// It goes to another department or person.
    Transfer(Handover),
    /// It waits for the firm or a third party.
    Hold {
        /// For what.
        awaiting: Word,
    },
    /// Work goes on.
    Resume {
        /// Why.
        reason: Option<Word>,
    },
}

impl Ticketing {
    /// Makes the same change in many affairs; what is refused for one is told for it.
    ///
    /// # Errors
    /// [`Error`] of what no other affair would fare better with: a database or a service that does not answer. What was done stays done, and a retry
    /// goes on.
    #[tracing::instrument(name = "ticket.change_many", skip_all, fields(tickets = asked.tickets.len()))]
    pub async fn change_tickets(&self, call: &Call, asked: Changes) -> Result<pb::ChangeTicketsResponse, Error> {
        let mut results = Vec::with_capacity(asked.tickets.len());
        for (id, etag, key) in asked.tickets {
            let target = Target { id, etag, key, stated: None };
            let done = match asked.change.clone() {
                Change::Transfer(over) => self.transfer_ticket(call, target, over).await,
                Change::Hold { awaiting } => self.transition(call, target, Command::Hold { awaiting }).await,
                Change::Resume { reason } => self.transition(call, target, Command::Resume { reason }).await,
            };
            let result = match done {
                Ok(ticket) => pb::change_result::Result::Changed(ticket),
                Err(error) if matches!(error.kind(), Kind::Unavailable | Kind::Internal) => return Err(error),
                Err(error) => pb::change_result::Result::Refusal(server::refusal(&server::status(&error))),
            };
            results.push(pb::ChangeResult { ticket: id.name(), result: Some(result) });
        }
        Ok(pb::ChangeTicketsResponse { results })
    }
}
