//! Time, ids and randomness, which everything else takes as arguments.
//!
//! This file is the only place of the workspace that asks the machine for any of them.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;
}

/// Where random bytes come from.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `out` with bytes nobody can predict.
    fn fill(&self, out: &mut [u8]);
}

/// What a use case is surrounded by: a clock and a source of chance. Cheap to clone.
#[derive(Clone)]
pub struct Ambient {
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

impl Ambient {
    /// Surroundings made of the given clock and entropy.
    pub fn new(clock: impl Clock, entropy: impl Entropy) -> Self {
        Self { clock: Arc::new(clock), entropy: Arc::new(entropy) }
    }

    /// The machine's own clock and random generator.
    pub fn system() -> Self {
        Self::new(SystemClock, SystemEntropy)
    }

    /// The present instant, cut to microseconds: what Postgres keeps, so that a value read back
    /// equals the value written.
    pub fn now(&self) -> Timestamp {
        let now = self.clock.now();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.entropy.fill(&mut out);
        out
    }

    /// A UUIDv7 whose time part is `now` (RFC 9562 §5.7), so that ids sort by creation.
    pub fn uuid(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid()
    }
}

/// The machine's wall clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that may read the wall clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

/// The operating system's random generator.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, out: &mut [u8]) {
        // A machine without randomness can keep no secret and give no unique id: stop here.
        getrandom::fill(out).expect("the operating system gives random bytes");
    }
}

/// A clock that stands still until it is moved; for tests and for imports that replay the past.
#[derive(Clone)]
pub struct FixedClock(Arc<Mutex<Timestamp>>);

impl FixedClock {
    /// A clock that shows `at`.
    pub fn at(at: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(at)))
    }

    /// Moves the clock by `step`, forward or back.
    ///
    /// # Panics
    /// When the result is outside the range of [`Timestamp`].
    pub fn advance(&self, step: SignedDuration) {
        let mut now = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *now = now.checked_add(step).expect("a clock stays inside the calendar");
    }

    /// Sets the clock to `at`.
    pub fn set(&self, at: Timestamp) {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = at;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Repeatable bytes from a seed (SplitMix64), so that a test sees the same ids at every run.
/// Not for secrets.
pub struct SeededEntropy(Mutex<u64>);

impl SeededEntropy {
    /// The sequence that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for chunk in out.chunks_mut(8) {
            *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            chunk.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_a_later_millisecond_sort_later() {
        let ambient = Ambient::new(FixedClock::at(Timestamp::UNIX_EPOCH), SeededEntropy::new(1));
        let early = ambient.uuid("2026-11-22T10:00:00Z".parse().unwrap());
        let late = ambient.uuid("2026-11-22T10:00:00.001Z".parse().unwrap());
        assert!(early < late);
        assert_eq!(late.get_version_num(), 7);
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let draw = || Ambient::new(SystemClock, SeededEntropy::new(7)).bytes::<20>();
        assert_eq!(draw(), draw());
    }

    #[test]
    fn system_entropy_does_not_repeat() {
        let ambient = Ambient::system();
        assert_ne!(ambient.bytes::<32>(), ambient.bytes::<32>());
    }
}
