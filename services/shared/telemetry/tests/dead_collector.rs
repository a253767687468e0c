//! A collector that takes the connection and never answers. In a process of its own, since
//! telemetry is set up once per process.

use std::time::{Duration, Instant};

use ventanilla_telemetry as telemetry;

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_collector_holds_nobody_up() {
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", deaf.local_addr().unwrap());
    let settings = telemetry::Settings { otlp_endpoint: Some(endpoint), ..Default::default() };
    let guard = telemetry::init("testing", &settings).unwrap();
    for _ in 0..10_000 {
        drop(tracing::info_span!("lost"));
    }
    let began = Instant::now();
    guard.shutdown(Duration::from_millis(500)).await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}
