//! Serving a router on one port, from the first connection to the last: HTTP/1.1 and HTTP/2, every limit set.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit, Request};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::Problem;
use crate::address::TrustedProxies;
use crate::places::Places;
use crate::trace::traced;

/// Rest after a failed accept: without file descriptors it fails again at once.
const REST: Duration = Duration::from_millis(50);
/// Streams that we reset for a client's protocol errors before its connection is closed.
const LOCAL_RESETS: usize = 256;
/// What a client says first where it speaks HTTP/2 from the start.
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Rest between two looks at a preface that is not whole.
const LOOK: Duration = Duration::from_millis(10);

/// Limits of one HTTP port.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// Connections that are open at once; one more is closed.
    pub connections: usize,
    /// Of them, those that one address may have open, where a household of IPv6 (64 bits) is one; one more is closed. A quarter of all unless told
    /// otherwise, which is more than an exchange or an office behind one address needs. Where one proxy brings everybody, give it all of them.
    pub connections_per_address: usize,
    /// How long the head of a request may take to arrive, in milliseconds.
    pub head_ms: u64,
    /// How long a request may take to arrive whole and be answered, in milliseconds; streams of answers go on.
    pub request_ms: u64,
    /// Bytes of a request's head.
    pub head_bytes: usize,
    /// Bytes of a request's body, unless its route says otherwise.
    pub body_bytes: usize,
    /// Streams on one HTTP/2 connection.
    pub streams_per_connection: u32,
    /// How often a silent HTTP/2 connection is probed, in milliseconds.
    pub keepalive_interval_ms: u64,
    /// Time between the signal to stop and the end, in milliseconds; no more than eight seconds are granted.
    pub drain_ms: u64,
    /// How many proxies of ours stand before this port and write `X-Forwarded-For`.
    pub trusted_proxies: usize,
    /// Time between saying that the port goes down ([`Leaving`]) and taking no more connections, in milliseconds; part of the drain, and half of it at most.
    /// The process gives it (`stack.lame_duck_ms`), as it does to the services.
    #[serde(skip)]
    pub lame_duck_ms: u64,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connections: 4_096,
            connections_per_address: 1_024,
            head_ms: 10_000,
            request_ms: 65_000,
            head_bytes: 32 * 1024,
            body_bytes: 1024 * 1024,
            streams_per_connection: 128,
            keepalive_interval_ms: 20_000,
            drain_ms: 8_000,
            trusted_proxies: 0,
            lame_duck_ms: 0,
        }
    }
}

/// In every request's extensions: cancelled once the port is told to stop, while it still takes whoever comes. What balances load should send nobody any more.
#[derive(Debug, Clone)]
pub struct Leaving(pub CancellationToken);

/// In every request's extensions: cancelled when the port goes down, so that endless answers end.
#[derive(Debug, Clone)]
pub struct Draining(pub CancellationToken);

/// The longest drain that is granted: with the flush of telemetry the process is gone in ten seconds.
const LONGEST_DRAIN: Duration = Duration::from_secs(8);

/// Serves `router` until `cancel` is cancelled. Then [`Leaving`] is told, and everybody is served on for as long as a lame duck walks; after that it drains: no
/// new connections, answers in flight may finish, streams that watch [`Draining`] end, and at the end of the drain whatever is open is cut.
///
/// # Errors
/// None of a client's making: accepting goes on whatever a connection does.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    settings: HttpSettings,
    cancel: CancellationToken,
) -> std::io::Result<()> {
    let drain = Duration::from_millis(settings.drain_ms).min(LONGEST_DRAIN);
    let lame = Duration::from_millis(settings.lame_duck_ms).min(drain / 2);
    let draining = CancellationToken::new();
    let port = Arc::new(Port::new(router, &settings, cancel.clone(), draining.clone()));
    let gone = async {
        cancel.cancelled().await;
        tokio::time::sleep(lame).await;
    };
    tokio::pin!(gone);
    let places = Places::new(settings.connections, settings.connections_per_address);
    let graceful = GracefulShutdown::new();
    let cut = CancellationToken::new();
    loop {
        let (stream, address) = tokio::select! {
            () = &mut gone => break,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(error = %error, "cannot accept a connection");
                    tokio::time::sleep(REST).await;
                    continue;
                }
            },
        };
        // One too many: closed at once, since to leave it waiting would look like a dead server.
        let Some(place) = places.take(address.ip()) else { continue };
        let watcher = graceful.watcher();
        let (port, cut) = (Arc::clone(&port), cut.clone());
        tokio::spawn(async move {
            if !port.is_spoken_to(&stream).await {
                return;
            }
            let connection = watcher.watch(port.connection(stream, address));
            // How a connection ends is its client's business.
            tokio::select! {
                _ = connection => {}
                () = cut.cancelled() => {}
            }
            drop(place);
        });
    }
    drop(listener);
    draining.cancel();
    if tokio::time::timeout(drain - lame, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections still open at the end of the drain are cut");
    }
    cut.cancel();
    Ok(())
}

