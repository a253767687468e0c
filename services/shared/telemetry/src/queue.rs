//! The SDK's export queue drops spans without a word when it is full. These two wrappers count
//! what went in and what came out, so that a loss can be seen on a board.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanExporter, SpanProcessor};

/// What went into the export queue and what left it.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    ended: AtomicU64,
    exported: AtomicU64,
    failed: AtomicU64,
}

impl Counts {
    /// Registers the counters. What ended and was neither exported nor failed is waiting (at most
    /// the size of the queue) or was dropped.
    pub(crate) fn observe(self: &Arc<Self>) {
        type Pick = fn(&Counts) -> &AtomicU64;
        let counters: [(&'static str, Pick); 3] = [
            ("ventanilla.telemetry.spans.ended", |c| &c.ended),
            ("ventanilla.telemetry.spans.exported", |c| &c.exported),
            ("ventanilla.telemetry.spans.failed", |c| &c.failed),
        ];
        for (name, pick) in counters {
            let counts = Arc::clone(self);
            // The instrument lives in the meter provider; the handle may go.
            let _ = crate::meter()
                .u64_observable_counter(name)
                .with_callback(move |out| out.observe(pick(&counts).load(Ordering::Relaxed), &[]))
                .build();
        }
    }
}

/// Counts every span that is given to the queue.
#[derive(Debug)]
pub(crate) struct CountedProcessor<P> {
    pub(crate) inner: P,
    pub(crate) counts: Arc<Counts>,
}

impl<P: SpanProcessor> SpanProcessor for CountedProcessor<P> {
    fn on_start(&self, span: &mut Span, cx: &opentelemetry::Context) {
        self.inner.on_start(span, cx);
    }

    fn on_end(&self, span: SpanData) {
        self.counts.ended.fetch_add(1, Ordering::Relaxed);
        self.inner.on_end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

/// Counts every span that the collector took or refused.
#[derive(Debug)]
pub(crate) struct CountedExporter<E> {
    pub(crate) inner: E,
    pub(crate) counts: Arc<Counts>,
}

impl<E: SpanExporter> SpanExporter for CountedExporter<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let size = batch.len() as u64;
        let result = self.inner.export(batch).await;
        let counter = if result.is_ok() { &self.counts.exported } else { &self.counts.failed };
        counter.fetch_add(size, Ordering::Relaxed);
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::{Tracer as _, TracerProvider as _};
    use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor};

    #[test]
    fn every_span_is_counted_in_and_out() {
        let counts = Arc::new(Counts::default());
        let exporter = CountedExporter { inner: InMemorySpanExporter::default(), counts: counts.clone() };
        let processor = CountedProcessor { inner: SimpleSpanProcessor::new(exporter), counts: counts.clone() };
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        let tracer = provider.tracer("test");
        for _ in 0..3 {
            drop(tracer.start("work"));
        }
        assert_eq!(counts.ended.load(Ordering::Relaxed), 3);
        assert_eq!(counts.exported.load(Ordering::Relaxed), 3);
        assert_eq!(counts.failed.load(Ordering::Relaxed), 0);
    }
}
