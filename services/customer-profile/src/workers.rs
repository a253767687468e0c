//! What runs beside the calls.

pub(crate) mod comparisons;
pub(crate) mod match_keys;
