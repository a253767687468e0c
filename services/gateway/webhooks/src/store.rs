//! SQL, and nothing but: rows to values and values to rows.

pub mod delivery;
pub mod event;
pub mod lane;
pub mod secret;
pub mod subscription;

use jiff::Timestamp;

fn instant(stored: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    stored.map(jiff_sqlx::Timestamp::to_jiff)
}
