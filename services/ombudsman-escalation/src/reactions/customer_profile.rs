//! Customers who turn out to be one person: a relation with one of them is a relation with the claimant. And whom to forget.

use ::rights::OnErasure;
use kernel::{Ambient, ResourceId as _};
use ledger::{Reaction, ReactionError, Received};
use ombudsman_escalation_domain::CustomerId;
use postgres::Tx;
use ventanilla_proto::customer::v1::CustomersLinked;

use super::bench;
use crate::store::{case, seats};

/// Applies customer-profile's entries.
pub struct Customers {
    ambient: Ambient,
    on_erasure: OnErasure,
}

impl Customers {
    /// Stamps what follows from an entry with this clock and chance.
    pub fn new(ambient: Ambient) -> Self {
        Self { on_erasure: OnErasure::new(ambient.clone()), ambient }
    }
}

#[tonic::async_trait]
impl Reaction for Customers {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        self.on_erasure.apply(tx, entry).await?;
        let Some(linked) = entry.payload::<CustomersLinked>()? else { return Ok(()) };
        let names = linked.absorbed.iter().chain([&linked.customer]);
        let customers: Result<Vec<CustomerId>, _> = names.map(|name| CustomerId::parse(name)).collect();
        let customers = customers.map_err(|_| ReactionError::Undecodable("customers"))?;
        let family = seats::customer_family(tx, &customers).await?;
        // Cases before the families: the order in which assignments take the same locks.
        for (case, _) in seats::of_customers(tx, &family).await? {
            case::lock(tx, case).await?;
        }
        seats::join_customers(tx, &family).await?;
        let bench = bench(&self.ambient, entry);
        // Asked again: somebody may have been seated before the families were locked.
        for (case, person) in seats::of_customers(tx, &family).await? {
            if let Some(person) = person {
                bench.recuse_for_acts(tx, case, &person).await?;
            }
        }
        Ok(())
    }
}
