//! A customer is erased: nobody opens an affair for them any more, and what was said in those there are is destroyed.

use ::rights::OnErasure;
use kernel::{Ambient, ResourceId};
use ledger::{Reaction, ReactionError, Received};
use postgres::Tx;
use ticketing_domain::CustomerId;
use uuid::Uuid;
use ventanilla_proto::customer::v1::CustomerErased;

use crate::store::erased_customer;

/// Follows customer-profile.
pub struct OnCustomers {
    erasure: OnErasure,
}

impl OnCustomers {
    /// With this clock.
    pub fn new(ambient: Ambient) -> Self {
        Self { erasure: OnErasure::new(ambient) }
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
        self.erasure.apply(tx, entry).await
    }
}
