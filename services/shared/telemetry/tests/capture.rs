//! Spans as an exporter sees them.

use tracing::Instrument as _;
use ventanilla_telemetry as telemetry;
use ventanilla_telemetry::testing::{attribute, capture};

const CAUSE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[tokio::test]
async fn a_child_of_a_remote_parent_is_in_its_trace() {
    let spans = capture();
    let span = tracing::info_span!("child.of.remote");
    assert!(telemetry::set_parent(&span, CAUSE, None));
    let own = async { telemetry::current_traceparent() }.instrument(span.clone()).await;
    assert!(own.starts_with("00-0af7651916cd43dd8448eb211c80319c-"), "{own}");
    assert_ne!(own, CAUSE);
    drop(span);
    let span = spans.spans().into_iter().find(|s| s.name == "child.of.remote").expect("exported");
    assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
    assert!(span.parent_span_is_remote);
}

#[tokio::test]
async fn a_link_names_the_cause_and_leaves_the_trace_its_own() {
    let spans = capture();
    let span = tracing::info_span!("reaction", answer = 42);
    telemetry::link_all(&span, [CAUSE, "nonsense"]);
    drop(span);
    let span = spans.spans().into_iter().find(|s| s.name == "reaction").expect("exported");
    assert_ne!(span.span_context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.links.len(), 1);
    assert_eq!(span.links[0].span_context.span_id().to_string(), "b7ad6b7169203331");
    assert_eq!(attribute(&span, "answer").as_deref(), Some("42"));
}

#[tokio::test]
async fn the_transport_that_exports_makes_no_spans() {
    let spans = capture();
    drop(tracing::info_span!(target: "h2::client", "noise.h2"));
    drop(tracing::info_span!(target: "sqlx::query", "noise.sqlx"));
    drop(tracing::info_span!("wanted"));
    let names: Vec<_> = spans.spans().into_iter().map(|s| s.name.into_owned()).collect();
    assert!(names.iter().any(|n| n == "wanted"));
    assert!(!names.iter().any(|n| n.starts_with("noise")), "{names:?}");
}

#[tokio::test]
async fn outgoing_headers_carry_the_span() {
    let _spans = capture();
    let span = tracing::info_span!("outgoing");
    let mut headers = http::HeaderMap::new();
    telemetry::inject(&span, &mut headers);
    assert_eq!(headers["traceparent"].to_str().ok(), Some(telemetry::traceparent_of(&span).as_str()));
    assert_eq!(telemetry::trace_id_of(&span).map(|id| id.len()), Some(32));
}
