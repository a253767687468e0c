//! For tests: every finished span of the process, in memory.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

use crate::{LogFormat, Settings};

pub use opentelemetry::trace::{SpanKind, Status};
pub use opentelemetry_sdk::trace::SpanData;

/// The spans that were finished since the process started capturing.
#[derive(Clone)]
pub struct Capture {
    spans: InMemorySpanExporter,
    // The tracer stops recording when its provider goes.
    _provider: SdkTracerProvider,
}

/// Starts capturing, once per process; later calls answer the same capture, so tests of one binary
/// tell their spans apart by trace id. Log lines go nowhere.
///
/// # Panics
/// When the process set up telemetry in another way before.
pub fn capture() -> Capture {
    static CAPTURE: OnceLock<Capture> = OnceLock::new();
    CAPTURE
        .get_or_init(|| {
            let spans = InMemorySpanExporter::default();
            let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
            let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("ventanilla"));
            Registry::default()
                .with(layer.with_filter(crate::start::traced()))
                .try_init()
                .expect("capture() comes before any other telemetry of the process");
            Capture { spans, _provider: provider }
        })
        .clone()
}

/// Whether this is the only test of its process. Where it is not, it is run once more in a process of its own, which has to end well: what is asked of
/// [`Lines`] is told of one thread, and a span that another thread comes to first is heard by none.
///
/// # Panics
/// When the test of this name fails there, or there is none.
pub fn alone(test: &str) -> bool {
    const ALONE: &str = "VENTANILLA_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let program = std::env::current_exe().expect("a test has a program");
    let ran = std::process::Command::new(program).args(["--exact", test]).env(ALONE, "1").output();
    let ran = ran.expect("a test can be run once more");
    let (said, complained) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success() && said.contains("1 passed"), "{said}\n{complained}");
    false
}

/// Log lines as a process writes them in JSON, of whoever runs on this thread while it lives. Traces are made and exported nowhere. For a test that is
/// [`alone`].
pub struct Lines {
    written: Arc<Mutex<Vec<u8>>>,
    _heard: tracing::subscriber::DefaultGuard,
    _provider: SdkTracerProvider,
}

impl Lines {
    /// Those that `filter` lets through.
    ///
    /// # Panics
    /// When it is no filter.
    pub fn of(filter: &str) -> Self {
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let settings = Settings { filter: filter.to_owned(), log_format: LogFormat::Json, ..Settings::default() };
        let out = Arc::clone(&written);
        let lines = crate::start::log_layer_to(&settings, move || Out(Arc::clone(&out)), false).expect("a filter");
        let provider = SdkTracerProvider::builder().build();
        let traces = tracing_opentelemetry::layer().with_tracer(provider.tracer("ventanilla"));
        let heard = Registry::default().with(lines).with(traces.with_filter(crate::start::traced())).set_default();
        Self { written, _heard: heard, _provider: provider }
    }

    /// The first line that holds all of these words, as it was written.
    pub fn with(&self, words: &[&str]) -> Option<String> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&written);
        text.lines().find(|line| words.iter().all(|word| line.contains(word))).map(str::to_owned)
    }
}

struct Out(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Out {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Capture {
    /// All finished spans.
    pub fn spans(&self) -> Vec<SpanData> {
        self.spans.get_finished_spans().unwrap_or_default()
    }

    /// The finished spans of one trace (32 hex digits).
    pub fn of_trace(&self, trace_id: &str) -> Vec<SpanData> {
        self.spans().into_iter().filter(|s| s.span_context.trace_id().to_string() == trace_id).collect()
    }

    /// Waits until a finished span fulfils the condition; `None` when `limit` is over.
    pub async fn wait_for(&self, limit: Duration, condition: impl Fn(&SpanData) -> bool) -> Option<SpanData> {
        let end = Instant::now() + limit;
        loop {
            if let Some(span) = self.spans().into_iter().find(&condition) {
                return Some(span);
            }
            if Instant::now() >= end {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// The value of an attribute as text.
pub fn attribute(span: &SpanData, key: &str) -> Option<String> {
    span.attributes.iter().find(|a| a.key.as_str() == key).map(|a| a.value.to_string())
}

/// Everything a span carries, as one text: for a test that no personal value is in it.
pub fn everything(span: &SpanData) -> String {
    format!("{span:?}")
}
