//! Whether a subscription is told, and what its endpoint's failures do to that.

use jiff::{SignedDuration, Timestamp};

use crate::pace::Pace;

/// After so many failures in a row the endpoint is left alone for a while, and then tried with one event at a time.
const MANY: u32 = 5;
/// It is left alone no longer than this, so that it is seen soon when it is back.
const LONGEST_REST: SignedDuration = SignedDuration::from_mins(5);

/// Whether a subscription is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is.
    Active,
    /// It is not, and what happens waits.
    Paused(Reason),
    /// It is not, and what happens does not wait.
    Disabled(Reason),
}

/// Why it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Somebody said so.
    Asked,
    /// Its endpoint failed for too long.
    Failing,
    /// Its endpoint is gone.
    Gone,
}

/// The verb does not fit the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the subscription is {}", .0.as_str())]
pub struct WrongState(pub State);

impl State {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused(_) => "paused",
            Self::Disabled(_) => "disabled",
        }
    }

    /// Why it is not told.
    pub const fn reason(self) -> Option<Reason> {
        match self {
            Self::Active => None,
            Self::Paused(reason) | Self::Disabled(reason) => Some(reason),
        }
    }

    /// The state of these words.
    pub fn of(word: &str, reason: Option<&str>) -> Option<Self> {
        let reason = reason.map(Reason::of);
        match (word, reason) {
            ("active", None) => Some(Self::Active),
            ("paused", Some(reason)) => reason.map(Self::Paused),
            ("disabled", Some(reason)) => reason.map(Self::Disabled),
            _ => None,
        }
    }

    /// Whether what happens waits for it.
    pub const fn gathers(self) -> bool {
        !matches!(self, Self::Disabled(_))
    }

    /// Somebody pauses it.
    ///
    /// # Errors
    /// [`WrongState`] when it is not told anyway.
    pub const fn pause(self) -> Result<Self, WrongState> {
        match self {
            Self::Active => Ok(Self::Paused(Reason::Asked)),
            other => Err(WrongState(other)),
        }
    }

    /// Somebody resumes it.
    ///
    /// # Errors
    /// [`WrongState`] when it is told.
    pub const fn resume(self) -> Result<Self, WrongState> {
        match self {
            Self::Active => Err(WrongState(self)),
            Self::Paused(_) | Self::Disabled(_) => Ok(Self::Active),
        }
    }

    /// Somebody disables it.
    ///
    /// # Errors
    /// [`WrongState`] when it is disabled.
    pub const fn disable(self) -> Result<Self, WrongState> {
        match self {
            Self::Disabled(_) => Err(WrongState(self)),
            Self::Active | Self::Paused(_) => Ok(Self::Disabled(Reason::Asked)),
        }
    }
}

impl Reason {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    fn of(word: &str) -> Option<Self> {
        [Self::Asked, Self::Failing, Self::Gone].into_iter().find(|reason| reason.as_str() == word)
    }
}

/// How the endpoint does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// Failures in a row.
    pub failures: u32,
    /// Since when.
    pub failing_since: Option<Timestamp>,
    /// Until when it is left alone.
    pub rest_until: Option<Timestamp>,
}

impl Health {
    /// It failed once more: how it does now, and whether that is to be the end of it for a while.
    #[must_use]
    pub fn failed(self, pace: &Pace, pause_after: SignedDuration, now: Timestamp, chance: u8) -> (Self, bool) {
        let failures = self.failures.saturating_add(1);
        let since = self.failing_since.unwrap_or(now);
        let rest = failures.checked_sub(MANY).map(|beyond| pace.pause(beyond + 1, chance).min(LONGEST_REST));
        let rest_until = rest.and_then(|rest| now.checked_add(rest).ok());
        let too_long = now.duration_since(since) >= pause_after;
        (Self { failures, failing_since: Some(since), rest_until }, too_long)
    }

    /// How many affairs may be told at once, of so many at best.
    pub fn at_once(self, best: usize) -> usize {
        if self.failures >= MANY { 1 } else { best }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        first_pause: SignedDuration::from_secs(5),
        longest_pause: SignedDuration::from_hours(6),
        most_attempts: 16,
        give_up_after: SignedDuration::from_hours(72),
    };

    #[test]
    fn every_state_is_read_back() {
        for reason in [Reason::Asked, Reason::Failing, Reason::Gone] {
            for state in [State::Active, State::Paused(reason), State::Disabled(reason)] {
                assert_eq!(State::of(state.as_str(), state.reason().map(Reason::as_str)), Some(state));
            }
        }
        for bad in [("active", Some("asked")), ("paused", None), ("paused", Some("tired")), ("asleep", None)] {
            assert_eq!(State::of(bad.0, bad.1), None);
        }
    }

    #[test]
    fn verbs_fit_their_states() {
        let (paused, disabled) = (State::Paused(Reason::Failing), State::Disabled(Reason::Gone));
        assert_eq!(State::Active.pause(), Ok(State::Paused(Reason::Asked)));
        assert!(paused.pause().is_err() && disabled.pause().is_err());
        assert_eq!((paused.resume(), disabled.resume()), (Ok(State::Active), Ok(State::Active)));
        assert!(State::Active.resume().is_err());
        assert!(State::Active.disable().is_ok() && paused.disable().is_ok() && disabled.disable().is_err());
        assert!(State::Active.gathers() && paused.gathers() && !disabled.gathers());
    }

    #[test]
    fn an_endpoint_that_fails_is_left_alone_and_paused_after_long() {
        let start = Timestamp::from_second(1_800_000_000).unwrap();
        let (mut health, mut now) = (Health::default(), start);
        let pause_after = SignedDuration::from_hours(1);
        let mut paused = false;
        for failure in 1..=40 {
            (health, paused) = health.failed(&PACE, pause_after, now, 255);
            assert_eq!(health.failing_since, Some(start));
            assert_eq!(health.rest_until.is_some(), failure >= 5);
            assert_eq!(health.at_once(4), if failure >= 5 { 1 } else { 4 });
            if paused {
                break;
            }
            let rest = health.rest_until.unwrap_or(now).duration_since(now);
            assert!(rest <= SignedDuration::from_mins(5));
            now = now.checked_add(rest.max(SignedDuration::from_secs(5))).unwrap();
        }
        assert!(paused && now.duration_since(start) < SignedDuration::from_mins(66));
    }
}
