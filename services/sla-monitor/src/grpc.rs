//! The edge: requests in, answers out.

mod change;
pub mod convert;
mod policy_service;
pub mod present;
mod sla_service;

pub use policy_service::PolicyApi;
pub use sla_service::SlaApi;
