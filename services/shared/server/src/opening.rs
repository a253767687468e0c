//! Before a service serves: it waits until its schema is as new as itself, and says NOT_SERVING meanwhile, so that whoever replaces an older process by
//! this one keeps the older.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use postgres::{Db, Migrator, Settings, StoreError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::House;

/// Time between two looks at a schema that is too old.
const LOOKED_EVERY: Duration = Duration::from_secs(2);
/// Looks after which it is said again what is waited for: a minute.
const SAID_EVERY: u32 = 30;

/// Whether a process waits for its schema. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Opening(Arc<watch::Sender<bool>>);

impl Default for Opening {
    fn default() -> Self {
        Self(Arc::new(watch::channel(false).0))
    }
}

impl Opening {
    /// Ends once something is waited for.
    pub(crate) async fn waits(&self) {
        let mut told = self.0.subscribe();
        if told.wait_for(|waits| *waits).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl House {
    /// Opens the schema of the service `source`, once it is as new as this binary. Until then it waits and says so: a migration is a step of its own, and
    /// a service that began before it would fail at whatever is new.
    ///
    /// # Errors
    /// [`StoreError`] when the database cannot be reached.
    pub async fn open(&self, source: &str, settings: &Settings, migrations: &Migrator) -> Result<Db, StoreError> {
        let db = Db::connect(settings).await?;
        let mut looks = 0;
        while let Some(behind) = postgres::behind(&db, migrations).await? {
            if looks % SAID_EVERY == 0 {
                tracing::warn!(
                    source,
                    "{behind}: run `ventanilla-{source} migrate` as its owner; nobody is served until then"
                );
            }
            looks += 1;
            self.opening.0.send_replace(true);
            tokio::time::sleep(LOOKED_EVERY).await;
        }
        if looks > 0 {
            tracing::info!(source, "the schema is as new as this binary now");
        }
        Ok(db)
    }
}

/// Answers whatever is not asked of the health service that it is too early.
#[derive(Clone)]
pub(crate) struct TooEarlyLayer;

impl<S> Layer<S> for TooEarlyLayer {
    type Service = TooEarly<S>;

    fn layer(&self, inner: S) -> TooEarly<S> {
        TooEarly { inner }
    }
}

#[derive(Clone)]
pub(crate) struct TooEarly<S> {
    inner: S,
}

impl<S> Service<Request<Body>> for TooEarly<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path().starts_with("/grpc.health.v1.Health/") {
            return Box::pin(self.inner.call(request));
        }
        let refused =
            Status::unavailable("the service waits for its schema to be brought up to date; come back").into_http();
        Box::pin(async move { Ok(refused) })
    }
}

/// Runs `assemble`, and beside it, once that waits for a schema, `room`, which is told when it is over and ended before this is.
pub(crate) async fn beside<T, R>(
    opening: &Opening,
    room: impl FnOnce(CancellationToken) -> R,
    assemble: impl Future<Output = T>,
) -> T
where
    R: Future<Output = ()>,
{
    let over = CancellationToken::new();
    let waiting = async {
        tokio::select! {
            () = opening.waits() => room(over.clone()).await,
            () = over.cancelled() => {}
        }
    };
    let assembling = async {
        let assembled = assemble.await;
        over.cancel();
        assembled
    };
    tokio::join!(assembling, waiting).0
}
