//! Renewing a session whose token is nearly over.
//!
//! A provider that rotates takes each of its refresh tokens a single time, so that what it gave for one must not be lost: a renewal is work of its own, which
//! goes on when the browser that caused it goes away, is shared by all requests with the same token, and is remembered for as long as a session lasts that
//! nobody uses. Of this process: another replica does not know it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::Ambient;
use server::TokenVerifier;

use crate::oidc::{Provider, Tokens, Work, begun};
use crate::session::expiry;

/// How long before its token is over a session is renewed, in seconds.
pub(crate) const RENEWED_BEFORE: i64 = 60;
/// How soon a provider that did not answer is asked again.
const AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// First rest before tokens are held anew against keys that could not be asked for; each is twice the one before.
const REST: Duration = Duration::from_millis(500);
/// How often.
const HOLDS: u32 = 6;
/// Renewals that are remembered at most; the oldest are forgotten first.
const MOST: usize = 10_000;

/// How a renewal ended.
#[derive(Clone)]
pub(crate) enum Outcome {
    /// These are the session's tokens now.
    Fresh(Arc<Tokens>),
    /// The provider gives none any more.
    Refused,
    /// It did not answer, or not in a way that tells.
    Unanswered,
}

/// A renewal, and when it began.
type Made = (Timestamp, Work<Outcome>);

/// Renewals that run or were made, by the token they use up.
#[derive(Default)]
pub(crate) struct Renewals(Mutex<HashMap<[u8; 32], Made>>);

impl Renewals {
    /// The renewal that uses up this token: the one that runs or was made, or one that begins now.
    pub(crate) fn of(
        &self,
        refresh: &str,
        now: Timestamp,
        remembered: SignedDuration,
        begin: impl FnOnce() -> Work<Outcome>,
    ) -> Work<Outcome> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.retain(|_, (since, _)| now.duration_since(*since) < remembered);
        let key = key(refresh);
        if let Some((since, work)) = made.get(&key)
            && still_tells(work, refresh, *since, now)
        {
            return work.clone();
        }
        while made.len() >= MOST {
            let oldest = made.iter().min_by_key(|(_, (since, _))| *since).map(|(key, _)| *key);
            let Some(oldest) = oldest else { break };
            made.remove(&oldest);
        }
        let work = begin();
        made.insert(key, (now, work.clone()));
        work
    }

    /// What was, or is being, given for this token.
    pub(crate) fn known(&self, refresh: &str) -> Option<Work<Outcome>> {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(&key(refresh)).map(|(_, work)| work.clone())
    }
}

fn key(refresh: &str) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, refresh.as_bytes());
    digest.as_ref().try_into().unwrap_or_default()
}

/// Whether a renewal that was begun answers for this token, or has to be made once more.
fn still_tells(work: &Work<Outcome>, refresh: &str, since: Timestamp, now: Timestamp) -> bool {
    match work.peek() {
        None | Some(Outcome::Refused) => true,
        Some(Outcome::Unanswered) => now.duration_since(since) < AGAIN_AFTER,
        // A token that is not used up serves again, once what it gave is nearly over.
        Some(Outcome::Fresh(tokens)) => {
            let used_up = tokens.refresh.as_deref() != Some(refresh);
            used_up || expiry(&tokens.access).is_some_and(|over| now.as_second() + RENEWED_BEFORE < over)
        }
    }
}

/// Begins to renew with this token.
pub(crate) fn begin(
    provider: Arc<Provider>,
    verifier: Arc<TokenVerifier>,
    ambient: Ambient,
    refresh: String,
) -> Work<Outcome> {
    begun(async move { renewed(&provider, &verifier, &ambient, &refresh).await }, Outcome::Unanswered)
}

async fn renewed(provider: &Provider, verifier: &TokenVerifier, ambient: &Ambient, refresh: &str) -> Outcome {
    let failed = |error: &crate::oidc::Failed| {
        tracing::warn!(error = kernel::chain(&**error), "a session was not renewed");
        if error.is_final() { Outcome::Refused } else { Outcome::Unanswered }
    };
    let tokens = match provider.renew(refresh, ambient.now()).await {
        Ok(tokens) => tokens,
        Err(error) => return failed(&error),
    };
    // The old token is used up: what was given for it is not thrown away because the provider's keys cannot be had just now.
    let mut rest = REST;
    for hold in 1.. {
        match provider.hold(&tokens, None, verifier, ambient.now()).await {
            Ok(()) => break,
            Err(error) if error.is_passing() && hold < HOLDS => {
                tokio::time::sleep(rest).await;
                rest *= 2;
            }
            Err(error) => return failed(&error),
        }
    }
    Outcome::Fresh(Arc::new(tokens))
}
