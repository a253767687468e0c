//! Work that runs beside the calls.

pub mod courier;
pub mod horizon;
pub mod spread;
pub mod sweep;
