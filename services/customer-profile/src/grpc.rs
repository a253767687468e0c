//! The edge: requests in, answers out. No decision is taken here.

mod convert;
mod customer_service;
mod rights_service;
mod rules_service;

pub(crate) use customer_service::CustomerApi;
pub(crate) use rights_service::RightsApi;
pub(crate) use rules_service::RulesApi;

use server::status;
use tonic::Status;

use crate::error::ProfileError;

fn refused(error: ProfileError) -> Status {
    status(&error)
}
