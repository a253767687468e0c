//! Whether a method of a peer is called at all: one that keeps failing is left alone for a while, and then tried by one call
//! (a circuit breaker; M. Nygard, *Release It!*, 2007).
//!
//! By method and not by peer: a method that waits for a third service fails while its neighbours do well, and who leaves the
//! whole peer alone makes one service's trouble everybody's.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Calls that are looked at: so many of the last, none older than [`LOOKED_BACK`].
const LOOKED_AT: usize = 20;
/// Fewer say nothing.
const LEAST: usize = 10;
const LOOKED_BACK: Duration = Duration::from_secs(10);
/// How long a method is left alone at first; twice as long after each trial that failed.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// A peer that is back is found within this.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How it stands with the methods of one peer.
#[derive(Default)]
pub(super) struct Breakers(Mutex<HashMap<&'static str, Standing>>);

impl Breakers {
    /// Lets a call through, or says how long the method is left alone yet.
    pub(super) fn admit(self: &Arc<Self>, method: &'static str) -> Result<Pass, Duration> {
        let trial = self.with(method, |standing| standing.admit(Instant::now()))?;
        Ok(Pass { breakers: Arc::clone(self), method, trial, told: false })
    }

    fn with<T>(&self, method: &'static str, f: impl FnOnce(&mut Standing) -> T) -> T {
        f(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(method).or_default())
    }
}

/// A call that was let through, which says how it ended.
pub(super) struct Pass {
    breakers: Arc<Breakers>,
    method: &'static str,
    trial: bool,
    told: bool,
}

impl Pass {
    /// The call ended `well`; `None` where its end says nothing of the method.
    pub(super) fn ended(mut self, well: Option<bool>) {
        self.tell(well);
    }

    fn tell(&mut self, well: Option<bool>) {
        self.told = true;
        self.breakers.with(self.method, |standing| standing.ended(self.trial, well, Instant::now()));
    }
}

impl Drop for Pass {
    /// Nobody waited for the end.
    fn drop(&mut self) {
        if !self.told {
            self.tell(None);
        }
    }
}

#[derive(Debug)]
enum Standing {
    /// It is called; how the last calls ended, oldest first.
    Called(VecDeque<(Instant, bool)>),
    /// It is left alone.
    LeftAlone { until: Instant, pause: Duration },
    /// One call is under way to see.
    Tried { pause: Duration },
}

impl Default for Standing {
    fn default() -> Self {
        Self::Called(VecDeque::new())
    }
}

impl Standing {
    /// Whether the call that is let through is a trial.
    fn admit(&mut self, now: Instant) -> Result<bool, Duration> {
        match *self {
            Self::Called(_) => Ok(false),
            Self::LeftAlone { until, .. } if now < until => Err(until - now),
            Self::LeftAlone { pause, .. } => {
                *self = Self::Tried { pause };
                Ok(true)
            }
            Self::Tried { .. } => Err(FIRST_PAUSE),
        }
    }

    fn ended(&mut self, trial: bool, well: Option<bool>, now: Instant) {
        match (&mut *self, trial, well) {
            (Self::Called(last), _, Some(well)) => {
                last.push_back((now, well));
                while last.len() > LOOKED_AT || last.front().is_some_and(|(at, _)| now - *at > LOOKED_BACK) {
                    last.pop_front();
                }
                let failed = last.iter().filter(|(_, well)| !well).count();
                if !well && last.len() >= LEAST && failed * 2 >= last.len() {
                    *self = Self::LeftAlone { until: now + FIRST_PAUSE, pause: FIRST_PAUSE };
                }
            }
            (Self::Tried { .. }, true, Some(true)) => *self = Self::default(),
            (Self::Tried { pause }, true, Some(false)) => {
                let pause = (*pause * 2).min(LONGEST_PAUSE);
                *self = Self::LeftAlone { until: now + pause, pause };
            }
            // The next call tries.
            (Self::Tried { pause }, true, None) => *self = Self::LeftAlone { until: now, pause: *pause },
            // Of a call that was let through before: nothing that is not known.
            (Self::LeftAlone { .. } | Self::Tried { .. }, ..) | (Self::Called(_), _, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fails(standing: &mut Standing, times: usize, now: Instant) {
        for _ in 0..times {
            assert_eq!(standing.admit(now), Ok(false));
            standing.ended(false, Some(false), now);
        }
    }

    #[test]
    fn half_of_ten_calls_have_to_fail_within_ten_seconds() {
        let now = Instant::now();
        let mut few = Standing::default();
        fails(&mut few, LEAST - 1, now);
        assert_eq!(few.admit(now + LOOKED_BACK), Ok(false), "nine are too few");
        few.ended(false, Some(false), now + LOOKED_BACK + Duration::from_millis(1));
        assert_eq!(few.admit(now + LOOKED_BACK), Ok(false), "and the nine are forgotten");

        let mut mixed = Standing::default();
        for turn in 0..100 {
            assert_eq!(mixed.admit(now), Ok(false), "{turn}");
            mixed.ended(false, Some(turn % 5 > 0), now);
        }
        fails(&mut mixed, 7, now);
        assert_eq!(mixed.admit(now), Ok(false), "nine of the last twenty");
        fails(&mut mixed, 1, now);
        assert_eq!(mixed.admit(now), Err(FIRST_PAUSE), "ten of the last twenty");
    }

    #[test]
    fn one_call_tries_at_a_time_and_each_that_fails_makes_the_pause_longer() {
        let mut now = Instant::now();
        let mut standing = Standing::default();
        fails(&mut standing, LEAST, now);
        for pause in [1, 2, 4, 5, 5].map(Duration::from_secs) {
            assert_eq!(standing.admit(now), Err(pause));
            assert_eq!(standing.admit(now + pause - Duration::from_millis(1)), Err(Duration::from_millis(1)));
            now += pause;
            assert_eq!(standing.admit(now), Ok(true));
            assert!(standing.admit(now).is_err(), "one is enough");
            standing.ended(false, Some(true), now);
            assert!(standing.admit(now).is_err(), "a call from before says nothing");
            standing.ended(true, Some(false), now);
        }
        now += LONGEST_PAUSE;
        assert_eq!(standing.admit(now), Ok(true));
        standing.ended(true, None, now);
        assert_eq!(standing.admit(now), Ok(true), "nobody waited for the one before");
        standing.ended(true, Some(true), now);
        fails(&mut standing, LEAST - 1, now);
        assert_eq!(standing.admit(now), Ok(false), "what was before is forgotten");
    }

    proptest! {
        /// Whatever calls do: it is never left alone while none of its last calls failed, never for longer than it may be, and
        /// no two trials are under way.
        #[test]
        fn it_is_left_alone_with_reason_and_not_for_long(steps in prop::collection::vec((0_u64..3_000, prop::option::of(any::<bool>()), any::<bool>()), 1..200)) {
            let mut now = Instant::now();
            let (mut standing, mut under_way, mut failed) = (Standing::default(), Vec::new(), 0);
            for (pass, well, first) in steps {
                now += Duration::from_millis(pass);
                match standing.admit(now) {
                    Ok(trial) => {
                        prop_assert!(!trial || !under_way.contains(&true));
                        under_way.push(trial);
                    }
                    Err(left) => {
                        prop_assert!(left <= LONGEST_PAUSE);
                        prop_assert!(failed > 0);
                    }
                }
                if first && let Some(trial) = under_way.pop() {
                    failed += i32::from(well == Some(false));
                    standing.ended(trial, well, now);
                }
            }
            for trial in under_way.drain(..) {
                standing.ended(trial, None, now);
            }
            prop_assert!(standing.admit(now + LONGEST_PAUSE).is_ok());
        }
    }
}
