//! customer-profile says that a customer is erased: it is written down here, for the [`Eraser`](crate::Eraser).

use kernel::{Ambient, ResourceId};
use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use uuid::Uuid;
use ventanilla_proto::customer::v1::CustomerErased;

use crate::{CustomerId, ErasureId, eraser};

/// Follows customer-profile. Whoever reacts to more of it calls this first.
#[derive(Clone)]
pub struct OnErasure {
    ambient: Ambient,
}

impl OnErasure {
    /// With this clock.
    pub fn new(ambient: Ambient) -> Self {
        Self { ambient }
    }
}

#[tonic::async_trait]
impl Reaction for OnErasure {
    async fn apply(&self, tx: &mut Tx, entry: &Received) -> Result<(), ReactionError> {
        let Some(erased) = entry.payload::<CustomerErased>()? else { return Ok(()) };
        let id = ErasureId::parse(&erased.erasure).map_err(|_| ReactionError::Undecodable("erasure"))?;
        let customers: Result<Vec<Uuid>, _> =
            erased.customers.iter().map(|name| CustomerId::parse(name).map(ResourceId::uuid)).collect();
        let customers = customers.map_err(|_| ReactionError::Undecodable("customers"))?;
        eraser::ask(tx, id, &customers, self.ambient.now()).await?;
        Ok(())
    }
}
