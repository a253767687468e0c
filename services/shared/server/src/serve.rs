//! Serving one assembly on one port, from the first connection to the last.
//!
//! tonic hands `None` on to hyper for every limit that is not set, and so takes hyper's own limits
//! away: all of them are set here. `max_connection_age_grace` is left alone, because with it tonic
//! closes connections without telling the client to go (no GOAWAY).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;

use crate::connections::{Connections, Door};
use crate::opening::TooEarlyLayer;
use crate::pulse::{self, ALIVE, tell};
use crate::scope::Scope;
use crate::{Assembly, StackSettings, TokenVerifier, stack};

/// The longest drain that is granted: with the flush of telemetry the process is gone in ten seconds.
const LONGEST_DRAIN: Duration = Duration::from_secs(8);
/// What is kept of the drain for closing pools.
const CLOSING: Duration = Duration::from_secs(1);
/// What is left to calls when a process that waited begins to serve.
const WAITING_ENDS: Duration = Duration::from_millis(100);
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

/// Serves the assembly at this door (a listener is one without TLS) until `cancel` is cancelled, and says by health whether it can: that it is SERVING,
/// as [`Assembly::serving_while`] finds it, and under [`crate::ALIVE`] that the process runs. Then it drains: health says NOT_SERVING, no new
/// connections, workers and streams are told to end, calls and mutations in flight may finish, and
/// after at most eight seconds whatever is still open is cut. Never hangs on an open stream.
///
/// # Errors
/// [`ServeError`] when it could not serve.
pub async fn run(
    assembly: Assembly,
    door: impl Into<Door>,
    settings: StackSettings,
    verifier: Arc<TokenVerifier>,
    cancel: CancellationToken,
) -> Result<(), ServeError> {
    let Assembly { name, routes, workers, denials, services, look, closing } = assembly;
    let scope = Scope::new(name);
    let (health, health_service) = tonic_health::server::health_reporter();
    tell(&health, &services, ServingStatus::Serving).await;
    health.set_service_status(ALIVE, ServingStatus::Serving).await;
    let routes = reflected(routes.add_service(health_service))?;

    let draining = CancellationToken::new();
    let cut = CancellationToken::new();
    let layers = stack::layers(&settings, scope.clone(), verifier, denials, draining.clone());
    let incoming = Connections::new(door.into(), &settings, cut.clone());
    let serving = tokio::spawn(
        tuned(&settings)
            .layer(layers)
            .add_routes(routes)
            .serve_with_incoming_shutdown(incoming, draining.clone().cancelled_owned()),
    );

    let stop_workers = CancellationToken::new();
    let supervised = TaskTracker::new();
    for worker in workers {
        tracing::debug!(service = name, worker = worker.name(), "worker starts");
        supervised.spawn(worker.supervise(scope.clone(), stop_workers.clone()));
    }
    supervised.close();
    let stop_looking = CancellationToken::new();
    let looking = look.map(|look| {
        let (health, services) = (health.clone(), services.clone());
        tokio::spawn(pulse::keep(name, look, health, services, stop_looking.clone()))
    });
    tracing::info!(service = name, "serving");

    let mut serving = serving;
    let early = tokio::select! {
        () = cancel.cancelled() => None,
        ended = &mut serving => Some(ended),
    };

    let limit = Duration::from_millis(settings.drain_ms).min(LONGEST_DRAIN);
    let end = Instant::now() + limit.saturating_sub(CLOSING.min(limit / 4));
    // Who goes is not called back by a database that answers.
    stop_looking.cancel();
    if let Some(looking) = looking {
        let _ = looking.await;
    }
    tell(&health, &services, ServingStatus::NotServing).await;
    if early.is_none() {
        tokio::time::sleep(Duration::from_millis(settings.lame_duck_ms).min(limit / 2)).await;
    }
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

/// Says at this door that nobody is served yet, and nothing else, until `over` is cancelled.
///
/// # Errors
/// [`ServeError::Transport`].
pub(crate) async fn wait(door: Door, settings: &StackSettings, over: CancellationToken) -> Result<(), ServeError> {
    let (health, health_service) = tonic_health::server::health_reporter();
    tell(&health, &[], ServingStatus::NotServing).await;
    health.set_service_status(ALIVE, ServingStatus::Serving).await;
    let cut = CancellationToken::new();
    let incoming = Connections::new(door, settings, cut.clone());
    let served = tuned(settings)
        .layer(TooEarlyLayer)
        .add_routes(Routes::new(health_service))
        .serve_with_incoming_shutdown(incoming, over.clone().cancelled_owned());
    let cutting = async {
        over.cancelled().await;
        // Who is told of health by a stream hears the rest from what serves in this place.
        tokio::time::sleep(WAITING_ENDS).await;
        cut.cancel();
    };
    Ok(tokio::join!(served, cutting).0?)
}

/// These routes and the contract's own descriptors. They are some megabytes, the same for every service, and read once in a process.
fn reflected(routes: Routes) -> Result<Routes, tonic_reflection::server::Error> {
    static READ: OnceLock<Box<dyn Fn(Routes) -> Routes + Send + Sync>> = OnceLock::new();
    if let Some(read) = READ.get() {
        return Ok(read(routes));
    }
    // Most tools of today still ask for the older version.
    let (now, before) = (reflection().build_v1()?, reflection().build_v1alpha()?);
    let read = READ
        .get_or_init(|| Box::new(move |routes: Routes| routes.add_service(now.clone()).add_service(before.clone())));
    Ok(read(routes))
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
        // Streams that a client opened and reset before they were accepted (CVE-2023-44487). An honest one that gives up on all it has open,
        // since nobody answered it for a moment, resets as many as it may have open: fewer would cost it its connection too.
        .http2_max_pending_accept_reset_streams(Some(settings.streams_per_connection as usize))
        .http2_max_local_error_reset_streams(Some(LOCAL_RESETS))
        .http2_keepalive_interval(Some(Duration::from_millis(settings.keepalive_interval_ms)))
        .http2_keepalive_timeout(Some(Duration::from_millis(settings.keepalive_timeout_ms)))
        .initial_stream_window_size(1024 * 1024)
        .initial_connection_window_size(4 * 1024 * 1024)
        .max_frame_size(16 * 1024)
}

fn flatten(ended: Result<Result<(), tonic::transport::Error>, tokio::task::JoinError>) -> Result<(), ServeError> {
    match ended {
        Ok(result) => Ok(result?),
        Err(failure) if failure.is_panic() => std::panic::resume_unwind(failure.into_panic()),
        Err(_) => Ok(()),
    }
}
