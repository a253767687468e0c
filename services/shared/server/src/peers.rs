//! Calling another service of the house.
//!
//! A call carries the service's own token, the trace, what is left of the caller's time, and, when
//! it is made for somebody, that user's own token: never a user's name as plain metadata. A gateway has no say of
//! its own: it calls as whoever called it (`as_caller`). Where nobody can be called, at a form for everybody, it shows a token for that form
//! alone (`showing`).

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderValue, Request, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tonic::body::Body;
use tonic::transport::{Channel, Endpoint};
use tower::Service;
use tracing::Instrument as _;

use crate::{Call, Refusal, Tls, TokenSource, deadline, trace};

mod breaker;
mod encrypted;
mod line;

pub(crate) use encrypted::Encrypted;
use line::Line;

/// Metadata that carries the end user's token, signed by the identity provider as always.
pub(crate) const ON_BEHALF_OF: &str = "x-ventanilla-on-behalf-of";

/// How peers are called.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeerSettings {
    /// How long connecting may take, in milliseconds.
    pub connect_timeout_ms: u64,
    /// Longest a call to a peer may take, whatever the caller gave, in milliseconds. Streams that
    /// nobody gave a limit run until they are ended.
    pub call_timeout_ms: u64,
    /// Calls to one peer that may be under way at once, streams not counted, so that one that hangs does not take the whole service along; one more is
    /// answered UNAVAILABLE (`PEER_BUSY`) at once. A service's own is a quarter of what it takes itself (`stack.admission.concurrent_calls`)
    /// unless this is set; a front has none.
    pub concurrent_calls: Option<usize>,
    /// How often a connection is probed, in milliseconds.
    pub keepalive_interval_ms: u64,
    /// How long the answer to a probe may take, in milliseconds.
    pub keepalive_timeout_ms: u64,
}

impl Default for PeerSettings {
    fn default() -> Self {
        Self {
            connect_timeout_ms: 2_000,
            call_timeout_ms: 5_000,
            concurrent_calls: None,
            keepalive_interval_ms: 10_000,
            keepalive_timeout_ms: 5_000,
        }
    }
}

/// Why there is no channel to a peer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PeerError {
    /// Nobody said where it is.
    #[error("no address is configured for the peer {0}")]
    Unknown(String),
    /// What was said is no address.
    #[error("the address of the peer {0} is no URI such as http://localhost:7102")]
    Address(String),
    /// Tokens would go there in the clear, although there are certificates.
    #[error("the address of the peer {0} must begin with https, since `tls` is set")]
    Clear(String),
    /// There are no certificates to call it with.
    #[error("the address of the peer {0} begins with https, and `tls` is not set")]
    NoTls(String),
}

/// The other services, by name. Cheap to clone; connections are made when first used and made
/// again when they break, so services may start in any order.
#[derive(Clone)]
pub struct Peers(Arc<Inner>);

struct Inner {
    lines: BTreeMap<String, (Channel, Arc<Line>)>,
    tokens: TokenSource,
    call_timeout: Duration,
}

impl Peers {
    /// Peers at these addresses (`http://host:port`). Must be called inside the runtime.
    ///
    /// # Errors
    /// [`PeerError::Address`] for one that is no URI, [`PeerError::NoTls`] for one that asks for TLS.
    pub fn new(
        addresses: &BTreeMap<String, String>,
        tokens: TokenSource,
        settings: &PeerSettings,
    ) -> Result<Self, PeerError> {
        Self::over(None, addresses, tokens, settings)
    }

