//! Work that runs beside the calls.

pub mod due;
pub mod law;
