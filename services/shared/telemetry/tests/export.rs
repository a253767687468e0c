//! A process that exports to a collector. In a file of its own, since telemetry is set up once per
//! process.

#[path = "support/collector.rs"]
mod collector;

use std::time::Duration;

use ventanilla_telemetry as telemetry;

use crate::collector::Collector;

#[tokio::test(flavor = "multi_thread")]
async fn the_last_spans_and_metrics_reach_the_collector() {
    let collector = Collector::default();
    let endpoint = format!("http://{}", collector.listen().await);

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
}
