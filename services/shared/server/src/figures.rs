//! What a service knows of itself and no call tells: where its ledger stands, how its pool does, what
//! is due. Looked at every few seconds, and only where somebody reads the figures of this process.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kernel::Classify;
use ledger::Ledger;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use postgres::StoreError;
use tokio_util::sync::CancellationToken;

use crate::{Assembly, Worker};

/// Between two looks: a scraper that comes every fifteen seconds finds none older than a third of that.
const PERIOD: Duration = Duration::from_secs(5);
/// A look that takes longer is given up: figures must not add to what they tell of.
const LOOK: Duration = Duration::from_secs(4);
/// Seconds that a connection of the pool was waited for.
const WAITS: [f64; 10] = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0];

/// A figure of one service that goes up and down.
#[derive(Clone)]
pub struct Figure {
    gauge: opentelemetry::metrics::Gauge<f64>,
    service: &'static str,
}

impl Figure {
    /// A figure of `service`; `unit` as UCUM writes it, empty for a count.
    pub fn new(service: &'static str, name: &'static str, unit: &'static str, description: &'static str) -> Self {
        let gauge = telemetry::meter().f64_gauge(name).with_unit(unit).with_description(description).build();
        Self { gauge, service }
    }

    /// Says what it is now. Attributes are words of the house and never anything of a person.
    pub fn set(&self, value: f64, attributes: &[(&'static str, &'static str)]) {
        let mut all = vec![KeyValue::new("ventanilla.service", self.service)];
        all.extend(attributes.iter().map(|(key, value)| KeyValue::new(*key, *value)));
        self.gauge.record(value, &all);
    }

    /// The same of something that is counted.
    pub fn count(&self, value: i64, attributes: &[(&'static str, &'static str)]) {
        // A count beyond 2^53 is not a count of anything here.
        #[allow(clippy::cast_precision_loss, reason = "see above")]
        self.set(value as f64, attributes);
    }
}

impl Assembly {
    /// Looks at something every few seconds and records it, where this process shows its figures to
    /// anybody. A look that fails is no failure of the service: what it would have told is told next time.
    #[must_use]
    pub fn figures<F, R, E>(self, name: &'static str, look: F) -> Self
    where
        F: Fn() -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: Classify + Send + 'static,
    {
        if !telemetry::is_metered() {
            return self;
        }
        let looked = Looked::shown(self.name, name);
        self.worker(Worker::new(name, move |cancel| every(look.clone(), name, Arc::clone(&looked), cancel)))
    }

    /// The figures that every service has: its ledger and its pool.
    pub(crate) fn ledger_figures(self, ledger: &Ledger) -> Self {
        let books = Books::of(ledger.source());
        let ledger = ledger.clone();
        self.figures("figures", move || {
            let (books, ledger) = (books.clone(), ledger.clone());
            async move { books.look(&ledger).await }
        })
    }
}

/// When a look last succeeded. A figure that nobody could look at stays as it was: this one says how old it is, computed when it is
/// read and by this process's own clock.
struct Looked(Mutex<tokio::time::Instant>);

impl Looked {
    fn shown(service: &'static str, worker: &'static str) -> Arc<Self> {
        let looked = Arc::new(Self(Mutex::new(tokio::time::Instant::now())));
        // Told for as long as somebody looks, and not by what an ended service left behind.
        let (told, of) =
            (Arc::downgrade(&looked), [KeyValue::new("ventanilla.service", service), KeyValue::new("worker", worker)]);
        telemetry::meter()
            .f64_observable_gauge("ventanilla.figures.age")
            .with_unit("s")
            .with_description("since when the service has not been able to look at what its figures tell of")
            .with_callback(move |observer| {
                if let Some(looked) = told.upgrade() {
                    observer.observe(looked.age().as_secs_f64(), &of);
                }
            })
            .build();
        looked
    }

    fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = tokio::time::Instant::now();
    }

    fn age(&self) -> Duration {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }
}

