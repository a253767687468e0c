//! The edge: requests in, answers out.

mod change;
pub mod convert;
mod convert_measure;
mod export;
mod measure_service;
pub mod measured;
mod policy_service;
pub mod present;
pub mod present_measure;
mod sla_service;

pub use measure_service::MeasureApi;
pub use policy_service::PolicyApi;
pub use sla_service::SlaApi;
