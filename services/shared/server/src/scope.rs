//! Which service the running task works for. Several services share one process in the suite, so
//! the name cannot be a global; it travels with the task.

use std::any::Any;
use std::future::Future;
use std::sync::Arc;

use tokio_util::task::TaskTracker;

/// A call's place among those served at once, given back when nobody holds it any more.
#[derive(Clone)]
pub(crate) struct Place {
    _held: Arc<dyn Any + Send + Sync>,
}

impl Place {
    pub(crate) fn new(held: impl Send + Sync + 'static) -> Self {
        Self { _held: Arc::new(held) }
    }
}

/// What every task that serves a call carries.
#[derive(Clone)]
pub(crate) struct Scope {
    /// Name of the service.
    pub(crate) service: &'static str,
    /// Work that must end before the service may go.
    pub(crate) running: TaskTracker,
    /// The call's place among those served at once. A task that outlives its caller keeps it, or
    /// impatient callers could pile up work without limit.
    _place: Option<Place>,
}

tokio::task_local! {
    static SCOPE: Scope;
}

impl Scope {
    pub(crate) fn new(service: &'static str) -> Self {
        Self { service, running: TaskTracker::new(), _place: None }
    }

    /// The same scope for work that takes this place.
    pub(crate) fn holding(&self, place: Place) -> Self {
        Self { _place: Some(place), ..self.clone() }
    }

    pub(crate) fn current() -> Option<Self> {
        SCOPE.try_with(Clone::clone).ok()
    }

    pub(crate) async fn run<F: Future>(self, work: F) -> F::Output {
        SCOPE.scope(self, work).await
    }

    pub(crate) fn enter<T>(&self, work: impl FnOnce() -> T) -> T {
        SCOPE.sync_scope(self.clone(), work)
    }
}

/// Name of the service the running task works for.
pub(crate) fn service() -> Option<&'static str> {
    SCOPE.try_with(|scope| scope.service).ok()
}

/// The same work, to be spawned by a handler: it keeps the span and the service's name, so that
/// a [`status`](crate::status()) made inside names the right error domain.
pub fn keep_scope<F>(work: F) -> impl Future<Output = F::Output> + Send
where
    F: Future + Send,
{
    use tracing::Instrument as _;
    let scope = Scope::current();
    let work = work.in_current_span();
    async move {
        match scope {
            Some(scope) => scope.run(work).await,
            None => work.await,
        }
    }
}
