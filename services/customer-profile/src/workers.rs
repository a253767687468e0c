//! What runs beside the calls.

pub(crate) mod match_keys;
