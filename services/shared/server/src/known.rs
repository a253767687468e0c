//! Tokens whose signature was checked a moment ago.
//!
//! A caller shows the same token with every call, and checking signatures is most of what the layers
//! cost. Only the signature is remembered: the times are compared at every call, and a key that
//! was taken out of the set is forgotten within a minute.

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;

use crate::{Origin, Principal};

/// Tokens in one generation; there are two.
const ROOM: usize = 2_048;
/// Seconds until the signature is checked again.
const KEPT: i64 = 60;

/// What a token that held said.
pub(crate) struct Held {
    pub(crate) principal: Principal,
    pub(crate) origin: Origin,
    pub(crate) begins: i64,
    pub(crate) expires: i64,
}

/// Remembers by the token's digest, so that no token lies in memory. A full generation becomes the
/// old one, and the old one is forgotten whole: bounded without counting uses.
#[derive(Default)]
pub(crate) struct Known(Mutex<Generations>);

type Generation = HashMap<[u8; 32], (i64, Arc<Held>)>;

#[derive(Default)]
struct Generations {
    young: Generation,
    old: Generation,
}

/// The name of a token in memory.
pub(crate) fn name(token: &str) -> [u8; 32] {
    let mut name = [0; 32];
    name.copy_from_slice(digest(&SHA256, token.as_bytes()).as_ref());
    name
}

impl Known {
    /// What the token of this name said, if it was checked within the last minute.
    pub(crate) fn get(&self, name: &[u8; 32], now: Timestamp) -> Option<Arc<Held>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (checked, held) = known.young.get(name).or_else(|| known.old.get(name))?;
        (0..KEPT).contains(&(now.as_second() - checked)).then(|| Arc::clone(held))
    }

    /// Remembers a token whose signature holds.
    pub(crate) fn put(&self, name: [u8; 32], held: Arc<Held>, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.young.len() >= ROOM {
            known.old = mem::take(&mut known.young);
        }
        known.young.insert(name, (now.as_second(), held));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held() -> Arc<Held> {
        let origin = Origin { issuer: "i".to_owned(), subject: "u".to_owned() };
        Arc::new(Held { principal: Principal::new("u", [kernel::Role::Agent]), origin, begins: 0, expires: 3600 })
    }

    #[test]
    fn what_was_checked_is_forgotten_after_a_minute() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let known = Known::default();
        known.put(name("a"), held(), at(100));
        assert!(known.get(&name("a"), at(159)).is_some());
        assert!(known.get(&name("a"), at(160)).is_none());
        assert!(known.get(&name("a"), at(99)).is_none(), "a clock that went back proves nothing");
        assert!(known.get(&name("b"), at(100)).is_none());
    }

    #[test]
    fn memory_is_bounded() {
        let known = Known::default();
        for number in 0..20_000 {
            known.put(name(&number.to_string()), held(), Timestamp::UNIX_EPOCH);
        }
        let generations = known.0.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 2 * ROOM);
    }
}
