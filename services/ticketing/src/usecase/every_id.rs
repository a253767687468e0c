//! Under which ids one customer is known, so that a list, or a sum, of theirs leaves out nothing that came under another.

use std::time::Duration;

use kernel::ResourceId as _;
use ticketing_domain::{CustomerId, TicketId};
use ventanilla_proto::customer::v1 as customer;
use ventanilla_proto::customer::v1::customer_service_client::CustomerServiceClient;

use super::Ticketing;
use super::customers_apart::CUSTOMER_PROFILE;
use crate::Error;
use crate::store::ticket;

/// How long a list, or a sum, waits to be told.
const PATIENCE: Duration = Duration::from_millis(500);

impl Ticketing {
    /// Every id of the customer whose ticket this is, in order; none where there is no such ticket.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn every_id_of_whose(&self, ticket: TicketId) -> Result<Vec<CustomerId>, Error> {
        match ticket::get(self.db.reader(), ticket).await? {
            Some(stored) => Ok(self.every_id_of(stored.ticket.facts().customer).await),
            None => Ok(Vec::new()),
        }
    }

    /// Every id of a customer, in order, as far as customer-profile tells in time: a list that waits for nobody is of the one id that was said.
    pub(super) async fn every_id_of(&self, id: CustomerId) -> Vec<CustomerId> {
        let Ok(channel) = self.peers.channel(CUSTOMER_PROFILE) else { return vec![id] };
        let asked = customer::GetCustomerRequest { name: id.name(), ..customer::GetCustomerRequest::default() };
        let mut profile = CustomerServiceClient::new(channel);
        let known = match tokio::time::timeout(PATIENCE, profile.get_customer(asked)).await {
            Ok(Ok(known)) => known.into_inner(),
            Ok(Err(status)) => {
                if status.code() != tonic::Code::NotFound {
                    tracing::warn!(code = ?status.code(), "a list is of one id of its customer");
                }
                return vec![id];
            }
            Err(_) => {
                tracing::warn!("a list is of one id of its customer: customer-profile takes too long");
                return vec![id];
            }
        };
        let names = std::iter::once(&known.name).chain(&known.also_known_as);
        let mut ids: Vec<CustomerId> = names.filter_map(|name| CustomerId::parse(name).ok()).chain([id]).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
