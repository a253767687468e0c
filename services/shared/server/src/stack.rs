//! The layers that every call passes, in order from the wire to the handler.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::layer::util::{Identity, Stack as Then};
use tower::{Layer, Service, ServiceBuilder};

use crate::admission::AdmissionLayer;
use crate::authorize::AuthorizeLayer;
use crate::deadline::DeadlineLayer;
use crate::scope::{Place, Scope};
use crate::shares::SharesLayer;
use crate::trace::TraceLayer;
use crate::{AdmissionSettings, DenialSink, Refusal, TokenVerifier, body};

/// Limits of one server. The defaults hold for a service of this house; see `serve.rs` for why
/// none may be left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StackSettings {
    /// Places for calls and streams.
    pub admission: AdmissionSettings,
    /// Time for a unary call whose caller names none, in milliseconds.
    pub default_timeout_ms: u64,
    /// The longest a unary call may take, in milliseconds.
    pub longest_timeout_ms: u64,
    /// Time between the signal to stop and the end, in milliseconds; no more than 8 seconds are
    /// granted, so that the process is gone in ten.
    pub drain_ms: u64,
    /// Time between saying NOT_SERVING and taking no more connections, in milliseconds; part of the
    /// drain. For load balancers that ask health and would meet a closed port.
    pub lame_duck_ms: u64,
    /// Streams on one HTTP/2 connection.
    pub streams_per_connection: u32,
    /// Bytes of one request's headers, as HTTP/2 counts them.
    pub header_list_bytes: u32,
    /// How often a silent connection is probed, in milliseconds.
    pub keepalive_interval_ms: u64,
    /// How long the answer to a probe may take, in milliseconds.
    pub keepalive_timeout_ms: u64,
    /// Connections that are open at once.
    pub connections: usize,
    /// How long a new connection may take to say that it speaks HTTP/2, in milliseconds.
    pub preface_ms: u64,
}

impl Default for StackSettings {
    fn default() -> Self {
        Self {
            admission: AdmissionSettings::default(),
            default_timeout_ms: 10_000,
            longest_timeout_ms: 60_000,
            drain_ms: 8_000,
            lame_duck_ms: 0,
            streams_per_connection: 256,
            header_list_bytes: 16 * 1024,
            keepalive_interval_ms: 20_000,
            keepalive_timeout_ms: 10_000,
            connections: 4_096,
            preface_ms: 5_000,
        }
    }
}

/// What a stream still gets to say when the service goes down: items it made already, and the
/// health service's NOT_SERVING.
const LAST_WORDS: Duration = Duration::from_millis(100);

type Layers = Then<
    SharesLayer,
    Then<AuthorizeLayer, Then<DeadlineLayer, Then<ScopeLayer, Then<TraceLayer, Then<AdmissionLayer, Identity>>>>>,
>;

/// The list. The first stands outermost.
pub(crate) fn layers(
    settings: &StackSettings,
    scope: Scope,
    verifier: Arc<TokenVerifier>,
    denials: Option<Arc<dyn DenialSink>>,
    draining: CancellationToken,
) -> Layers {
    ServiceBuilder::new()
        // Before any work is spent on a call: a full service refuses cheaply, the urgent last.
        .layer(AdmissionLayer::new(&settings.admission, scope.service))
        // A call refused by any layer below has its span and its duration.
        .layer(TraceLayer { service: scope.service })
        // Tells the task which service it works for, keeps its place, and ends streams when the service goes down.
        .layer(ScopeLayer { scope, draining })
        // Around all that can wait: the recording of a denial, the handler.
        .layer(DeadlineLayer {
            default: Duration::from_millis(settings.default_timeout_ms),
            longest: Duration::from_millis(settings.longest_timeout_ms),
        })
        // The handler, and what is below, find the principal in the request.
        .layer(AuthorizeLayer { verifier, denials })
        // Needs to know who opens the stream.
        .layer(SharesLayer::new(&settings.admission))
        .into_inner()
}

#[derive(Clone)]
pub(crate) struct ScopeLayer {
    scope: Scope,
    draining: CancellationToken,
}

impl<S> Layer<S> for ScopeLayer {
    type Service = Scoped<S>;

    fn layer(&self, inner: S) -> Scoped<S> {
        Scoped { inner, scope: self.scope.clone(), draining: self.draining.clone() }
    }
}

#[derive(Clone)]
pub(crate) struct Scoped<S> {
    inner: S,
    scope: Scope,
    draining: CancellationToken,
}

impl<S> Service<Request<Body>> for Scoped<S>
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
        let scope = match request.extensions_mut().remove::<Place>() {
            Some(place) => self.scope.holding(place),
            None => self.scope.clone(),
        };
        let may_stream = body::may_stream(request.uri().path());
        let draining = self.draining.clone();
        let answer = scope.enter(|| self.inner.call(request));
        Box::pin(async move {
            let answer = scope.clone().run(answer).await?;
            if !may_stream {
                return Ok(answer);
            }
            // A follower would hold its connection, and so the drain, for weeks; told to go, it
            // comes back to another instance at its cursor.
            let end = async move {
                draining.cancelled().await;
                tokio::time::sleep(LAST_WORDS).await;
            };
            Ok(answer.map(|stream| body::until(body::scoped(stream, scope), end, || Refusal::Draining.status())))
        })
    }
}
