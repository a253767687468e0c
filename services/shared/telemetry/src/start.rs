//! Setting telemetry up once per process, and flushing it at the end.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{WithExportConfig as _, WithTonicConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchSpanProcessor, Sampler, SdkTracerProvider};
use tracing_subscriber::filter::{EnvFilter, LevelFilter, ParseError, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, Registry};

use crate::collector::{Collector, CollectorError, EXPORT_TIMEOUT};
use crate::page::Page;
use crate::queue::{CountedExporter, CountedProcessor, Counts};
use crate::{LogFormat, Settings};

/// Why telemetry was not set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The log filter is not written as `EnvFilter` wants it.
    #[error("telemetry.filter is not a filter")]
    Filter(#[from] ParseError),
    /// There is no way to the collector.
    #[error(transparent)]
    Collector(#[from] CollectorError),
    /// The exporter could not be made.
    #[error("telemetry.otlp_endpoint cannot be used")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The page of figures cannot be served where it was asked for.
    #[error("telemetry.metrics_listen {address} cannot be listened on: stop what uses it or set another")]
    MetricsListen {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The page of figures cannot be made.
    #[error("the page of figures cannot be made")]
    MetricsPage(#[source] opentelemetry_sdk::error::OTelSdkError),
    /// Another part of the process did it already.
    #[error("telemetry is already set up in this process")]
    AlreadySet(#[from] tracing_subscriber::util::TryInitError),
}

/// Holds the exporters. Call [`Guard::shutdown`] at the end of the process, or lose the last spans.
#[must_use = "the last spans are lost if the guard is dropped without a shutdown"]
pub struct Guard {
    traces: SdkTracerProvider,
    metrics: Option<SdkMeterProvider>,
    page: Option<Page>,
}

/// Sets up logging on standard error, tracing, metrics and W3C propagation for the whole process.
///
/// Several services in one process share it: a span says whose it is by its attribute
/// `ventanilla.service`, since a resource belongs to the process. Must be called inside the tokio
/// runtime when an OTLP endpoint or an address for the page of figures is set.
///
/// # Errors
/// [`InitError`] when a setting cannot be used or telemetry was set up before.
pub fn init(process: &'static str, settings: &Settings) -> Result<Guard, InitError> {
    let resource = Resource::builder().with_service_name(process).build();
    let collector = Collector::of(settings)?;
    let (traces, counts) = tracer_provider(settings, collector.as_ref(), resource.clone())?;
    let (metrics, page) = meter_provider(settings, collector.as_ref(), resource)?;

    Registry::default()
        .with(log_layer(settings)?)
        .with(tracing_opentelemetry::layer().with_tracer(traces.tracer("ventanilla")).with_filter(traced()))
        .try_init()?;

    std::panic::set_hook(Box::new(log_panic));
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    if let Some(metrics) = &metrics {
        opentelemetry::global::set_meter_provider(metrics.clone());
        crate::METERED.store(true, Ordering::Relaxed);
        if let Some(counts) = counts {
            counts.observe();
        }
    }
    Ok(Guard { traces, metrics, page })
}

/// What becomes a span: our own, and none of the transport that exports them, which would feed
/// itself. `sqlx` stays out because its spans carry statements.
pub(crate) fn traced() -> Targets {
    let mut targets = Targets::new().with_default(LevelFilter::INFO);
    for quiet in ["h2", "hyper", "hyper_util", "tonic", "tower", "opentelemetry", "opentelemetry_sdk", "sqlx", "rustls"]
    {
        targets = targets.with_target(quiet, LevelFilter::OFF);
    }
    targets.with_target("opentelemetry_otlp", LevelFilter::OFF)
}

/// Standard output belongs to what a command prints for scripts.
fn log_layer(settings: &Settings) -> Result<LogLayer, InitError> {
    Ok(log_layer_to(settings, std::io::stderr, std::io::stderr().is_terminal())?)
}

pub(crate) type LogLayer = Box<dyn tracing_subscriber::Layer<Registry> + Send + Sync>;

pub(crate) fn log_layer_to<W>(settings: &Settings, out: W, colours: bool) -> Result<LogLayer, ParseError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // What the broker's client has to say is an error of whoever uses it, and told there.
    let asked = if settings.filter.trim().is_empty() { "info" } else { &settings.filter };
    let filter = EnvFilter::builder().parse(format!("async_nats=off,{asked}"))?;
    let lines = tracing_subscriber::fmt::layer().with_writer(out).with_ansi(colours);
    Ok(match settings.log_format {
        LogFormat::Text => lines.with_target(false).compact().with_filter(filter).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_current_span(true).with_filter(filter).boxed(),
    })
}

/// A provider without an endpoint still makes trace ids: the ledger keeps them with each entry.
fn tracer_provider(
    settings: &Settings,
    collector: Option<&Collector>,
    resource: Resource,
) -> Result<(SdkTracerProvider, Option<Arc<Counts>>), InitError> {
    let sampler = Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.sample_ratio)));
    let builder = SdkTracerProvider::builder().with_resource(resource).with_sampler(sampler);
    let Some(collector) = collector else { return Ok((builder.build(), None)) };
    let counts = Arc::new(Counts::default());
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_channel(collector.channel())
        .with_timeout(EXPORT_TIMEOUT)
        .build()?;
    let exporter = CountedExporter { inner: exporter, counts: Arc::clone(&counts) };
    let inner = BatchSpanProcessor::builder(exporter).build();
    let processor = CountedProcessor { inner, counts: Arc::clone(&counts) };
    Ok((builder.with_span_processor(processor).build(), Some(counts)))
}

