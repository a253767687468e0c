//! Serving one assembly on one port, from the first connection to the last.
//!
//! tonic hands `None` on to hyper for every limit that is not set, and so takes hyper's own limits
//! away: all of them are set here. `max_connection_age_grace` is left alone, because with it tonic
//! closes connections without telling the client to go (no GOAWAY).

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tokio_util::task::TaskTracker;
use tonic::transport::Server;
use tonic::transport::server::{Connected, TcpConnectInfo};
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use crate::scope::Scope;
use crate::{Assembly, StackSettings, TokenVerifier, stack};

/// The longest drain that is granted: with the flush of telemetry the process is gone in ten seconds.
const LONGEST_DRAIN: Duration = Duration::from_secs(8);
/// What is kept of the drain for closing pools.
const CLOSING: Duration = Duration::from_secs(1);
/// Streams that a client opened and reset before they were accepted (CVE-2023-44487).
const PENDING_RESETS: usize = 20;
/// Streams that we reset for a client's protocol errors before its connection is closed.
const LOCAL_RESETS: usize = 256;

/// Why serving ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The contract's own descriptors cannot be read.
    #[error("the reflection service cannot be built")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("the server failed")]
    Transport(#[from] tonic::transport::Error),
}

/// Serves the assembly until `cancel` is cancelled, then drains: health says NOT_SERVING, no new
/// connections, workers and streams are told to end, calls and mutations in flight may finish, and
/// after at most eight seconds whatever is still open is cut. Never hangs on an open stream.
///
/// # Errors
/// [`ServeError`] when it could not serve.
pub async fn run(
    assembly: Assembly,
    listener: TcpListener,
    settings: StackSettings,
    verifier: Arc<TokenVerifier>,
    cancel: CancellationToken,
) -> Result<(), ServeError> {
    let Assembly { name, routes, workers, denials, services, closing } = assembly;
    let scope = Scope::new(name);
    let (health, health_service) = tonic_health::server::health_reporter();
    tell(&health, &services, ServingStatus::Serving).await;
    let routes = routes
        .add_service(health_service)
        .add_service(reflection().build_v1()?)
        // Most tools of today still ask for the older version.
        .add_service(reflection().build_v1alpha()?);

    let draining = CancellationToken::new();
    let cut = CancellationToken::new();
    let layers = stack::layers(&settings, scope.clone(), verifier, denials, draining.clone());
    let incoming = Connections::new(listener, settings.connections, cut.clone());
    let serving = tokio::spawn(tuned(&settings).layer(layers).add_routes(routes).serve_with_incoming_shutdown(
        incoming,
        draining.clone().cancelled_owned(),
    ));

    let stop_workers = CancellationToken::new();
    let supervised = TaskTracker::new();
    for worker in workers {
        tracing::debug!(service = name, worker = worker.name(), "worker starts");
        supervised.spawn(worker.supervise(scope.clone(), stop_workers.clone()));
    }
    supervised.close();
    tracing::info!(service = name, "serving");

    let mut serving = serving;
    let early = tokio::select! {
        () = cancel.cancelled() => None,
        ended = &mut serving => Some(ended),
    };

    let limit = Duration::from_millis(settings.drain_ms).min(LONGEST_DRAIN);
    let end = Instant::now() + limit.saturating_sub(CLOSING.min(limit / 4));
    tell(&health, &services, ServingStatus::NotServing).await;
    draining.cancel();
    stop_workers.cancel();
    let result = match early {
        Some(ended) => flatten(ended),
        None => match tokio::time::timeout_at(end, &mut serving).await {
            Ok(ended) => flatten(ended),
            Err(_) => {
                tracing::warn!(service = name, "connections still open at the end of the drain are cut");
                serving.abort();
                Ok(())
            }
        },
    };
    scope.running.close();
    let rest = async { tokio::join!(scope.running.wait(), supervised.wait()) };
    if tokio::time::timeout_at(end, rest).await.is_err() {
        tracing::warn!(service = name, "work still running at the end of the drain is abandoned");
    }
    cut.cancel();
    let close = async {
        for close in closing {
            close().await;
        }
    };
    if tokio::time::timeout(CLOSING, close).await.is_err() {
        tracing::warn!(service = name, "closing took too long and is abandoned");
    }
    tracing::info!(service = name, "stopped");
    result
}

async fn tell(health: &HealthReporter, services: &[&'static str], status: ServingStatus) {
    for service in services {
        health.set_service_status(service, status).await;
    }
    health.set_service_status("", status).await;
}

fn reflection<'a>() -> tonic_reflection::server::Builder<'a> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(ventanilla_proto::DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

fn tuned(settings: &StackSettings) -> Server {
    Server::builder()
        .max_concurrent_streams(settings.streams_per_connection)
        .http2_max_header_list_size(settings.header_list_bytes)
        .http2_max_pending_accept_reset_streams(Some(PENDING_RESETS))
        .http2_max_local_error_reset_streams(Some(LOCAL_RESETS))
        .http2_keepalive_interval(Some(Duration::from_millis(settings.keepalive_interval_ms)))
        .http2_keepalive_timeout(Some(Duration::from_millis(settings.keepalive_timeout_ms)))
        .initial_stream_window_size(1024 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024)
        .max_frame_size(16 * 1024)
}

fn flatten(
    ended: Result<Result<(), tonic::transport::Error>, tokio::task::JoinError>,
) -> Result<(), ServeError> {
    match ended {
        Ok(result) => Ok(result?),
        Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
        Err(_) => Ok(()),
    }
}

/// The connections of a listener: at most so many at once, each of which can be cut.
struct Connections {
    listener: TcpListener,
    places: Arc<Semaphore>,
    cut: CancellationToken,
}

impl Connections {
    fn new(listener: TcpListener, places: usize, cut: CancellationToken) -> Self {
        Self { listener, places: Arc::new(Semaphore::new(places)), cut }
    }
}

impl Stream for Connections {
    type Item = io::Result<Connection>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let (stream, _) = match self.listener.poll_accept(cx) {
                Poll::Ready(Ok(accepted)) => accepted,
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
                Poll::Pending => return Poll::Pending,
            };
            // One too many: closed at once, since to leave it waiting would look like a dead server.
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { continue };
            // Small answers must not wait for a full segment.
            let _ = stream.set_nodelay(true);
            let cut = Box::pin(self.cut.clone().cancelled_owned());
            return Poll::Ready(Some(Ok(Connection { stream, cut, _place: place })));
        }
    }
}

/// A connection that reads as broken once it was cut, whatever streams are open on it: dropping
/// tonic's server leaves its connections running.
struct Connection {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    fn is_cut(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the server went down")),
            Poll::Pending => Ok(()),
        }
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.is_cut(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.is_cut(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_cut(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
