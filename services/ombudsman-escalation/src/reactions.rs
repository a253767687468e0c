//! What this service does about other services' ledgers.

mod obligations;
pub mod sla_monitor;
pub mod ticketing;
