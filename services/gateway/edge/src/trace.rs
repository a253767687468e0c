//! One span and one duration per request, named as OpenTelemetry's HTTP conventions say. Never a path as it was asked for, a
//! query, a header or a body: a path may name a person.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use tracing::{Instrument as _, Span, field};

/// Buckets of the conventions, in seconds, with finer steps where this house's answers lie.
const BUCKETS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What a handler that routes by itself puts into its answer's extensions, to be named by: a template such as
/// `/v1/{name=tickets/*}`, never a path with somebody's id.
#[derive(Debug, Clone)]
pub struct Route(pub Cow<'static, str>);

fn durations() -> &'static Histogram<f64> {
    static DURATIONS: OnceLock<Histogram<f64>> = OnceLock::new();
    DURATIONS.get_or_init(|| {
        telemetry::meter()
            .f64_histogram("http.server.request.duration")
            .with_unit("s")
            .with_description("time from the head of a request to the head of its answer")
            .with_boundaries(BUCKETS.to_vec())
            .build()
    })
}

/// A method that a stranger made up is no name.
fn method_of(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "_OTHER",
    }
}

/// Makes the span a child of the caller's, where the caller traces.
fn belong(span: &Span, headers: &HeaderMap) {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(traceparent) = text("traceparent") {
        telemetry::set_parent(span, traceparent, text("tracestate"));
    }
}

/// The layer: stands inside the router, where the route is known.
pub(crate) async fn traced(request: Request, next: Next) -> Response {
    let method = method_of(request.method());
    let matched = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let span = tracing::info_span!(
        parent: None,
        "http.server",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = field::Empty,
        http.request.method = method,
        http.route = field::Empty,
        http.response.status_code = field::Empty,
        trace_id = field::Empty,
    );
    belong(&span, request.headers());
    if let Some(trace) = telemetry::trace_id_of(&span) {
        span.record("trace_id", trace);
    }
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let route = match response.extensions_mut().remove::<Route>() {
        Some(Route(route)) => route,
        None => Cow::Owned(matched.unwrap_or_else(|| "_OTHER".to_owned())),
    };
    let status = response.status();
    telemetry::rename(&span, format!("{method} {route}"));
    span.record("http.route", route.as_ref());
    span.record("http.response.status_code", status.as_u16());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
    }
    // https://www.w3.org/TR/trace-context-2: whoever asks for help can name the trace.
    if let Ok(value) = HeaderValue::try_from(telemetry::traceparent_of(&span))
        && !value.is_empty()
    {
        response.headers_mut().insert("traceresponse", value);
    }
    let attributes = [
        KeyValue::new("http.request.method", method),
        KeyValue::new("http.route", route.into_owned()),
        KeyValue::new("http.response.status_code", i64::from(status.as_u16())),
    ];
    durations().record(began.elapsed().as_secs_f64(), &attributes);
    response
}
