//! Time and chance that repeat themselves.

use jiff::{SignedDuration, Timestamp};
use kernel::{Ambient, FixedClock, SeededEntropy};

/// An [`Ambient`] together with the hand that moves its clock.
#[derive(Clone)]
pub struct Surroundings {
    /// What a use case is given.
    pub ambient: Ambient,
    /// The clock inside.
    pub clock: FixedClock,
}

impl Surroundings {
    /// A clock that stands at `at`, and the chance that belongs to `seed`.
    pub fn at(at: &str, seed: u64) -> Self {
        let clock = FixedClock::at(instant(at));
        Self { ambient: Ambient::new(clock.clone(), SeededEntropy::new(seed)), clock }
    }

    /// Moves the clock forward.
    pub fn advance(&self, step: SignedDuration) {
        self.clock.advance(step);
    }
}

impl Default for Surroundings {
    /// Ten in the morning in Madrid on a Monday without a holiday near.
    fn default() -> Self {
        Self::at("2026-11-23T09:00:00Z", 1)
    }
}

/// An instant written as RFC 3339.
///
/// # Panics
/// When it is not one.
pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|error| panic!("{text:?} is no instant: {error}"))
}
