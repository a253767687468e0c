//! The keys of an identity provider, found by OpenID Connect discovery and kept fresh by one task.
//!
//! Keys are asked for anew every few minutes, and at once for a key that nobody knows yet: a provider may sign with a new key a moment
//! after it published it, and no valid token is refused for that. A stranger may name unknown keys as fast as he likes; the provider
//! is asked no faster than the settings say, and few calls may wait for that. While it does not answer, what was known goes on being
//! trusted, for a bounded time: who can cut us off must not keep a withdrawn key alive for ever.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use fetch::{Asked, Fetcher};
use serde::Deserialize;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::jwks::{KeySet, KeySource, KeysError, VerifyingKey};

/// Calls that may wait at once for the moment when the provider may be asked again. Where it may be asked at once, as after every
/// rotation, any number waits: that is over in the time of one answer.
const MAY_WAIT: usize = 64;
/// The longest that a call waits for a key.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the provider's configuration is believed: where its keys stand changes next to never.
const CONFIGURATION_BELIEVED: Duration = Duration::from_secs(3_600);
/// The longest that is waited between two questions to a provider that does not answer.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often a provider is asked.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How old keys become before they are asked for again.
    pub refresh: Duration,
    /// The time between two questions that are for unknown keys, whatever tokens name.
    pub at_most_every: Duration,
    /// How long keys are trusted while the provider does not answer.
    pub kept: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(300),
            at_most_every: Duration::from_secs(3),
            kept: Duration::from_secs(24 * 3_600),
        }
    }
}

/// The keys of one provider. Dropped, it asks no more.
pub struct ProviderKeys(Arc<Shared>);

struct Shared {
    issuer: String,
    fetcher: Fetcher,
    pace: Pace,
    known: Mutex<Option<(KeySet, Instant)>>,
    /// The round that somebody needs for a key that is not known. A number and no signal: of all who miss a key together the last
    /// may speak when the round has begun already, and must not cause another, which would put off the next key's.
    wanted: watch::Sender<u64>,
    rounds: watch::Sender<Rounds>,
    waiting: Semaphore,
}

/// How many times the provider was asked.
#[derive(Debug, Clone, Copy, Default)]
struct Rounds {
    begun: u64,
    ended: u64,
    /// When the last one began that was for an unknown key; the others come by the clock.
    wanted: Option<Instant>,
    /// Whether the last one that ended brought keys.
    well: bool,
}

impl Rounds {
    fn is_running(&self) -> bool {
        self.begun > self.ended
    }

    /// The earliest moment for another that is for an unknown key.
    fn next(&self, pace: &Pace) -> Option<Instant> {
        self.wanted.map(|last| last + pace.at_most_every)
    }
}

/// Why the keys were not brought.
#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Fetch(#[from] fetch::FetchError),
    #[error("the identity provider's {0} cannot be used")]
    Answer(&'static str),
    #[error("who answers is not the issuer that was asked for")]
    Issuer,
}

/// What the configuration says, as far as it is needed (OpenID Connect Discovery 3).
#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

impl ProviderKeys {
    /// Those of this issuer, whose configuration stands below its address. Must be called inside the runtime; returns at once, so
    /// that a service comes up while the provider does not answer.
    pub fn of(issuer: impl Into<String>, fetcher: Fetcher, pace: Pace) -> Self {
        let shared = Arc::new(Shared {
            issuer: issuer.into(),
            fetcher,
            pace,
            known: Mutex::default(),
            wanted: watch::Sender::default(),
            rounds: watch::Sender::new(Rounds::default()),
            waiting: Semaphore::new(MAY_WAIT),
        });
        tokio::spawn(keep(Arc::downgrade(&shared)));
        Self(shared)
    }
}

impl Drop for ProviderKeys {
    fn drop(&mut self) {
        // The task wakes, and finds nobody left.
        self.0.wanted.send_replace(u64::MAX);
    }
}

#[tonic::async_trait]
impl KeySource for ProviderKeys {
    fn key(&self, kid: &str) -> Option<Arc<VerifyingKey>> {
        let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (keys, since) = known.as_ref()?;
        (since.elapsed() < self.0.pace.kept).then(|| keys.key(kid)).flatten()
    }

    async fn asked(&self, kid: &str) -> Result<Option<Arc<VerifyingKey>>, KeysError> {
        tokio::time::timeout(PATIENCE, self.wait_for(kid)).await.unwrap_or(Err(KeysError::OutOfReach))
    }
}