async fn every<F, R, E>(look: F, name: &'static str, looked: Arc<Looked>, cancel: CancellationToken)
where
    F: Fn() -> R,
    R: Future<Output = Result<(), E>>,
    E: Classify,
{
    loop {
        match tokio::time::timeout(LOOK, look()).await {
            Ok(Ok(())) => looked.now(),
            Ok(Err(error)) => tracing::debug!(worker = name, error = kernel::chain(&error), "no figures this time"),
            Err(_) => tracing::debug!(worker = name, "no figures this time: the look took too long"),
        }
        tokio::select! {
            () = cancel.cancelled() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Of a ledger and the pool it is written through.
#[derive(Clone)]
struct Books {
    position: Figure,
    waiting: Figure,
    waiting_age: Figure,
    parked: Figure,
    connections: Figure,
    most: Figure,
    wait: Histogram<f64>,
}

impl Books {
    fn of(service: &'static str) -> Self {
        let figure = |name, unit, description| Figure::new(service, name, unit, description);
        Self {
            position: figure("ventanilla.ledger.position", "", "position of the last entry of the service's ledger"),
            waiting: figure("ventanilla.ledger.waiting", "", "committed entries that wait for a position"),
            waiting_age: figure("ventanilla.ledger.waiting.age", "s", "how long the first of them has waited"),
            parked: figure("ventanilla.ledger.parked", "", "entries of others that could not be applied and wait"),
            connections: figure("db.client.connection.count", "", "connections of the pool, by state"),
            most: figure("db.client.connection.max", "", "connections that the pool may open"),
            wait: telemetry::meter()
                .f64_histogram("db.client.connection.wait_time")
                .with_unit("s")
                .with_description("how long a look every few seconds waited for a connection of the pool")
                .with_boundaries(WAITS.to_vec())
                .build(),
        }
    }

    async fn look(&self, ledger: &Ledger) -> Result<(), StoreError> {
        let pool = ledger.db().reader();
        let (open, idle) = (i64::from(pool.size()), i64::try_from(pool.num_idle()).unwrap_or(0));
        self.connections.count(idle.min(open), &[("db.client.connection.state", "idle")]);
        self.connections.count((open - idle).max(0), &[("db.client.connection.state", "used")]);
        self.most.count(pool.options().get_max_connections().into(), &[]);

        let began = Instant::now();
        let connection = pool.acquire().await;
        let waited = [KeyValue::new("ventanilla.service", ledger.source())];
        self.wait.record(began.elapsed().as_secs_f64(), &waited);
        let standing = ledger.standing(&mut *connection?).await?;
        self.position.count(standing.position, &[]);
        self.waiting.count(standing.waiting, &[]);
        self.waiting_age.set(standing.waiting_seconds, &[]);
        self.parked.count(standing.parked, &[]);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use kernel::Kind;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("locked out")]
    struct LockedOut;

    impl Classify for LockedOut {
        fn kind(&self) -> Kind {
            Kind::Unavailable
        }

        fn reason(&self) -> &'static str {
            "LOCKED_OUT"
        }
    }

    #[tokio::test(start_paused = true)]
    async fn figures_grow_old_while_no_look_succeeds_and_are_fresh_with_the_first_that_does() {
        let well = Arc::new(AtomicBool::new(true));
        let looked = Looked::shown("testing", "figures");
        let asked = Arc::clone(&well);
        let look = move || {
            let well = asked.load(Ordering::Relaxed);
            async move { if well { Ok(()) } else { Err(LockedOut) } }
        };
        let cancel = CancellationToken::new();
        let looking = tokio::spawn(every(look, "figures", Arc::clone(&looked), cancel.clone()));
        tokio::time::sleep(Duration::from_secs(61)).await;
        assert!(looked.age() <= PERIOD, "{:?}", looked.age());
        well.store(false, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(looked.age() >= Duration::from_secs(60), "{:?}", looked.age());
        well.store(true, Ordering::Relaxed);
        tokio::time::sleep(PERIOD).await;
        assert!(looked.age() <= PERIOD, "{:?}", looked.age());
        cancel.cancel();
        looking.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_hangs_is_none() {
        let looked = Looked::shown("testing", "hanging");
        let cancel = CancellationToken::new();
        let hang = std::future::pending::<Result<(), LockedOut>>;
        let looking = tokio::spawn(every(hang, "hanging", Arc::clone(&looked), cancel.clone()));
        tokio::time::sleep(Duration::from_secs(90)).await;
        assert!(looked.age() >= Duration::from_secs(90), "{:?}", looked.age());
        looking.abort();
    }
}
