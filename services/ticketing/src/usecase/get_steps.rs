//! `GetSteps`: what of the ledger of affairs belongs to one: the entries of its tickets.

use ledger::{Part, Subjects};
use server::{Affairs, Call};
use tonic::Status;

use super::Ticketing;

#[tonic::async_trait]
impl Affairs for Ticketing {
    async fn parts(&self, _: Call, subjects: Subjects) -> Result<Vec<Part>, Status> {
        Ok(vec![of_tickets(subjects.named("tickets"))])
    }
}

/// All entries of these tickets, which are kept when their month is archived.
pub(super) fn of_tickets(names: Vec<String>) -> Part {
    Part { aggregates: names, kept: true, ..Part::default() }
}
