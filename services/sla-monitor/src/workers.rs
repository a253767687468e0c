//! Work that runs beside the calls.

pub mod board;
pub mod calibration;
pub mod customer;
pub mod due;
pub mod law;
pub mod outlook;
