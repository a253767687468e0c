//! What the other services' ledgers do here: they feed the view. Each entry is one statement, which
//! writes the view's row and the timeline's together. Entries that nobody here needs are passed
//! over. Rows keep the customer id the entry gives, whether or not it is known here yet.

pub mod erasure;
pub mod ombudsman;
mod reading;
pub mod sla_monitor;
pub mod ticketing;

use reading::{customer, entry_id, id, instant, number, required, ticket_in};
