//! A customer is erased: nobody opens an affair for them any more, and what was said in those there are is destroyed. Contacts have
//! cost a customer as much as the house allows: a superior is called to the affair. Customers who counted as one turn out to be two: what was merged for
//! their sake is looked at. Who they are now is asked of customer-profile and not read here: an id that had gone over to another before names nobody in the entry,
//! and by the time word of it comes they may be one again.

use ::rights::OnErasure;
use kernel::{Ambient, ResourceId};
use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use ticketing_domain::{ChangeKind, CustomerId, Moment, TicketId};
use uuid::Uuid;
use ventanilla_proto::customer::v1::{CustomerErased, CustomersSeparated, EffortCapReached};

use super::Effect;
use crate::store::{agent, customers_apart, erased_customer, ticket};

/// Why a superior is called whom nobody asked for.
const CAP_REACHED: &str = "effort_cap_reached";

/// Follows customer-profile.
pub struct OnCustomers {
    erasure: OnErasure,
    ambient: Ambient,
}

impl OnCustomers {
    /// With this clock.
    pub fn new(ambient: Ambient) -> Self {
        Self { erasure: OnErasure::new(ambient.clone()), ambient }
    }

    /// The affair comes first in the next superior's turn, unless one has it, it is answered, over, or waits for one already. Whoever recorded the
    /// contact may have named one that there is not: nothing of the customer is held back for it.
    async fn call_superior(&self, tx: &mut Tx, entry: &Received, name: &str) -> Result<(), ReactionError> {
        let Ok(id) = TicketId::parse(name) else { return Ok(()) };
        let found = Effect::find_head(tx, id, entry, &self.ambient).await?;
        let Some(Effect { mut chronicle, occurred_at }) = found else { return Ok(()) };
        let found = chronicle.stored.ticket.clone();
        if agent::leads(tx, found.assignment()).await? {
            return Ok(());
        }
        let Ok((waits, at, _)) = found.call_supervisor(None, Moment::Now(occurred_at)) else { return Ok(()) };
        let told = waits.clone();
        chronicle.changed(waits);
        chronicle.note(
            ChangeKind::SupervisorCalled,
            at,
            |entries| entries.supervisor_called(&told, None, CAP_REACHED),
            |row| row.reason = Some(CAP_REACHED.to_owned()),
        );
        ticket::write(tx, &chronicle, None).await?;
        Ok(())
    }
}

#[tonic::async_trait]
impl Reaction for OnCustomers {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        if let Some(erased) = entry.payload::<CustomerErased>()? {
            let ids: Result<Vec<Uuid>, _> =
                erased.customers.iter().map(|name| CustomerId::parse(name).map(ResourceId::uuid)).collect();
            let ids = ids.map_err(|_| ReactionError::Undecodable("customers"))?;
            erased_customer::add(tx, &ids).await?;
        }
        if entry.is::<CustomersSeparated>() {
            customers_apart::hear(tx).await?;
        }
        if let Some(reached) = entry.payload::<EffortCapReached>()?
            && !reached.ticket.is_empty()
        {
            self.call_superior(tx, entry, &reached.ticket).await?;
        }
        self.erasure.apply(tx, entry).await
    }
}