    /// The same over TLS (`https://host:port`), where each peer shows a certificate of its own name.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`PeerError::Clear`] for an address without TLS where there is one.
    pub fn over(
        tls: Option<&Tls>,
        addresses: &BTreeMap<String, String>,
        tokens: TokenSource,
        settings: &PeerSettings,
    ) -> Result<Self, PeerError> {
        let mut lines = BTreeMap::new();
        for (name, address) in addresses {
            let endpoint = Endpoint::from_shared(address.clone()).map_err(|_| PeerError::Address(name.clone()))?;
            let encrypted = endpoint.uri().scheme_str() == Some("https");
            let endpoint = tuned(endpoint, settings);
            let channel = match tls {
                None if encrypted => return Err(PeerError::NoTls(name.clone())),
                None => endpoint.connect_lazy(),
                Some(_) if !encrypted => return Err(PeerError::Clear(name.clone())),
                Some(tls) => {
                    let encrypted = tls.peer(name).map_err(|_| PeerError::Address(name.clone()))?;
                    endpoint.connect_with_connector_lazy(encrypted)
                }
            };
            lines.insert(name.clone(), (channel, Arc::new(Line::new(name.as_str(), settings.concurrent_calls))));
        }
        let call_timeout = Duration::from_millis(settings.call_timeout_ms);
        Ok(Self(Arc::new(Inner { lines, tokens, call_timeout })))
    }

    /// Nobody: for a service that calls none, and for tests.
    pub fn none() -> Self {
        let tokens = TokenSource::nothing();
        Self(Arc::new(Inner { lines: BTreeMap::new(), tokens, call_timeout: Duration::ZERO }))
    }

    /// The channel to this peer; give it to a generated client.
    ///
    /// # Errors
    /// [`PeerError::Unknown`] when no address was configured.
    pub fn channel(&self, name: &str) -> Result<PeerChannel, PeerError> {
        let (channel, line) = self.0.lines.get(name).ok_or_else(|| PeerError::Unknown(name.to_owned()))?;
        Ok(PeerChannel {
            channel: channel.clone(),
            line: Arc::clone(line),
            shown: Shown::Own(self.0.tokens.clone()),
            call_timeout: self.0.call_timeout,
            deadline: None,
            user: None,
        })
    }
}

fn tuned(endpoint: Endpoint, settings: &PeerSettings) -> Endpoint {
    endpoint
        .connect_timeout(Duration::from_millis(settings.connect_timeout_ms))
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_millis(settings.keepalive_interval_ms))
        .keep_alive_timeout(Duration::from_millis(settings.keepalive_timeout_ms))
        // Error details of many violations need more than hyper's 16 KiB would leave us.
        .http2_max_header_list_size(32 * 1024)
}

/// Whose token a call shows.
#[derive(Clone)]
enum Shown {
    /// The service's own.
    Own(TokenSource),
    /// The caller's, who may have none.
    Callers(Option<HeaderValue>),
}

/// A channel to one peer, which generated clients take as their transport.
///
/// A unary call that found no connection, lost it, or came to an instance that is going down is made once more, within the caller's time and
/// as long as such calls are few beside the others: every one that changes something carries a `request_id`. A method that keeps failing
/// is left alone for a second, then up to five: its calls are answered UNAVAILABLE (`PEER_AWAY`) at once.
#[derive(Clone)]
pub struct PeerChannel {
    channel: Channel,
    line: Arc<Line>,
    shown: Shown,
    call_timeout: Duration,
    deadline: Option<Instant>,
    user: Option<Arc<SecretString>>,
}

impl PeerChannel {
    /// The same channel for work done in this call: no longer than its caller waits, and in the
    /// name of its user.
    #[must_use]
    pub fn for_call(&self, call: &Call) -> Self {
        Self { deadline: call.deadline, user: call.user_token.clone(), ..self.clone() }
    }

