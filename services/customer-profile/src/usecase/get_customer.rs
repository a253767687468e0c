//! `GetCustomer`: one customer by any id that was ever given.

use customer_profile_domain::CustomerId;
use ventanilla_proto::customer::v1::Customer;

use super::Profile;
use crate::error::ProfileError;
use crate::store;

#[tracing::instrument(name = "customer.get", skip_all)]
pub(crate) async fn get_customer(profile: &Profile, id: CustomerId) -> Result<Customer, ProfileError> {
    store::customer::get(profile.db.reader(), id).await?.ok_or(ProfileError::CustomerNotFound(id))
}
