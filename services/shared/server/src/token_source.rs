//! Where a service gets the token it shows to its peers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderValue;
use jiff::Timestamp;
use kernel::{Ambient, Role};

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
