//! Where a service gets the token it shows to its peers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use http::HeaderValue;
use jiff::Timestamp;
use kernel::{Ambient, Role};
use opentelemetry::KeyValue;

use crate::{TokenError, TokenIssuer};

/// How long a minted token is valid.
const TTL: Duration = Duration::from_secs(15 * 60);
/// How long a token is used before another is minted or the file is read again.
const USE: Duration = Duration::from_secs(5 * 60);

/// Gives the service's own token, fresh. Cheap to clone; clones share what was minted.
#[derive(Clone)]
pub struct TokenSource(Arc<Inner>);

struct Inner {
    origin: Origin,
    ambient: Ambient,
    kept: Mutex<Option<(HeaderValue, Timestamp)>>,
}

enum Origin {
    /// No token: only open RPCs will answer.
    Nothing,
    /// Minted here.
    Issued { issuer: Arc<TokenIssuer>, subject: String, role: Role },
    /// Written by somebody else (a secret that the platform rotates).
    File(PathBuf),
}

impl Inner {
    /// Seconds until the token in the file is over, fewer than none when it is; `None` where there is no token to be read.
    fn left(&self) -> Option<i64> {
        let Origin::File(path) = &self.origin else { return None };
        let until = expiry(std::fs::read_to_string(path).ok()?.trim())?;
        Some(until.saturating_sub(self.ambient.now().as_second()))
    }
}

/// When a token says that it is over; whether it holds is for the peers to say.
fn expiry(token: &str) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: i64,
    }
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Claims>(&claims).ok().map(|claims| claims.exp)
}

impl TokenSource {
    /// No token at all.
    pub fn nothing() -> Self {
        Self::of(Origin::Nothing, Ambient::system())
    }

    /// Mints tokens for `service` with the role `service`.
    pub fn issued(issuer: Arc<TokenIssuer>, service: impl Into<String>, ambient: Ambient) -> Self {
        Self::issued_as(issuer, service, Role::Service, ambient)
    }

    /// Mints tokens for `subject` with this role.
    pub fn issued_as(issuer: Arc<TokenIssuer>, subject: impl Into<String>, role: Role, ambient: Ambient) -> Self {
        Self::of(Origin::Issued { issuer, subject: subject.into(), role }, ambient)
    }

    /// Reads the token from a file, again and again, since it is rotated there.
    pub fn file(path: impl Into<PathBuf>, ambient: Ambient) -> Self {
        Self::of(Origin::File(path.into()), ambient)
    }

    /// Shows for how long `service`'s token is good where somebody else rotates it: nobody who forgets it is told otherwise before it is over.
    pub(crate) fn shown(self, service: &'static str) -> Self {
        if telemetry::is_metered() && matches!(self.0.origin, Origin::File(_)) {
            // Told for as long as it is used, and not by what an ended service left behind.
            let (told, of) = (Arc::downgrade(&self.0), [KeyValue::new("ventanilla.service", service)]);
            telemetry::meter()
                .i64_observable_gauge("ventanilla.token.left")
                .with_unit("s")
                .with_description("for how long the token that the service shows to its peers is good")
                .with_callback(move |observer| {
                    if let Some(left) = told.upgrade().and_then(|told| told.left()) {
                        observer.observe(left, &of);
                    }
                })
                .build();
        }
        self
    }

    /// Whether there never is a token.
    pub fn is_nothing(&self) -> bool {
        matches!(self.0.origin, Origin::Nothing)
    }

    fn of(origin: Origin, ambient: Ambient) -> Self {
        Self(Arc::new(Inner { origin, ambient, kept: Mutex::new(None) }))
    }

    /// The value of the `authorization` header; `None` when there is no token to show.
    pub(crate) fn authorization(&self) -> Result<Option<HeaderValue>, TokenError> {
        let now = self.0.ambient.now();
        let mut kept = self.0.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((value, since)) = &*kept
            && now.duration_since(*since).unsigned_abs() < USE
        {
            return Ok(Some(value.clone()));
        }
        let token = match &self.0.origin {
            Origin::Nothing => return Ok(None),
            Origin::Issued { issuer, subject, role } => issuer.issue(subject, &[*role], None, TTL, now)?,
            // A few hundred bytes every few minutes: not worth a blocking task.
            Origin::File(path) => std::fs::read_to_string(path)
                .map_err(|source| TokenError::File { path: path.clone(), source })?
                .trim()
                .to_owned(),
        };
        let mut value =
            HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| TokenError::Claim("characters"))?;
        value.set_sensitive(true);
        *kept = Some((value.clone(), now));
        Ok(Some(value))
    }
}

#[cfg(test)]
mod tests {
    use kernel::{FixedClock, SystemEntropy};

    use super::*;

    #[test]
    fn a_token_that_others_rotate_says_how_long_it_is_good() {
        let clock = FixedClock::at(Timestamp::from_second(1_790_000_000).unwrap());
        let ambient = Ambient::new(clock.clone(), SystemEntropy);
        let file = std::env::temp_dir().join(format!("ventanilla-left-{}.token", std::process::id()));
        let source = TokenSource::file(&file, ambient);
        assert_eq!(source.0.left(), None, "there is none");
        let claims = URL_SAFE_NO_PAD.encode(r#"{"exp":1790000090}"#);
        std::fs::write(&file, format!("e30.{claims}.c2ln\n")).unwrap();
        assert_eq!(source.0.left(), Some(90));
        clock.advance(jiff::SignedDuration::from_secs(100));
        assert_eq!(source.0.left(), Some(-10));
        std::fs::write(&file, "nonsense").unwrap();
        assert_eq!(source.0.left(), None);
        std::fs::remove_file(&file).unwrap();
        assert_eq!(TokenSource::nothing().0.left(), None);
    }
}
