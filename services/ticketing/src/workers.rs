//! What runs beside the calls.

pub(crate) mod announcing;
pub(crate) mod apart;
pub(crate) mod danger;
pub(crate) mod lapses;
pub(crate) mod telling;
pub(crate) mod words;
