//! What facts mean: pure, so that every judgement is shown on facts that are wrong.

mod database;
mod dates;
mod ledger;
mod months;

pub use database::{
    Grant, Migrated, Pool, Server, Wanted, clock, connections, durability, grants, migrations, role, shared_roles,
};
pub use dates::{Holidays, Validity, certificate, holidays, token};
pub use ledger::{Books, Cursor, books, broker, checkpoints, erasures, lag, signer};
pub use months::{Months, months};

use super::finding::Finding;

/// How much of a disk is free.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Bytes that may be written.
    pub free: u64,
    /// Bytes in all.
    pub all: u64,
}

/// Whether enough of a disk is free.
pub fn room(about: &str, what: &str, room: Room, least_percent: u8) -> Finding {
    let gigabytes = |bytes: u64| bytes as f64 / 1e9;
    let percent = if room.all == 0 { 0.0 } else { 100.0 * room.free as f64 / room.all as f64 };
    let says = format!("{percent:.0} % of the disk of {what} is free ({:.1} GB)", gigabytes(room.free));
    if percent < f64::from(least_percent) {
        let cure =
            "make room: a full disk stops every write, and a database that cannot write its WAL stops altogether";
        Finding::ill(about, "disk", says, cure)
    } else {
        Finding::well(about, "disk", says)
    }
}

/// Whether a key of 32 bytes is one.
pub fn symmetric(about: &str, setting: &str, given: Option<&str>) -> Finding {
    let fits = given.is_some_and(|text| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if fits {
        return Finding::well(about, "keys", format!("`{setting}` is a key"));
    }
    let says = match given {
        None | Some("") => format!("`{setting}` is not set"),
        Some(_) => format!("`{setting}` is no key of 64 hex digits"),
    };
    Finding::ill(about, "keys", says, "make one with `openssl rand -hex 32` and give it by the environment")
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn a_disk_with_little_room_is_ill() {
        let found = |free| room("ticketing", "checkpoints", Room { free, all: 100_000_000_000 }, 10);
        assert_eq!(found(50_000_000_000).state, State::Well);
        assert_eq!(found(9_000_000_000).state, State::Ill);
        assert_eq!(room("ticketing", "checkpoints", Room { free: 0, all: 0 }, 10).state, State::Ill);
    }

    #[test]
    fn a_key_that_is_none_is_ill_and_not_shown() {
        assert_eq!(symmetric("webhooks", "service.secret_key", Some(&"0f".repeat(32))).state, State::Well);
        for wrong in [None, Some(""), Some("0f"), Some(&*"zz".repeat(32))] {
            let found = symmetric("webhooks", "service.secret_key", wrong);
            assert_eq!(found.state, State::Ill);
            assert!(!found.says.contains("zz"), "{}", found.says);
        }
    }
}
