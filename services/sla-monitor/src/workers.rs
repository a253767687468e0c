//! Work that runs beside the calls.

pub mod calibration;
pub mod due;
pub mod law;
