//! SQL, and nothing but: rows to values and values to rows.
//!
//! Whoever locks several things locks them in this order: the lock of spreading ([`delivery::lock_spreading`]), the subscription, the
//! lock of new events ([`event::lock`]), lanes in the order of subscription and affair, deliveries. A courier holds its lane before
//! it writes to a delivery of it; whoever writes to deliveries takes their lanes first. What nobody waits for (`skip locked`) is free.

pub mod affair;
pub mod delivery;
pub mod event;
pub mod lane;
pub mod secret;
pub mod subscription;

use jiff::Timestamp;

fn instant(stored: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    stored.map(jiff_sqlx::Timestamp::to_jiff)
}
