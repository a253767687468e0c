//! What runs beside the calls.

pub(crate) mod screens;
