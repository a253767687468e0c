//! Who calls, and how long they wait.

use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use server::PeerChannel;

use crate::{Problem, Violation};

/// Header by which a caller says how long they wait, in seconds (`0.8`).
const TIMEOUT: &str = "ventanilla-timeout";
/// For a caller who does not say.
const DEFAULT: Duration = Duration::from_secs(10);
/// The longest that is granted; the services grant no more.
const LONGEST: Duration = Duration::from_secs(60);

/// The caller of a request: the token they show, which the services judge, and the end of their patience
/// (`Ventanilla-Timeout`, else ten seconds). A caller who shows no bearer token reaches open rpcs alone.
#[derive(Debug, Clone)]
pub struct Caller {
    /// What stands after `Bearer`.
    pub bearer: Option<SecretString>,
    /// When the caller stops waiting.
    pub deadline: Instant,
}

impl Caller {
    /// Reads the headers of a request that arrived at `now`.
    ///
    /// # Errors
    /// A problem that names the header, when the time to wait is no positive number of seconds.
    pub fn read(headers: &HeaderMap, now: Instant) -> Result<Self, Problem> {
        let wait = match headers.get(TIMEOUT) {
            None => DEFAULT,
            Some(value) => value.to_str().ok().and_then(seconds).ok_or_else(|| {
                Problem::new(StatusCode::BAD_REQUEST, "INVALID_HEADER", "the time to wait cannot be read").violation(
                    Violation::new("Ventanilla-Timeout", "give seconds as a positive number, for example 0.8"),
                )
            })?,
        };
        Ok(Self { bearer: bearer(headers), deadline: now + wait.min(LONGEST) })
    }

    /// The channel of a peer as this caller: their token, their patience.
    pub fn channel(&self, peer: &PeerChannel) -> PeerChannel {
        peer.as_caller(self.bearer.as_ref(), Some(self.deadline))
    }

    /// The same for a stream, which lasts as long as it is read.
    pub fn stream(&self, peer: &PeerChannel) -> PeerChannel {
        peer.as_caller(self.bearer.as_ref(), None)
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(&parts.headers, Instant::now())
    }
}

/// RFC 6750 §2.1; the scheme's name is written in any case (RFC 9110 §11.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| SecretString::from(token))
}

fn seconds(text: &str) -> Option<Duration> {
    let plain = text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let seconds: f64 = plain.then(|| text.parse().ok())??;
    Duration::try_from_secs_f64(seconds).ok().filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use secrecy::ExposeSecret as _;

    use super::*;

    fn with(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::try_from(value).unwrap())])
    }

    #[test]
    fn a_bearer_token_is_taken_and_nothing_else_is() {
        let token = |value: &str| bearer(&with("authorization", value)).map(|t| t.expose_secret().to_owned());
        assert_eq!(token("Bearer abc.def.ghi").as_deref(), Some("abc.def.ghi"));
        assert_eq!(token("bearer  abc").as_deref(), Some("abc"));
        for other in ["Basic abc", "Bearer", "Bearer ", "abc", "é"] {
            assert_eq!(token(other), None, "{other:?}");
        }
    }

    #[test]
    fn a_caller_waits_as_long_as_they_say_and_no_longer_than_a_minute() {
        let now = Instant::now();
        let wait = |value: &str| Caller::read(&with("ventanilla-timeout", value), now).map(|c| c.deadline - now);
        assert_eq!(wait("0.8").unwrap(), Duration::from_millis(800));
        assert_eq!(wait("3600").unwrap(), LONGEST);
        assert_eq!(Caller::read(&HeaderMap::new(), now).unwrap().deadline - now, DEFAULT);
        for bad in ["", "-1", "0", "1e3", "NaN", "inf", "1s", "0.8.1", "99999999999"] {
            let problem = wait(bad).unwrap_err();
            assert_eq!(problem.status(), StatusCode::BAD_REQUEST, "{bad:?}");
            assert_eq!(problem.violations()[0].field, "Ventanilla-Timeout");
        }
    }
}
