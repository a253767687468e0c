//! What this service does about other services' ledgers.

pub mod sla_monitor;
pub mod ticketing;
