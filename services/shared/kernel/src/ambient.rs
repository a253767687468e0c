//! Time, ids and randomness, which everything else takes as arguments.
//!
//! This file is the only place of the workspace that asks the machine for any of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Where "now" comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;

    /// Somebody whose word counts says what time it was. A clock that goes by its own word lets it pass.
    fn hear(&self, _: Heard) {}
}

/// What time it was at an instant of the machine's steady counter, as somebody else told it.
#[derive(Debug, Clone, Copy)]
pub struct Heard {
    /// The time that was told.
    pub at: Timestamp,
    /// The instant that belongs to it.
    pub when: Instant,
    /// By how much that instant may be off: half of the way there and back.
    pub within: Duration,
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

    /// A clock that goes by what it [hears](Self::hear), and the machine's random generator.
    pub fn steady() -> Self {
        Self::new(SteadyClock::over(SystemClock), SystemEntropy)
    }

    /// Tells the clock what time it was.
    pub fn hear(&self, heard: Heard) {
        self.clock.hear(heard);
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

/// Shows what another clock shows until it hears the time, and from then on what it heard and the steady counter of the
/// machine make: whoever sets the machine's clock, forward or back, moves it by nothing.
pub struct SteadyClock<C> {
    wall: C,
    heard: Mutex<Option<Heard>>,
}

/// Off by less than this, and by less than what was heard may be, nothing changes: the time of a process should not go
/// back and forth with how long an answer took.
const AGREES: Duration = Duration::from_millis(5);

impl<C: Clock> SteadyClock<C> {
    /// A clock that has heard nothing yet.
    pub fn over(wall: C) -> Self {
        Self { wall, heard: Mutex::new(None) }
    }
}

impl Heard {
    /// The time at another instant.
    fn carried_to(self, instant: Instant) -> Timestamp {
        let (later, earlier) =
            (instant.saturating_duration_since(self.when), self.when.saturating_duration_since(instant));
        let moved = |span| SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX);
        self.at.saturating_add(moved(later)).and_then(|at| at.saturating_sub(moved(earlier))).unwrap_or(self.at)
    }
}

impl<C: Clock> Clock for SteadyClock<C> {
    fn now(&self) -> Timestamp {
        let heard = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match heard {
            Some(heard) => heard.carried_to(Instant::now()),
            None => self.wall.now(),
        }
    }

    fn hear(&self, news: Heard) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let off = heard.map(|heard| heard.carried_to(news.when).duration_since(news.at).unsigned_abs());
        if off.is_none_or(|off| off > news.within + AGREES) {
            *heard = Some(news);
        }
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

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn heard(text: &str) -> Heard {
        Heard { at: at(text), when: Instant::now(), within: Duration::from_millis(1) }
    }

    #[test]
    fn who_sets_the_wall_clock_does_not_move_the_time_that_was_heard() {
        let wall = FixedClock::at(at("2026-11-30T10:00:00Z"));
        let clock = SteadyClock::over(wall.clone());
        assert_eq!(clock.now(), at("2026-11-30T10:00:00Z"), "nothing was heard yet");
        let told = heard("2026-12-01T08:00:00Z");
        clock.hear(told);
        for hours in [1, -2, 24 * 400, -24 * 430] {
            wall.advance(SignedDuration::from_hours(hours));
            let (now, since) = (clock.now(), told.when.elapsed());
            assert!(now >= told.at && now.duration_since(told.at).unsigned_abs() <= since, "{now} after {since:?}");
        }
    }

    #[test]
    fn a_little_off_changes_nothing_and_more_is_believed() {
        let clock = SteadyClock::over(FixedClock::at(at("2026-11-30T10:00:00Z")));
        let told = heard("2026-12-01T08:00:00Z");
        clock.hear(told);
        clock.hear(Heard { at: told.at - SignedDuration::from_millis(5), ..told });
        assert!(clock.now() >= told.at, "it does not go back for less than can be measured");
        let slow = Duration::from_secs(90);
        clock.hear(Heard { at: told.at - SignedDuration::from_secs(60), within: slow, ..told });
        assert!(clock.now() >= told.at, "an answer that was long on its way says little");
        clock.hear(Heard { at: told.at - SignedDuration::from_secs(60), ..told });
        assert!(clock.now() < told.at, "the clock it goes by was set");
    }

    #[test]
    fn what_was_heard_before_and_after_an_instant_carries_there() {
        let (told, second) = (heard("2026-12-01T08:00:00Z"), Duration::from_secs(1));
        assert_eq!(told.carried_to(told.when + second), told.at + second);
        let later = Heard { when: told.when + second, ..told };
        assert_eq!(later.carried_to(told.when), told.at - second);
    }

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
