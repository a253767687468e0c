//! The edge: requests in, answers out. No decision is taken here.

mod convert;
mod customer_service;

pub(crate) use customer_service::CustomerApi;
