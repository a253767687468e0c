//! A process that exports to a collector. In a file of its own, since telemetry is set up once per
//! process.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_server::{
    MetricsService, MetricsServiceServer,
};
use opentelemetry_proto::tonic::collector::metrics::v1::{ExportMetricsServiceRequest, ExportMetricsServiceResponse};
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{TraceService, TraceServiceServer};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};
use ventanilla_telemetry as telemetry;

#[derive(Clone, Default)]
struct Collector {
    spans: Arc<Mutex<Vec<String>>>,
    metrics: Arc<Mutex<Vec<String>>>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let resources = request.into_inner().resource_spans;
        let spans = resources.into_iter().flat_map(|r| r.scope_spans).flat_map(|s| s.spans).map(|span| span.name);
        self.spans.lock().unwrap().extend(spans);
        Ok(Response::new(Default::default()))
    }
}

#[tonic::async_trait]
impl MetricsService for Collector {
    async fn export(
        &self,
        request: Request<ExportMetricsServiceRequest>,
    ) -> Result<Response<ExportMetricsServiceResponse>, Status> {
        let resources = request.into_inner().resource_metrics;
        let names = resources.into_iter().flat_map(|r| r.scope_metrics).flat_map(|s| s.metrics).map(|m| m.name);
        self.metrics.lock().unwrap().extend(names);
        Ok(Response::new(Default::default()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_spans_and_metrics_reach_the_collector() {
    let collector = Collector::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = tonic::transport::Server::builder()
        .add_service(TraceServiceServer::new(collector.clone()))
        .add_service(MetricsServiceServer::new(collector.clone()))
        .serve_with_incoming(TcpListenerStream::new(listener));
    let serving = tokio::spawn(server);

    let settings = telemetry::Settings { otlp_endpoint: Some(endpoint), ..Default::default() };
    let guard = telemetry::init("testing", &settings).unwrap();
    assert!(telemetry::init("testing", &settings).is_err(), "once per process");
    drop(tracing::info_span!("the.last.span"));
    telemetry::meter().u64_counter("test.counted").build().add(1, &[]);
    assert!(!telemetry::traceparent_of(&tracing::info_span!("has.an.id")).is_empty());
    guard.shutdown(Duration::from_secs(5)).await;
    let spans = collector.spans.lock().unwrap().clone();
    assert!(spans.iter().any(|name| name == "the.last.span"), "{spans:?}");
    let metrics = collector.metrics.lock().unwrap().clone();
    for name in ["test.counted", "ventanilla.telemetry.spans.ended", "ventanilla.telemetry.spans.exported"] {
        assert!(metrics.iter().any(|metric| metric == name), "{name} in {metrics:?}");
    }
    serving.abort();
}
