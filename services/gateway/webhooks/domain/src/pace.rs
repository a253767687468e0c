//! When an attempt is repeated, and when it is given up.

use jiff::{SignedDuration, Timestamp};

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 200 to 299.
    Taken(u16),
    /// Another status; when the endpoint said so, not before this time is over.
    Refused(u16, Option<SignedDuration>),
    /// 410.
    Gone,
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The name is not found.
    Unresolved,
    /// The name leads to an address that is not public.
    ForbiddenAddress,
    /// The certificate does not hold.
    Untrusted,
}

impl Outcome {
    /// What an answer means.
    pub const fn of_status(status: u16, retry_after: Option<SignedDuration>) -> Self {
        match status {
            200..=299 => Self::Taken(status),
            410 => Self::Gone,
            other => Self::Refused(other, retry_after),
        }
    }

    /// The HTTP status; none when there was no answer.
    pub const fn status(self) -> Option<u16> {
        match self {
            Self::Taken(status) | Self::Refused(status, _) => Some(status),
            Self::Gone => Some(410),
            _ => None,
        }
    }

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Taken(_) => "taken",
            Self::Refused(..) => "refused",
            Self::Gone => "gone",
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Unresolved => "unresolved",
            Self::ForbiddenAddress => "forbidden_address",
            Self::Untrusted => "untrusted",
        }
    }
}

/// How patient the house is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The pause before the second attempt; each further one is twice as long.
    pub first_pause: SignedDuration,
    /// No pause is longer.
    pub longest_pause: SignedDuration,
    /// Attempts at most.
    pub most_attempts: u32,
    /// And none that would begin so long after it was asked for.
    pub give_up_after: SignedDuration,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is done.
    Delivered,
    /// Again, not before this instant.
    Again(Timestamp),
    /// Given up.
    Dead,
    /// Nobody is there: the subscription ends, and the delivery waits for whoever mends it.
    Gone,
}

impl Pace {
    /// What follows the attempt of this number (1 for the first) of something that was asked for at an instant. `chance` is
    /// anything from 0 to 255, so that those who failed together do not come back together.
    pub fn next(&self, outcome: Outcome, attempt: u32, (asked, now): (Timestamp, Timestamp), chance: u8) -> Next {
        let wanted = match outcome {
            Outcome::Taken(_) => return Next::Delivered,
            Outcome::Gone => return Next::Gone,
            Outcome::Refused(_, wanted) => wanted.unwrap_or_default(),
            _ => SignedDuration::ZERO,
        };
        // What the endpoint asks for is honoured, and no longer than any pause may be.
        let pause = self.pause(attempt, chance).max(wanted.min(self.longest_pause));
        let at = now.checked_add(pause).unwrap_or(Timestamp::MAX);
        let over = attempt >= self.most_attempts || at.duration_since(asked) > self.give_up_after;
        if over { Next::Dead } else { Next::Again(at) }
    }

    /// The pause after so many failures: between half of it and all of it, by chance.
    pub fn pause(&self, failures: u32, chance: u8) -> SignedDuration {
        let doublings = failures.saturating_sub(1).min(30);
        let whole = self.first_pause.as_millis().saturating_mul(1 << doublings).min(self.longest_pause.as_millis());
        let pause = whole / 2 + whole / 2 * i128::from(chance) / 255;
        SignedDuration::from_millis(i64::try_from(pause).unwrap_or(i64::MAX))
    }
}

/// The time that a `retry-after` asks for: seconds, or an instant.
pub fn retry_after(value: &str, now: Timestamp) -> Option<SignedDuration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u32>() {
        return Some(SignedDuration::from_secs(i64::from(seconds)));
    }
    let at = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
    Some(at.duration_since(now).max(SignedDuration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PACE: Pace = Pace {
        first_pause: SignedDuration::from_secs(5),
        longest_pause: SignedDuration::from_hours(6),
        most_attempts: 16,
        give_up_after: SignedDuration::from_hours(72),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn pauses_double_up_to_the_longest() {
        let whole: Vec<i64> = (1..=14).map(|failures| PACE.pause(failures, 255).as_secs()).collect();
        assert_eq!(whole[..4], [5, 10, 20, 40]);
        assert_eq!(whole[13], 6 * 3600);
        assert_eq!(PACE.pause(1, 0).as_millis(), 2_500);
        assert_eq!(PACE.pause(u32::MAX, 255).as_secs(), 6 * 3600);
    }

    #[test]
    fn a_status_says_what_follows() {
        let next = |status, after| PACE.next(Outcome::of_status(status, after), 1, (at(0), at(0)), 255);
        assert_eq!(next(200, None), Next::Delivered);
        assert_eq!(next(204, None), Next::Delivered);
        assert_eq!(next(410, None), Next::Gone);
        for refused in [100, 301, 302, 307, 308, 400, 401, 404, 429, 500, 503] {
            assert_eq!(next(refused, None), Next::Again(at(5)), "{refused}");
        }
        assert_eq!(next(429, Some(SignedDuration::from_secs(90))), Next::Again(at(90)));
        assert_eq!(next(503, Some(SignedDuration::from_hours(99))), Next::Again(at(6 * 3600)));
    }

    #[test]
    fn attempts_end_by_their_number_or_their_time() {
        assert_eq!(PACE.next(Outcome::TimedOut, 16, (at(0), at(1)), 0), Next::Dead);
        assert!(matches!(PACE.next(Outcome::TimedOut, 15, (at(0), at(1)), 0), Next::Again(_)));
        assert_eq!(PACE.next(Outcome::Unreachable, 2, (at(0), at(72 * 3600)), 0), Next::Dead);
    }

    #[test]
    fn a_time_to_wait_is_read_in_both_of_its_forms() {
        let now: Timestamp = "2026-11-30T10:00:00Z".parse().unwrap();
        assert_eq!(retry_after("120", now), Some(SignedDuration::from_secs(120)));
        assert_eq!(retry_after("Mon, 30 Nov 2026 10:01:00 GMT", now), Some(SignedDuration::from_secs(60)));
        assert_eq!(retry_after("Mon, 30 Nov 2026 09:00:00 GMT", now), Some(SignedDuration::ZERO));
        for bad in ["", "soon", "-5", "1.5", "99999999999999"] {
            assert_eq!(retry_after(bad, now), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_fails_ends_within_the_time_the_house_gives(chances in proptest::collection::vec(0_u8.., 40), after in 0_i64..1_000_000) {
            let mut now = at(0);
            let mut attempts = 0;
            for (number, chance) in (1..).zip(chances) {
                attempts = number;
                let refused = Outcome::Refused(503, Some(SignedDuration::from_secs(after)));
                match PACE.next(refused, number, (at(0), now), chance) {
                    Next::Again(later) => {
                        prop_assert!(later > now);
                        now = later;
                    }
                    Next::Dead => break,
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            prop_assert!(attempts <= PACE.most_attempts);
            prop_assert!(now.duration_since(at(0)) <= PACE.give_up_after);
        }

        #[test]
        fn no_header_is_more_than_not_understood(text in ".{0,40}") {
            let _ = retry_after(&text, at(0));
        }
    }
}
