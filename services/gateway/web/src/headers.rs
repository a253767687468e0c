//! Headers of every answer that a browser shows.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tower::{Layer, Service};

/// Nothing but what we serve ourselves, no script or style that stands in a page, nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Adds what is not there yet.
pub(crate) fn dress(headers: &mut HeaderMap, https: bool) {
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::CONTENT_SECURITY_POLICY, POLICY);
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::X_FRAME_OPTIONS, "DENY");
    add(header::REFERRER_POLICY, "no-referrer");
    add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    add(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    add(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()");
    // What a page shows is somebody's; no cache keeps it. Files that are nobody's say otherwise themselves.
    add(header::CACHE_CONTROL, "no-store");
    if https {
        add(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains");
    }
}

/// The layer for answers that are not dressed by [`crate::Web::dress`].
pub fn secure_headers(https: bool) -> SecureHeaders {
    SecureHeaders { https }
}

/// Adds the headers of [`secure_headers`].
#[derive(Debug, Clone, Copy)]
pub struct SecureHeaders {
    https: bool,
}

impl<S> Layer<S> for SecureHeaders {
    type Service = Dressed<S>;

    fn layer(&self, inner: S) -> Dressed<S> {
        Dressed { inner, https: self.https }
    }
}

/// A service whose answers have the headers.
#[derive(Debug, Clone)]
pub struct Dressed<S> {
    inner: S,
    https: bool,
}

impl<S> Service<Request> for Dressed<S>
where
    S: Service<Request, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (answer, https) = (self.inner.call(request), self.https);
        Box::pin(async move {
            let mut answer = answer.await?;
            dress(answer.headers_mut(), https);
            Ok(answer)
        })
    }
}
