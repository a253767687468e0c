//! A process that shows its figures to Prometheus. In a file of its own, since telemetry is set up once
//! per process.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ventanilla_telemetry as telemetry;

async fn ask(address: &str, request: &str) -> std::io::Result<String> {
    let mut connection = tokio::net::TcpStream::connect(address).await?;
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn free_address() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_read_from_a_page_under_the_names_of_the_conventions() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = |address: String| telemetry::Settings { metrics_listen: Some(address), ..Default::default() };
    assert!(!telemetry::is_metered());
    let occupied = taken.local_addr().unwrap().to_string();
    let refused = telemetry::init("testing", &listen(occupied.clone())).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains(&occupied), "{refused}");

    let address = free_address();
    let guard = telemetry::init("testing", &listen(address.clone())).unwrap();
    assert!(telemetry::is_metered());
    let durations = telemetry::meter().f64_histogram("test.call.duration").with_unit("s").build();
    durations.record(0.02, &[opentelemetry::KeyValue::new("rpc.method", "a.B/C")]);
    telemetry::meter().u64_counter("test.counted").build().add(3, &[]);

    let page = ask(&address, "GET /metrics HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
    assert!(page.contains("test_call_duration_seconds_count{rpc_method=\"a.B/C\"} 1"), "{page}");
    assert!(page.contains("test_counted_total 3"), "{page}");
    assert!(page.contains("service_name=\"testing\""), "{page}");
    for (request, status) in [
        ("GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n", "404"),
        ("POST /metrics HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", "405"),
    ] {
        let answer = ask(&address, request).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{answer}");
    }

    guard.shutdown(Duration::from_secs(5)).await;
    let gone = ask(&address, "GET /metrics HTTP/1.1\r\nhost: here\r\n\r\n").await;
    assert!(gone.is_err(), "the page went with its process's telemetry: {gone:?}");
}
