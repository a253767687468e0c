//! For tests: every finished span of the process, in memory.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

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
