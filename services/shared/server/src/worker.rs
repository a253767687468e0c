//! Work that runs beside the calls: sequencer, followers, due clocks.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use crate::scope::Scope;

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

type Running = Pin<Box<dyn Future<Output = Option<String>> + Send>>;

/// How a worker's run ended.
pub trait Outcome {
    /// What went wrong, if anything did.
    fn into_failure(self) -> Option<String>;
}

impl Outcome for () {
    fn into_failure(self) -> Option<String> {
        None
    }
}

impl<E: Display> Outcome for Result<(), E> {
    fn into_failure(self) -> Option<String> {
        self.err().map(|error| error.to_string())
    }
}

/// A worker that is started again and again is the first sign of a stuck ledger.
fn restarts() -> &'static Counter<u64> {
    static RESTARTS: OnceLock<Counter<u64>> = OnceLock::new();
    RESTARTS.get_or_init(|| {
        telemetry::meter()
            .u64_counter("ventanilla.worker.restarts")
            .with_description("how often a worker failed, panicked or ended too early")
            .build()
    })
}

/// A named task that is started with the service, told to stop by its token, and started again
/// when it fails, panics or ends too early: a sequencer that died silently would stop the ledger.
#[derive(Clone)]
pub struct Worker {
    name: &'static str,
    start: Arc<dyn Fn(CancellationToken) -> Running + Send + Sync>,
}

impl Worker {
    /// A worker that is started by calling `start`, at the beginning and after each failure.
    pub fn new<F, R>(name: &'static str, start: F) -> Self
    where
        F: Fn(CancellationToken) -> R + Send + Sync + 'static,
        R: Future + Send + 'static,
        R::Output: Outcome,
    {
        let start = move |cancel| -> Running {
            let run = start(cancel);
            Box::pin(async move { run.await.into_failure() })
        };
        Self { name, start: Arc::new(start) }
    }

    /// Its name in logs.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs until cancelled, starting again after failures with a growing pause.
    pub(crate) async fn supervise(self, scope: Scope, cancel: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !cancel.is_cancelled() {
            let began = tokio::time::Instant::now();
            // A root of its own: what the worker does makes spans, the worker itself lives for weeks.
            let run = (self.start)(cancel.clone()).instrument(tracing::Span::none());
            let ended = tokio::spawn(scope.clone().run(run)).await;
            if cancel.is_cancelled() {
                return;
            }
            let (worker, service) = (self.name, scope.service);
            match ended {
                Ok(None) => tracing::error!(worker, service, "worker ended before it was told to"),
                Ok(Some(error)) => tracing::error!(worker, service, error, "worker failed"),
                Err(_) => tracing::error!(worker, service, "worker panicked"),
            }
            restarts().add(1, &[KeyValue::new("worker", worker), KeyValue::new("ventanilla.service", service)]);
            if began.elapsed() > LONGEST_PAUSE {
                pause = FIRST_PAUSE;
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_fails_or_panics_is_started_again() {
        let runs = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&runs);
        let worker = Worker::new("flaky", move |cancel: CancellationToken| {
            let run = seen.fetch_add(1, Ordering::SeqCst);
            async move {
                match run {
                    0 => Err("refused"),
                    1 => panic!("on purpose"),
                    _ => {
                        cancel.cancelled().await;
                        Ok(())
                    }
                }
            }
        });
        let cancel = CancellationToken::new();
        let task = tokio::spawn(worker.supervise(Scope::new("test"), cancel.clone()));
        while runs.load(Ordering::SeqCst) < 3 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        cancel.cancel();
        task.await.unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 3);
    }
}
