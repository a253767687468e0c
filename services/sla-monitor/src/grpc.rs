//! The edge: requests in, answers out.

mod change;
pub mod convert;
pub mod present;
mod sla_service;

pub use sla_service::SlaApi;
