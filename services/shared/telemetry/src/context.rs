//! W3C trace context in and out of a span: `00-<trace id>-<span id>-<flags>`.

use std::collections::HashMap;

use opentelemetry::propagation::{Injector, TextMapPropagator as _};
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// The `traceparent` that names this span; empty when no trace is being made.
pub fn traceparent_of(span: &Span) -> String {
    write(span.context().span().span_context())
}

/// The `traceparent` of the span the caller runs in; empty when no trace is being made.
pub fn current_traceparent() -> String {
    traceparent_of(&Span::current())
}

/// The trace id of this span in lower-case hex, if it belongs to a trace.
pub fn trace_id_of(span: &Span) -> Option<String> {
    let context = span.context();
    let id = context.span().span_context().trace_id();
    (id != opentelemetry::TraceId::INVALID).then(|| id.to_string())
}

/// The trace id that this `traceparent` names; `None` where it is malformed.
pub fn trace_id_in(traceparent: &str) -> Option<String> {
    read(traceparent, None).map(|cause| cause.trace_id().to_string())
}

/// Gives the span another name, also once it has begun: `otel.name` recorded from then on comes to no exporter.
pub fn rename(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// The trace id of the span the caller runs in.
pub fn current_trace_id() -> Option<String> {
    trace_id_of(&Span::current())
}

/// Links `span` to the one that `traceparent` names: the way of an entry read from a ledger, whose
/// cause ended long ago. A malformed value is no link.
pub fn link(span: &Span, traceparent: &str) {
    if let Some(cause) = read(traceparent, None) {
        span.add_link(cause);
    }
}

/// Links `span` to each of the causes, for work done in one batch.
pub fn link_all<'a>(span: &Span, traceparents: impl IntoIterator<Item = &'a str>) {
    for traceparent in traceparents {
        link(span, traceparent);
    }
}

/// Makes `span` a child of the one that `traceparent` names: the way of a call from a peer. Must
/// be done before the span is entered. Answers whether the value was understood.
pub fn set_parent(span: &Span, traceparent: &str, tracestate: Option<&str>) -> bool {
    let Some(parent) = read(traceparent, tracestate) else { return false };
    let context = opentelemetry::Context::new().with_remote_span_context(parent);
    span.set_parent(context).is_ok()
}

/// Writes the trace context of `span` into the headers of an outgoing request.
pub fn inject(span: &Span, headers: &mut http::HeaderMap) {
    TraceContextPropagator::new().inject_context(&span.context(), &mut Headers(headers));
}

struct Headers<'a>(&'a mut http::HeaderMap);

impl Injector for Headers<'_> {
    fn set(&mut self, key: &str, value: String) {
        let name = http::HeaderName::try_from(key);
        if let (Ok(name), Ok(value)) = (name, http::HeaderValue::try_from(value))
            && !value.is_empty()
        {
            self.0.insert(name, value);
        }
    }
}

fn write(span: &SpanContext) -> String {
    if !span.is_valid() {
        return String::new();
    }
    format!("00-{}-{}-{:02x}", span.trace_id(), span.span_id(), span.trace_flags().to_u8())
}

fn read(traceparent: &str, tracestate: Option<&str>) -> Option<SpanContext> {
    let mut carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    if let Some(state) = tracestate {
        carrier.insert("tracestate".to_owned(), state.to_owned());
    }
    let context = TraceContextPropagator::new().extract_with_context(&opentelemetry::Context::new(), &carrier);
    let span = context.span().span_context().clone();
    span.is_valid().then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_traceparent_is_read_back_as_it_was_written() {
        let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(read(text, None).map(|c| write(&c)).as_deref(), Some(text));
        assert_eq!(trace_id_in(text).as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
    }

    #[test]
    fn a_malformed_traceparent_is_no_parent() {
        for bad in ["", "00", "00-0-0-01", "zz-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"] {
            assert_eq!(read(bad, None), None, "{bad:?}");
        }
        assert!(!set_parent(&Span::none(), "nonsense", None));
    }

    #[test]
    fn without_a_trace_there_is_no_traceparent() {
        assert_eq!(current_traceparent(), "");
        assert_eq!(current_trace_id(), None);
    }
}