    /// The same channel for a gateway's caller: their token as they gave it and no other, none for an open RPC, and no
    /// longer than they wait (`None` for a stream). The peer judges the token; what is no header value is no token.
    #[must_use]
    pub fn as_caller(&self, bearer: Option<&SecretString>, deadline: Option<Instant>) -> Self {
        let value = bearer.and_then(|token| {
            let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose_secret())).ok()?;
            value.set_sensitive(true);
            Some(value)
        });
        Self { shown: Shown::Callers(value), deadline, user: None, ..self.clone() }
    }

    /// The same channel for a page of a gateway that nobody signs in to: with the token that the gateway was given for it, and no longer than whoever
    /// looks at the page waits.
    #[must_use]
    pub fn showing(&self, tokens: &TokenSource, deadline: Option<Instant>) -> Self {
        Self { shown: Shown::Own(tokens.clone()), deadline, user: None, ..self.clone() }
    }

    /// How long the call may take; `None` for a stream that nobody gave a limit.
    fn budget(&self, path: &str) -> Option<Duration> {
        let left = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let streaming = streams(path);
        match left {
            Some(left) if streaming => Some(left),
            Some(left) => Some(left.min(self.call_timeout)),
            None if streaming => None,
            None => Some(self.call_timeout),
        }
    }

    fn prepare(&self, request: &mut Request<Body>, span: &tracing::Span, budget: Option<Duration>) -> Result<(), ()> {
        let headers = request.headers_mut();
        let bearer = match &self.shown {
            Shown::Callers(bearer) => bearer.clone(),
            Shown::Own(tokens) => tokens.authorization().map_err(|error| {
                tracing::error!(error = kernel::chain(&error), "no token to show to a peer");
            })?,
        };
        if let Some(bearer) = bearer {
            headers.insert(http::header::AUTHORIZATION, bearer);
        }
        if let Some(user) = &self.user
            && let Ok(mut value) = HeaderValue::try_from(user.expose_secret())
        {
            value.set_sensitive(true);
            headers.insert(ON_BEHALF_OF, value);
        }
        if let Some(budget) = budget {
            headers.insert(deadline::GRPC_TIMEOUT, deadline::write(budget));
        }
        telemetry::inject(span, headers);
        Ok(())
    }
}

/// Whether the method answers by a stream, which may stay open.
fn streams(path: &str) -> bool {
    ventanilla_proto::policy_of(path).is_none_or(|policy| policy.streaming)
}

/// A call whose peer does not answer in time. It is asked to stop by itself; this is for one that does not, and tonic's own timer would say
/// CANCELLED.
async fn within<T>(budget: Option<Duration>, answer: impl Future<Output = T>) -> Option<T> {
    match budget {
        Some(budget) => tokio::time::timeout(budget.saturating_sub(deadline::AHEAD_OF_TONIC), answer).await.ok(),
        None => Some(answer.await),
    }
}

impl Service<Request<Body>> for PeerChannel {
    type Response = Response<Body>;
    type Error = tonic::transport::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let method = ventanilla_proto::policy_of(path).filter(|policy| !policy.streaming);
        let (span, budget) = (trace::client_span(path, self.line.peer()), self.budget(path));
        let pass = match method.map(|method| self.line.admit(method.path)).transpose() {
            Ok(pass) => pass,
            Err(refusal) => return Box::pin(std::future::ready(Ok(refusal.answer()))),
        };
        if self.prepare(&mut request, &span, budget).is_err() {
            return Box::pin(std::future::ready(Ok(Refusal::TokenMissing.answer())));
        }
        let again = self.channel.clone();
        // The one that said it is ready.
        let mut channel = std::mem::replace(&mut self.channel, again);
        let (line, recorded) = (Arc::clone(&self.line), span.clone());
        let call = async move {
            let began = Instant::now();
            let answer = match pass {
                Some(pass) => {
                    let answer = within(budget, line.call(channel, request, budget)).await;
                    pass.ended(line::judged(answer.as_ref(), budget));
                    answer
                }
                None => within(budget, channel.call(request)).await,
            };
            let answer = answer.unwrap_or_else(|| Ok(Refusal::DeadlineExceeded.answer()));
            if let Some(method) = method {
                line.record(method.path, began.elapsed(), trace::code_of(&answer));
            }
            if let Ok(answer) = &answer {
                trace::record_client(&recorded, answer.headers());
            }
            answer
        };
        Box::pin(call.instrument(span))
    }
}
