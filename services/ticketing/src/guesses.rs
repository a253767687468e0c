//! How often a tracking key is tried with a wrong proof: counted in memory, whether a ticket has the key or not.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use ticketing_domain::TrackingKey;

/// Keys that are remembered at most.
const MOST: usize = 50_000;
/// How long a wrong pair is held against its key.
const STEP: SignedDuration = SignedDuration::from_mins(1);
/// Twenty wrong pairs are held against a key at most; beyond this there are as many.
const NEARLY: SignedDuration = SignedDuration::from_mins(19);

/// Until when wrong pairs are held against their keys: one minute for each of them, one after the other.
#[derive(Default)]
pub(crate) struct Guesses(HashMap<TrackingKey, Timestamp>);

impl Guesses {
    /// Whether a pair opens its affair. A wrong one is counted; where too many were, no right one does.
    pub(crate) fn opens(&mut self, key: TrackingKey, right: bool, now: Timestamp) -> bool {
        let until = self.0.get(&key).map_or(now, |until| now.max(*until));
        if until.duration_since(now) > NEARLY {
            return false;
        }
        if !right {
            self.hold_against(key, until + STEP, now);
        }
        right
    }

    fn hold_against(&mut self, key: TrackingKey, until: Timestamp, now: Timestamp) {
        if self.0.len() >= MOST && !self.0.contains_key(&key) {
            self.0.retain(|_, until| *until > now);
            // Whoever tries many keys pushes out those that were tried least, and not the one that is guessed at.
            if self.0.len() >= MOST
                && let Some(soonest) = self.0.iter().min_by_key(|(_, until)| **until).map(|(key, _)| *key)
            {
                self.0.remove(&soonest);
            }
        }
        self.0.insert(key, until);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn key(number: usize) -> TrackingKey {
        TrackingKey::from_entropy(std::array::from_fn(|place| u8::try_from((number >> (5 * place)) & 31).unwrap()))
    }

    #[test]
    fn twenty_wrong_proofs_close_a_key_to_the_right_one_until_a_minute_is_over() {
        let mut guesses = Guesses::default();
        for n in 0..20 {
            assert!(guesses.opens(key(1), true, NOW), "after {n} wrong ones");
            assert!(!guesses.opens(key(1), false, NOW));
        }
        for _ in 0..50 {
            assert!(!guesses.opens(key(1), true, NOW));
            assert!(!guesses.opens(key(1), false, NOW), "it is not closed for longer by trying on");
        }
        assert!(guesses.opens(key(2), true, NOW), "another key is not closed");
        assert!(guesses.opens(key(1), true, NOW + STEP));
        assert!(!guesses.opens(key(1), false, NOW + STEP));
        assert!(!guesses.opens(key(1), true, NOW + STEP), "one try came back, and no more");
    }

    #[test]
    fn right_proofs_cost_nothing() {
        let mut guesses = Guesses::default();
        assert!((0..100).all(|_| guesses.opens(key(1), true, NOW)));
        assert!(guesses.0.is_empty());
    }

    #[test]
    fn few_keys_are_remembered_and_the_one_that_is_guessed_at_is_among_them() {
        let mut guesses = Guesses::default();
        for _ in 0..20 {
            guesses.opens(key(0), false, NOW);
        }
        for number in 1..MOST + 10 {
            guesses.opens(key(number), false, NOW);
        }
        assert_eq!(guesses.0.len(), MOST);
        assert!(!guesses.opens(key(0), true, NOW));
        guesses.opens(key(MOST + 10), false, NOW + STEP);
        assert_eq!(guesses.0.len(), 2, "what is held against nobody any more is forgotten first");
    }
}