/// What all connections of a port share.
struct Port {
    router: Router,
    builder: Builder<TokioExecutor>,
    leaving: Leaving,
    draining: Draining,
    proxies: TrustedProxies,
    head: Duration,
    patience: Duration,
}

impl Port {
    fn new(router: Router, settings: &HttpSettings, leaving: CancellationToken, draining: CancellationToken) -> Self {
        let router = router.layer(DefaultBodyLimit::max(settings.body_bytes)).layer(axum::middleware::from_fn(traced));
        Self {
            router,
            builder: tuned(settings),
            leaving: Leaving(leaving),
            draining: Draining(draining),
            proxies: TrustedProxies(settings.trusted_proxies),
            head: Duration::from_millis(settings.head_ms),
            patience: Duration::from_millis(settings.request_ms),
        }
    }

    /// Whether the client says in time which HTTP it speaks: hyper reads that without a timer.
    async fn is_spoken_to(&self, stream: &TcpStream) -> bool {
        tokio::select! {
            said = tokio::time::timeout(self.head, says_its_version(stream)) => matches!(said, Ok(true)),
            () = self.draining.0.cancelled() => false,
        }
    }

    fn connection(
        self: &Arc<Self>,
        stream: TcpStream,
        address: SocketAddr,
    ) -> impl hyper_util::server::graceful::GracefulConnection<Error = Box<dyn std::error::Error + Send + Sync>> + Send + use<>
    {
        // Small answers must not wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let port = Arc::clone(self);
        let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            let port = Arc::clone(&port);
            async move { Ok::<_, Infallible>(port.answer(request.map(Body::new), address).await) }
        });
        self.builder.serve_connection(TokioIo::new(stream), service).into_owned()
    }

    async fn answer(&self, mut request: Request, address: SocketAddr) -> Response {
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(address));
        extensions.insert(self.leaving.clone());
        extensions.insert(self.draining.clone());
        extensions.insert(self.proxies);
        match tokio::time::timeout(self.patience, self.router.clone().oneshot(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => Problem::new(
                StatusCode::REQUEST_TIMEOUT,
                "REQUEST_TIMEOUT",
                "the request did not arrive whole, or was not answered, in time",
            )
            .into_response(),
        }
    }
}

/// Looks, and takes nothing, until the first bytes tell HTTP/2 from HTTP/1.1; `false` where none come any more.
async fn says_its_version(stream: &TcpStream) -> bool {
    let mut seen = [0_u8; PREFACE.len()];
    loop {
        match stream.peek(&mut seen).await {
            Ok(0) | Err(_) => return false,
            Ok(count) if count == PREFACE.len() || !PREFACE.starts_with(&seen[..count]) => return true,
            // What was seen once is seen again at once.
            Ok(_) => tokio::time::sleep(LOOK).await,
        }
    }
}

fn tuned(settings: &HttpSettings) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(settings.head_ms))
        // hyper's own lower bound of its buffer.
        .max_buf_size(settings.head_bytes.max(8 * 1024));
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(settings.streams_per_connection)
        .max_header_list_size(u32::try_from(settings.head_bytes).unwrap_or(u32::MAX))
        // As many as an honest client gives up on at once (CVE-2023-44487); fewer would cost it its connection.
        .max_pending_accept_reset_streams(Some(settings.streams_per_connection as usize))
        .max_local_error_reset_streams(Some(LOCAL_RESETS))
        .keep_alive_interval(Some(Duration::from_millis(settings.keepalive_interval_ms)))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}
