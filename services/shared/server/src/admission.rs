//! How many calls are served at once, and who is turned away first.
//!
//! tower's own limit takes its permit in `poll_ready`, and so lets idle connections hold permits
//! and busy ones wait. This layer takes one in `call` or refuses at once: a queue in front of a
//! full service only makes its answers late.
//!
//! It stands outermost, and what it says is made beforehand: ten times more calls than can be served are nine refusals
//! to one answer, and each takes its time from those that are served. So a refused call has its count and duration among
//! the others', and no span of its own; its caller's span says how it ended.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::{HeaderMap, Request, Response};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::either::Either;
use tonic::body::Body;
use tower::{Layer, Service};
use ventanilla_proto::TrafficClass;

use crate::Refusal;
use crate::flow::Flow;
use crate::scope::Place;
use crate::trace;

/// How much a service takes on.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdmissionSettings {
    /// Calls that are served at once. Console may fill 90 % of it, synchronisation 70 %, export
    /// 50 %; a caller in a ring may have it all.
    pub concurrent_calls: usize,
    /// What most calls may take, in milliseconds. Once more than half of them take longer, fewer are taken on at once, a quarter at
    /// the least, so that nobody waits in vain; a ring is not counted out by that.
    pub tolerated_ms: u64,
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
            tolerated_ms: 250,
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
pub(crate) struct AdmissionLayer {
    places: Arc<Places>,
    service: &'static str,
}

struct Places {
    total: usize,
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    visitors: Arc<Semaphore>,
    flow: Arc<Mutex<Flow>>,
    /// The answer to whoever finds no place.
    full: HeaderMap,
}

impl AdmissionLayer {
    pub(crate) fn new(settings: &AdmissionSettings, service: &'static str) -> Self {
        let full = Refusal::Overloaded { retry_after: Duration::from_millis(settings.retry_after_ms) };
        let tolerated = Duration::from_millis(settings.tolerated_ms.max(1));
        let places = Places {
            total: settings.concurrent_calls,
            calls: Arc::new(Semaphore::new(settings.concurrent_calls)),
            streams: Arc::new(Semaphore::new(settings.open_streams)),
            visitors: Arc::new(Semaphore::new(VISITORS)),
            flow: Arc::new(Mutex::new(Flow::new(settings.concurrent_calls, tolerated, Instant::now()))),
            full: full.answer().into_parts().0.headers,
        };
        Self { places: Arc::new(places), service }
    }
}

impl Places {
    /// A place for a call of this class, if its share is not used up.
    fn call(&self, class: TrafficClass) -> Option<Place> {
        let permit = Arc::clone(&self.calls).try_acquire_owned().ok()?;
        let used = self.total.saturating_sub(self.calls.available_permits());
        let open = if class == TrafficClass::Ivr { self.total } else { lock(&self.flow).open() };
        // At least one place, or a small limit would shut a class out for good.
        let allowed = (open * share(class) / 100).max(1);
        (used <= allowed).then(|| {
            let inside = Inside { _permit: permit, since: Instant::now(), flow: Arc::clone(&self.flow) };
            Place::new(inside)
        })
    }

    fn stream(&self) -> Option<Place> {
        Arc::clone(&self.streams).try_acquire_owned().ok().map(Place::new)
    }

    fn visitor(&self) -> Option<Place> {
        Arc::clone(&self.visitors).try_acquire_owned().ok().map(Place::new)
    }
}

fn lock(flow: &Mutex<Flow>) -> MutexGuard<'_, Flow> {
    flow.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call that is being served. Tells the flow how long it took when nothing of it runs any more.
struct Inside {
    _permit: OwnedSemaphorePermit,
    since: Instant,
    flow: Arc<Mutex<Flow>>,
}

impl Drop for Inside {
    fn drop(&mut self) {
        let now = Instant::now();
        lock(&self.flow).ends(now, now - self.since);
    }
}

impl<S> Layer<S> for AdmissionLayer {
    type Service = Admission<S>;

    fn layer(&self, inner: S) -> Admission<S> {
        Admission { inner, places: Arc::clone(&self.places), service: self.service }
    }
}

#[derive(Clone)]
pub(crate) struct Admission<S> {
    inner: S,
    places: Arc<Places>,
    service: &'static str,
}

impl<S> Service<Request<Body>> for Admission<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // A full service that seems dead gets restarted, and is fuller.
        if request.uri().path() == HEALTH_CHECK {
            return Either::Left(self.inner.call(request));
        }
        let began = Instant::now();
        let policy = ventanilla_proto::policy_of(request.uri().path());
        let place = match policy {
            None => self.places.visitor(),
            Some(policy) if policy.streaming => self.places.stream(),
            Some(policy) => self.places.call(policy.traffic_class),
        };
        let Some(place) = place else {
            trace::turned_away(self.service, policy, began);
            let mut answer = Response::new(Body::empty());
            *answer.headers_mut() = self.places.full.clone();
            return Either::Right(ready(Ok(answer)));
        };
        // The scope takes it, and keeps it until nothing of the call runs any more.
        request.extensions_mut().insert(place);
        Either::Left(self.inner.call(request))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_urgent_are_turned_away_first() {
        let layer = AdmissionLayer::new(&AdmissionSettings { concurrent_calls: 10, ..Default::default() }, "test");
        let mut held = Vec::new();
        let mut fill = |class| {
            let before = held.len();
            while let Some(permit) = layer.places.call(class) {
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
        assert!(layer.places.call(TrafficClass::Export).is_some());
    }
}
