//! How much is taken from one address or one person, by class: buckets that fill again with time.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// An attempt to sign in, by address.
    SignIn,
    /// A try of a secret where nobody signs in, by address: on a page, or over REST.
    Guess,
    /// Bringing something as nobody in particular, by address.
    Bring,
    /// Looking at something.
    Read,
    /// Changing something.
    Change,
    /// A call of a system with a token, by whose token it is.
    Call,
}

/// How many at once, and how many a minute after that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// At once.
    pub burst: u32,
    /// A minute.
    pub per_minute: u32,
}

/// Rates by class.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Attempts to sign in.
    pub sign_in: Rate,
    /// Tries of a secret.
    pub guess: Rate,
    /// What is brought by nobody in particular.
    pub bring: Rate,
    /// Looking.
    pub read: Rate,
    /// Changing.
    pub change: Rate,
    /// Calls with a token, of REST and of telephone systems together.
    pub call: Rate,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            sign_in: Rate { burst: 10, per_minute: 5 },
            guess: Rate { burst: 10, per_minute: 5 },
            bring: Rate { burst: 5, per_minute: 1 },
            read: Rate { burst: 300, per_minute: 600 },
            change: Rate { burst: 120, per_minute: 120 },
            // A thousand a second: an exchange or a CRM calls for a whole house by one token.
            call: Rate { burst: 2_000, per_minute: 60_000 },
        }
    }
}

/// What is left of one bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Bucket {
    left: f64,
    at: Timestamp,
}

/// Takes one; otherwise says how long until there is one again.
fn take(bucket: &mut Bucket, rate: Rate, now: Timestamp) -> Result<(), Duration> {
    let passed = now.duration_since(bucket.at).as_secs_f64().max(0.0);
    let per_second = f64::from(rate.per_minute) / 60.0;
    bucket.left = (bucket.left + passed * per_second).min(f64::from(rate.burst));
    bucket.at = now;
    if bucket.left >= 1.0 {
        bucket.left -= 1.0;
        return Ok(());
    }
    let wait = if per_second > 0.0 { (1.0 - bucket.left) / per_second } else { 3600.0 };
    Err(Duration::from_secs_f64(wait.clamp(1.0, 3600.0)))
}

/// The buckets of this process: two replicas count apart.
pub struct Limits {
    settings: LimitSettings,
    buckets: Mutex<HashMap<(Class, String), Bucket>>,
}

impl Limits {
    /// As many as one process keeps; beyond that the fullest, who asked least, are forgotten.
    const MOST: usize = 50_000;

    /// Full buckets of these rates.
    pub fn new(settings: LimitSettings) -> Self {
        Self { settings, buckets: Mutex::new(HashMap::new()) }
    }

    const fn rate(&self, class: Class) -> Rate {
        match class {
            Class::SignIn => self.settings.sign_in,
            Class::Guess => self.settings.guess,
            Class::Bring => self.settings.bring,
            Class::Read => self.settings.read,
            Class::Change => self.settings.change,
            Class::Call => self.settings.call,
        }
    }

    /// Counts one of this class for whoever `key` is.
    ///
    /// # Errors
    /// How long to wait when it is one too many.
    pub fn take(&self, class: Class, key: &str, now: Timestamp) -> Result<(), Duration> {
        let rate = self.rate(class);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= Self::MOST {
            let hour_ago = now.checked_sub(jiff::SignedDuration::from_mins(60)).unwrap_or(now);
            buckets.retain(|_, bucket| bucket.at > hour_ago);
            if buckets.len() >= Self::MOST {
                let mut by_left: Vec<_> = buckets.iter().map(|(key, bucket)| (bucket.left, key.clone())).collect();
                by_left.sort_by(|a, b| b.0.total_cmp(&a.0));
                for (_, key) in by_left.into_iter().take(Self::MOST / 10) {
                    buckets.remove(&key);
                }
            }
        }
        let full = Bucket { left: f64::from(rate.burst), at: now };
        take(buckets.entry((class, key.to_owned())).or_insert(full), rate, now)
    }

    /// Gives one back that was taken: it turned out to be none of this class.
    pub fn give_back(&self, class: Class, key: &str) {
        let most = f64::from(self.rate(class).burst);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(&(class, key.to_owned())) {
            bucket.left = (bucket.left + 1.0).min(most);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_what_came_back() {
        let limits = Limits::new(LimitSettings::default());
        let mut now = Timestamp::UNIX_EPOCH;
        for _ in 0..10 {
            assert_eq!(limits.take(Class::SignIn, "a", now), Ok(()));
        }
        assert_eq!(limits.take(Class::SignIn, "a", now), Err(Duration::from_secs(12)));
        assert_eq!(limits.take(Class::SignIn, "b", now), Ok(()), "each for themselves");
        assert_eq!(limits.take(Class::Read, "a", now), Ok(()), "each class for itself");
        now += SignedDuration::from_secs(12);
        assert_eq!(limits.take(Class::SignIn, "a", now), Ok(()));
        assert!(limits.take(Class::SignIn, "a", now).is_err());
        limits.give_back(Class::SignIn, "a");
        assert_eq!(limits.take(Class::SignIn, "a", now), Ok(()), "what was none is given back");
        for _ in 0..20 {
            limits.give_back(Class::SignIn, "b");
        }
        let taken = (0..20).filter(|_| limits.take(Class::SignIn, "b", now).is_ok()).count();
        assert_eq!(taken, 10, "and nobody is given more than there was");
    }
}