impl ProviderKeys {
    async fn wait_for(&self, kid: &str) -> Result<Option<Arc<VerifyingKey>>, KeysError> {
        let mut rounds = self.0.rounds.subscribe();
        let at_first = *rounds.borrow_and_update();
        if let Some(key) = self.key(kid) {
            return Ok(Some(key));
        }
        // A round that runs may have asked before the key was published; one that begins later has not.
        let enough = at_first.begun + 1;
        let at_once = at_first.is_running() || at_first.next(&self.0.pace).is_none_or(|at| at <= Instant::now());
        let place = || self.0.waiting.try_acquire().map_err(|_| KeysError::Crowded);
        let mut held = if at_once && (at_first.well || at_first.ended == 0) { None } else { Some(place()?) };
        if !at_first.is_running() {
            self.0.need(enough);
        }
        loop {
            if rounds.changed().await.is_err() {
                return Err(KeysError::OutOfReach);
            }
            let now = *rounds.borrow_and_update();
            if let Some(key) = self.key(kid) {
                return Ok(Some(key));
            }
            if now.ended >= enough {
                return if now.well { Ok(None) } else { Err(KeysError::OutOfReach) };
            }
            if !now.is_running() {
                // The round that ran did not bring it, and the next one may be some time away.
                if held.is_none() && now.next(&self.0.pace).is_some_and(|at| at > Instant::now()) {
                    held = Some(place()?);
                }
                self.0.need(enough);
            }
        }
    }
}

/// Asks the provider for as long as anybody has its keys.
async fn keep(keys: Weak<Shared>) {
    let mut configuration = None;
    let (mut round, mut failures, mut is_wanted) = (0, 0_u32, false);
    loop {
        let Some(shared) = keys.upgrade() else { return };
        let begun = Instant::now();
        round += 1;
        shared.rounds.send_modify(|rounds| {
            rounds.begun = round;
            if is_wanted {
                rounds.wanted = Some(begun);
            }
        });
        let ended = shared.round(&mut configuration, begun).await;
        match &ended {
            Ok(()) => failures = 0,
            Err(error) => {
                failures = failures.saturating_add(1);
                configuration = None;
                tracing::warn!(error = kernel::chain(error), failures, "the keys of an issuer cannot be asked for");
            }
        }
        shared.rounds.send_modify(|rounds| {
            rounds.ended = round;
            rounds.well = ended.is_ok();
        });
        let pace = shared.pace;
        let pause = match failures {
            0 => pace.refresh,
            n => (pace.at_most_every * 2_u32.saturating_pow(n.min(8))).min(LONGEST_PAUSE),
        };
        let wanted = async {
            // The sender lives in what is held here.
            let _ = shared.wanted.subscribe().wait_for(|wanted| *wanted > round).await;
            let next = shared.rounds.borrow().next(&pace);
            if let Some(next) = next {
                tokio::time::sleep_until(next).await;
            }
        };
        is_wanted = tokio::select! {
            () = tokio::time::sleep(pause) => false,
            () = wanted => true,
        };
    }
}

impl Shared {
    /// Has the provider asked once more, unless this round has begun.
    fn need(&self, round: u64) {
        self.wanted.send_if_modified(|wanted| {
            let is_later = *wanted < round;
            *wanted = (*wanted).max(round);
            is_later
        });
    }

    async fn round(
        &self,
        configuration: &mut Option<(Configuration, Instant)>,
        now: Instant,
    ) -> Result<(), RoundError> {
        let stale = configuration.as_ref().is_none_or(|(_, since)| now - *since >= CONFIGURATION_BELIEVED);
        if stale {
            let url = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
            let answer = self.fetcher.fetch(Asked::get(&url, "configuration")).await?;
            let found: Configuration =
                serde_json::from_slice(&answer).map_err(|_| RoundError::Answer("configuration"))?;
            // Who answers there must say that it is who we asked for.
            if found.issuer != self.issuer {
                return Err(RoundError::Issuer);
            }
            *configuration = Some((found, now));
        }
        let Some((found, _)) = configuration else { return Err(RoundError::Answer("configuration")) };
        let answer = self.fetcher.fetch(Asked::get(&found.jwks_uri, "jwks_uri")).await?;
        let text = std::str::from_utf8(&answer).map_err(|_| RoundError::Answer("key set"))?;
        let keys = KeySet::parse(text).map_err(|_| RoundError::Answer("key set"))?;
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((keys, Instant::now()));
        Ok(())
    }
}
