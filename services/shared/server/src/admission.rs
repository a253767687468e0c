//! How many calls are served at once, and who is turned away first.
//!
//! tower's own limit takes its permit in `poll_ready`, and so lets idle connections hold permits
//! and busy ones wait. This layer takes one in `call` or refuses at once: a queue in front of a
//! full service only makes its answers late.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::{Request, Response};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::body::Body;
use tower::{Layer, Service};
use ventanilla_proto::TrafficClass;

use crate::scope::Scope;
use crate::{Refusal, body};

/// How much a service takes on.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdmissionSettings {
    /// Calls that are served at once. Console may fill 90 % of it, synchronisation 70 %, export
    /// 50 %; a caller in a ring may have it all.
    pub concurrent_calls: usize,
    /// Streams that are open at once, counted apart: a ledger's followers must not take the place
    /// of calls.
    pub open_streams: usize,
    /// Of them, those that only services may open: whatever everybody else keeps open, the
    /// followers of the ledgers find a place.
    pub streams_for_services: usize,
    /// Streams that one caller may have open at once.
    pub streams_per_caller: usize,
    /// When a refused caller should come back, in milliseconds.
    pub retry_after_ms: u64,
}

impl Default for AdmissionSettings {
    fn default() -> Self {
        Self {
            concurrent_calls: 256,
            open_streams: 128,
            streams_for_services: 32,
            streams_per_caller: 32,
            retry_after_ms: 500,
        }
    }
}

/// Calls that are no part of the contract and ask for no token (watching health, reflection, unknown
/// methods) at once: enough for tools, too few to be a weapon.
const VISITORS: usize = 64;
const HEALTH_CHECK: &str = "/grpc.health.v1.Health/Check";

/// The share of all places, in percent, that calls up to this class may fill.
const fn share(class: TrafficClass) -> usize {
    match class {
        TrafficClass::Ivr => 100,
        TrafficClass::Console => 90,
        TrafficClass::Sync => 70,
        TrafficClass::Export => 50,
    }
}

/// Turns away what does not fit. See the module.
#[derive(Clone)]
pub(crate) struct AdmissionLayer(Arc<Places>);

struct Places {
    total: usize,
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    visitors: Arc<Semaphore>,
    retry_after: Duration,
}

impl AdmissionLayer {
    pub(crate) fn new(settings: &AdmissionSettings) -> Self {
        Self(Arc::new(Places {
            total: settings.concurrent_calls,
            calls: Arc::new(Semaphore::new(settings.concurrent_calls)),
            streams: Arc::new(Semaphore::new(settings.open_streams)),
            visitors: Arc::new(Semaphore::new(VISITORS)),
            retry_after: Duration::from_millis(settings.retry_after_ms),
        }))
    }
}

impl Places {
    /// A place for a call of this class, if its share is not used up.
    fn call(&self, class: TrafficClass) -> Option<OwnedSemaphorePermit> {
        let permit = Arc::clone(&self.calls).try_acquire_owned().ok()?;
        let used = self.total.saturating_sub(self.calls.available_permits());
        // At least one place, or a small limit would shut a class out for good.
        let allowed = (self.total * share(class) / 100).max(1);
        (used <= allowed).then_some(permit)
    }

    fn stream(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.streams).try_acquire_owned().ok()
    }

    fn visitor(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.visitors).try_acquire_owned().ok()
    }
}

impl<S> Layer<S> for AdmissionLayer {
    type Service = Admission<S>;

    fn layer(&self, inner: S) -> Admission<S> {
        Admission { inner, places: Arc::clone(&self.0) }
    }
}

#[derive(Clone)]
pub(crate) struct Admission<S> {
    inner: S,
    places: Arc<Places>,
}

impl<S> Service<Request<Body>> for Admission<S>
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

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // A full service that seems dead gets restarted, and is fuller.
        if request.uri().path() == HEALTH_CHECK {
            return Box::pin(self.inner.call(request));
        }
        let policy = ventanilla_proto::policy_of(request.uri().path());
        let streaming = policy.is_none_or(|policy| policy.streaming);
        let place = match policy {
            None => self.places.visitor(),
            Some(policy) if policy.streaming => self.places.stream(),
            Some(policy) => self.places.call(policy.traffic_class),
        };
        let Some(place) = place else {
            let refusal = Refusal::Overloaded { retry_after: self.places.retry_after };
            return Box::pin(std::future::ready(Ok(refusal.answer())));
        };
        let place = Arc::new(place);
        let scope = Scope::current().map(|scope| scope.holding(Arc::clone(&place)));
        let answer = match &scope {
            Some(scope) => scope.enter(|| self.inner.call(request)),
            None => self.inner.call(request),
        };
        Box::pin(async move {
            let answer = match scope {
                Some(scope) => scope.run(answer).await?,
                None => answer.await?,
            };
            // A unary answer is complete here; a stream keeps its place until it ends.
            Ok(if streaming { answer.map(|stream| body::holding(stream, place)) } else { answer })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_urgent_are_turned_away_first() {
        let layer = AdmissionLayer::new(&AdmissionSettings { concurrent_calls: 10, ..Default::default() });
        let mut held = Vec::new();
        let mut fill = |class| {
            let before = held.len();
            while let Some(permit) = layer.0.call(class) {
                held.push(permit);
            }
            (before, held.len())
        };
        assert_eq!(fill(TrafficClass::Export), (0, 5));
        assert_eq!(fill(TrafficClass::Sync), (5, 7));
        assert_eq!(fill(TrafficClass::Console), (7, 9));
        assert_eq!(fill(TrafficClass::Export), (9, 9));
        assert_eq!(fill(TrafficClass::Ivr), (9, 10));
        held.clear();
        assert!(layer.0.call(TrafficClass::Export).is_some());
    }
}
