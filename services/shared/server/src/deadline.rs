//! How long a caller waits. tonic answers an expired `grpc-timeout` with CANCELLED; this layer is
//! inside tonic's timer and a little faster, and answers DEADLINE_EXCEEDED.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderMap, HeaderValue, Request, Response};
use tonic::body::Body;
use tower::{Layer, Service};

use crate::{Refusal, body};

pub(crate) const GRPC_TIMEOUT: &str = "grpc-timeout";

/// tokio's timer counts in milliseconds: two of them make sure that ours is first.
pub(crate) const AHEAD_OF_TONIC: Duration = Duration::from_millis(2);

/// When the caller of a request stops waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The instant.
    pub deadline: Instant,
}

/// Reads `grpc-timeout`: at most eight digits and a unit. A malformed value is no limit of the
/// caller, and the default applies.
pub(crate) fn read(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// Writes `grpc-timeout` in the finest unit that eight digits can hold.
pub(crate) fn write(budget: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let text = if budget.as_micros() <= MOST {
        format!("{}u", budget.as_micros())
    } else if budget.as_millis() <= MOST {
        format!("{}m", budget.as_millis())
    } else {
        format!("{}S", u128::from(budget.as_secs()).min(MOST))
    };
    HeaderValue::try_from(text).expect("digits and a letter are a header value")
}

/// Bounds every call. See the module.
#[derive(Clone)]
pub(crate) struct DeadlineLayer {
    /// For a unary call whose caller names no limit.
    pub(crate) default: Duration,
    /// The longest that is granted to a unary call.
    pub(crate) longest: Duration,
}

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Deadline<S> {
        Deadline { inner, limits: self.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Deadline<S> {
    inner: S,
    limits: DeadlineLayer,
}

impl<S> Service<Request<Body>> for Deadline<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let streaming = body::may_stream(request.uri().path());
        let asked = read(request.headers()).map(|asked| asked.saturating_sub(AHEAD_OF_TONIC));
        let granted = match asked {
            // A follower of a ledger stays for weeks: a stream is bounded by its caller alone.
            asked if streaming => asked,
            Some(asked) => Some(asked.min(self.limits.longest)),
            None => Some(self.limits.default),
        };
        let Some(granted) = granted else { return Box::pin(self.inner.call(request)) };
        if granted.is_zero() {
            return Box::pin(std::future::ready(Ok(Refusal::DeadlineExceeded.answer())));
        }
        let deadline = Instant::now() + granted;
        request.extensions_mut().insert(Budget { deadline });
        let end = tokio::time::Instant::from_std(deadline);
        let answer = self.inner.call(request);
        Box::pin(async move {
            match tokio::time::timeout_at(end, answer).await {
                Ok(Ok(answer)) if streaming => {
                    let late = tokio::time::sleep_until(end);
                    Ok(answer.map(|stream| body::until(stream, late, || Refusal::DeadlineExceeded.status())))
                }
                Ok(answer) => answer,
                Err(_) => Ok(Refusal::DeadlineExceeded.answer()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for budget in [Duration::from_micros(1), Duration::from_millis(1500), Duration::from_secs(90_000)] {
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static(GRPC_TIMEOUT), write(budget))]);
            assert_eq!(read(&headers), Some(budget));
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_never_more_than_the_budget(micros in 0_u64..=u64::MAX / 1_000) {
            let budget = Duration::from_micros(micros);
            let headers = HeaderMap::from_iter([(http::HeaderName::from_static(GRPC_TIMEOUT), write(budget))]);
            let read = read(&headers).expect("eight digits and a unit");
            proptest::prop_assert!(read <= budget);
        }
    }

    #[test]
    fn takes_every_unit_and_no_malformed_value() {
        let of = |text: &str| {
            let value = HeaderValue::try_from(text).unwrap();
            read(&HeaderMap::from_iter([(http::HeaderName::from_static(GRPC_TIMEOUT), value)]))
        };
        assert_eq!(of("2H"), Some(Duration::from_secs(7200)));
        assert_eq!(of("2M"), Some(Duration::from_secs(120)));
        assert_eq!(of("2S"), Some(Duration::from_secs(2)));
        assert_eq!(of("2m"), Some(Duration::from_millis(2)));
        assert_eq!(of("2n"), Some(Duration::from_nanos(2)));
        for bad in ["", "S", "2", "2s", "-2S", "+2S", "123456789S", "2 S", "é"] {
            assert_eq!(of(bad), None, "{bad:?}");
        }
    }
}
