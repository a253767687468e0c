//! How often a key is tried with a proof: counted for each call, each number and each key, in memory and for an hour.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Callers that are remembered at most; the oldest are forgotten first.
const MOST: usize = 10_000;
const FORGET: SignedDuration = SignedDuration::from_hours(1);

/// Counters of wrong tries.
pub(crate) struct Tries {
    most: u32,
    counted: Mutex<HashMap<String, (Timestamp, u32)>>,
}

impl Tries {
    pub(crate) fn new(most: u32) -> Self {
        Self { most, counted: Mutex::new(HashMap::new()) }
    }

    /// Whether somebody known by one of these names has tried too often. Empty names are nobody's.
    pub(crate) fn spent(&self, names: &[String], now: Timestamp) -> bool {
        let counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        let spent = |name: &String| {
            counted.get(name).is_some_and(|(since, count)| now.duration_since(*since) < FORGET && *count >= self.most)
        };
        names.iter().filter(|name| !name.is_empty()).any(spent)
    }

    /// Counts a wrong try for each of these names.
    pub(crate) fn count(&self, names: &[String], now: Timestamp) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names.iter().filter(|name| !name.is_empty()) {
            let entry = counted.entry(name.clone()).or_insert((now, 0));
            if now.duration_since(entry.0) >= FORGET {
                *entry = (now, 0);
            }
            entry.1 = entry.1.saturating_add(1);
        }
        if counted.len() > MOST {
            counted.retain(|_, (since, _)| now.duration_since(*since) < FORGET);
        }
        while counted.len() > MOST {
            let oldest = counted.iter().min_by_key(|(_, (since, _))| *since).map(|(name, _)| name.clone());
            let Some(oldest) = oldest else { break };
            counted.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_tries_are_counted_for_call_and_number_and_forgotten_after_an_hour() {
        let (tries, now) = (Tries::new(2), Timestamp::UNIX_EPOCH);
        let (call, number) = (vec!["call 1".to_owned()], vec!["call 2".to_owned(), "number".to_owned()]);
        tries.count(&call, now);
        assert!(!tries.spent(&call, now));
        tries.count(&call, now);
        assert!(tries.spent(&call, now));
        tries.count(&number, now);
        tries.count(&["call 3".to_owned(), "number".to_owned()], now);
        assert!(tries.spent(&["call 4".to_owned(), "number".to_owned()], now));
        assert!(!tries.spent(&call, now + FORGET));
        assert!(!tries.spent(&[String::new()], now));
    }
}
