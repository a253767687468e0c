//! Everything a process lets out while it runs: finished spans as an exporter gets them, and log
//! lines of every level and every crate.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use telemetry::testing::SpanData;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

use super::canary::Canaries;

/// What was let out since the process began to record.
#[derive(Clone)]
pub struct Recording {
    spans: InMemorySpanExporter,
    log: Lines,
    // The tracer stops recording when its provider goes.
    _provider: SdkTracerProvider,
}

/// Starts recording, once per process; later calls answer the same recording.
///
/// Wider than what runs in production, on purpose: spans of every crate, log lines down to TRACE.
///
/// # Panics
/// When the process set up telemetry in another way before.
pub fn record() -> Recording {
    static RECORDING: OnceLock<Recording> = OnceLock::new();
    RECORDING
        .get_or_init(|| {
            let spans = InMemorySpanExporter::default();
            let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
            let log = Lines::default();
            let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("ventanilla"));
            let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(log.clone());
            Registry::default()
                .with(traces.with_filter(LevelFilter::INFO))
                .with(lines.with_filter(LevelFilter::TRACE))
                .try_init()
                .expect("record() comes before any other telemetry of the process");
            Recording { spans, log, _provider: provider }
        })
        .clone()
}

impl Recording {
    /// All finished spans.
    pub fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap_or_default()
    }

    /// The finished spans of one trace (32 hex digits).
    pub fn of_trace(&self, trace_id: &str) -> Vec<SpanData> {
        self.spans().into_iter().filter(|span| span.span_context.trace_id().to_string() == trace_id).collect()
    }

    /// Waits until the finished spans fulfil the condition, and gives its answer; `None` when
    /// `limit` is over.
    pub async fn wait_for<T>(&self, limit: Duration, condition: impl Fn(&[SpanData]) -> Option<T>) -> Option<T> {
        let end = Instant::now() + limit;
        loop {
            if let Some(found) = condition(&self.spans()) {
                return Some(found);
            }
            if Instant::now() >= end {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// What was let out and holds a canary: spans with their attributes, events, links and status,
    /// and log lines.
    pub fn leaks(&self, canaries: &Canaries) -> Vec<String> {
        let mut leaks = Vec::new();
        for span in self.spans() {
            let found = canaries.found_in(&telemetry::testing::everything(&span));
            if !found.is_empty() {
                leaks.push(format!("span {}: {found:?}", span.name));
            }
        }
        for line in self.log().lines() {
            let found = canaries.found_in(line);
            if !found.is_empty() {
                leaks.push(format!("log line with {found:?}: {line}"));
            }
        }
        leaks
    }

    /// All log lines.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&self.log.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// Log lines in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