/// One provider feeds both ways out: pushed to the collector, and read by Prometheus.
fn meter_provider(
    settings: &Settings,
    collector: Option<&Collector>,
    resource: Resource,
) -> Result<(Option<SdkMeterProvider>, Option<Page>), InitError> {
    if collector.is_none() && settings.metrics_listen.is_none() {
        return Ok((None, None));
    }
    let mut builder = SdkMeterProvider::builder().with_resource(resource);
    if let Some(collector) = collector {
        let exporter = opentelemetry_otlp::MetricExporter::builder()
            .with_tonic()
            .with_channel(collector.channel())
            .with_timeout(EXPORT_TIMEOUT)
            .build()?;
        builder = builder.with_periodic_exporter(exporter);
    }
    let mut page = None;
    if let Some(address) = &settings.metrics_listen {
        let registry = prometheus::Registry::new();
        let reader = opentelemetry_prometheus::exporter()
            .with_registry(registry.clone())
            // There is one meter in the house: its name on every line would say nothing.
            .scope_info_enabled(false)
            .build()
            .map_err(InitError::MetricsPage)?;
        builder = builder.with_reader(reader);
        let unusable = |source| InitError::MetricsListen { address: address.clone(), source };
        page = Some(Page::serve(address, registry).map_err(unusable)?);
    }
    Ok((Some(builder.build()), page))
}

/// Logs where a panic happened. Its message is logged only when it is a literal: a formatted one
/// may hold a value, and so a person's.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("[message withheld]");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    tracing::error!(location, thread = thread.name().unwrap_or_default(), message, "panic");
}

impl Guard {
    /// Flushes and closes the exporters, giving up after `limit`.
    ///
    /// The SDK blocks while it flushes, and what it waits for runs on the runtime: so it is done on
    /// a thread of its own, which a collector that never answers cannot make us wait for.
    pub async fn shutdown(self, limit: Duration) {
        let (done, finished) = tokio::sync::oneshot::channel();
        let flush = move || {
            let Self { traces, metrics, page } = self;
            let result = traces.shutdown_with_timeout(limit);
            if let Some(metrics) = metrics {
                // Errors of the metrics pipeline add nothing to those of the traces: same collector.
                let _ = metrics.shutdown_with_timeout(limit);
            }
            drop(page);
            let _ = done.send(result);
        };
        if std::thread::Builder::new().name("telemetry-flush".to_owned()).spawn(flush).is_err() {
            return;
        }
        match tokio::time::timeout(limit, finished).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(error = %error, "the last spans may be lost"),
            Ok(Err(_)) | Err(_) => tracing::warn!("the last spans may be lost: the collector did not answer in time"),
        }
    }
}
