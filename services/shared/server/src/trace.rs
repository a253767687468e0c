//! One span and one duration per RPC, named as OpenTelemetry's RPC conventions now say.
//! Never anything of the request or the answer.

use std::borrow::Cow;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};
use std::time::Instant;

use http::{HeaderMap, Request, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use opentelemetry::KeyValue;
use opentelemetry::metrics::Histogram;
use pin_project_lite::pin_project;
use tonic::body::Body;
use tonic::codegen::Bytes;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::{Instrument as _, Span, field};
use ventanilla_proto::MethodPolicy;

/// Buckets of the conventions, in seconds, with finer steps where this house's answers lie.
pub(crate) const BUCKETS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

fn durations() -> &'static Histogram<f64> {
    static DURATIONS: OnceLock<Histogram<f64>> = OnceLock::new();
    DURATIONS.get_or_init(|| {
        telemetry::meter()
            .f64_histogram("rpc.server.call.duration")
            .with_unit("s")
            .with_description("time from the first byte of a call to the end of its answer")
            .with_boundaries(BUCKETS.to_vec())
            .build()
    })
}

/// `package.Service/Method`, of the contract alone: a path that a stranger made up is no name.
fn method_of(path: &str) -> Cow<'static, str> {
    if let Some(policy) = ventanilla_proto::policy_of(path) {
        return Cow::Borrowed(name_of(policy));
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    let known = ["ventanilla.", "grpc.health.v1.", "grpc.reflection."].iter().any(|p| path.starts_with(p));
    let tidy = path.len() <= 120 && path.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'/' | b'_'));
    if known && tidy { Cow::Owned(path.to_owned()) } else { Cow::Borrowed("_OTHER") }
}

fn name_of(policy: &'static MethodPolicy) -> &'static str {
    policy.path.trim_start_matches('/')
}

/// The attributes of one duration.
fn attributes(service: &'static str, method: Cow<'static, str>, code: Code) -> [KeyValue; 4] {
    [
        KeyValue::new("rpc.system.name", "grpc"),
        KeyValue::new("rpc.method", method),
        KeyValue::new("rpc.response.status_code", code_name(code)),
        KeyValue::new("ventanilla.service", service),
    ]
}

/// Counts a call for which there was no place among the others. It has no span: see `admission.rs`.
pub(crate) fn turned_away(service: &'static str, policy: Option<&'static MethodPolicy>, began: Instant) {
    let method = Cow::Borrowed(policy.map_or("_OTHER", name_of));
    durations().record(began.elapsed().as_secs_f64(), &attributes(service, method, Code::ResourceExhausted));
}

/// The status codes that are the server's fault, and so an error of its span.
const fn is_server_error(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// The name of a code as the conventions spell it.
pub(crate) const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

pub(crate) fn code_in(headers: &HeaderMap) -> Option<Code> {
    headers.get("grpc-status").map(|value| Code::from_bytes(value.as_bytes()))
}

/// How a call to a peer ended, as far as its headers tell.
pub(crate) fn code_of<E>(answer: &Result<Response<Body>, E>) -> Code {
    match answer {
        Ok(answer) => code_in(answer.headers()).unwrap_or(Code::Ok),
        Err(_) => Code::Unavailable,
    }
}

/// The span of a call to a peer.
pub(crate) fn client_span(path: &str, peer: &str) -> Span {
    let method = method_of(path);
    tracing::info_span!(
        "rpc.client",
        otel.name = &*method,
        otel.kind = "client",
        otel.status_code = field::Empty,
        rpc.system.name = "grpc",
        rpc.method = &*method,
        rpc.response.status_code = field::Empty,
        server.address = peer,
    )
}

/// Records how a call to a peer ended, if its headers tell already; any error counts for a client.
pub(crate) fn record_client(span: &Span, headers: &HeaderMap) {
    let code = code_in(headers).unwrap_or(Code::Ok);
    span.record("rpc.response.status_code", code_name(code));
    if code != Code::Ok {
        span.record("otel.status_code", "ERROR");
    }
}

/// Gives every RPC its span. See the module.
#[derive(Clone)]
pub(crate) struct TraceLayer {
    pub(crate) service: &'static str,
}

impl<S> Layer<S> for TraceLayer {
    type Service = Trace<S>;

    fn layer(&self, inner: S) -> Trace<S> {
        Trace { inner, service: self.service }
    }
}

#[derive(Clone)]
pub(crate) struct Trace<S> {
    inner: S,
    service: &'static str,
}

impl<S> Service<Request<Body>> for Trace<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let method = method_of(request.uri().path());
        // Of the level of the worst line within: a filter of log lines that left the span out would leave them without its trace id.
        let span = tracing::error_span!(
            // The parent is the caller's span, not whatever the connection's task runs in.
            parent: None,
            "rpc.server",
            otel.name = &*method,
            otel.kind = "server",
            otel.status_code = field::Empty,
            rpc.system.name = "grpc",
            rpc.method = &*method,
            rpc.response.status_code = field::Empty,
            ventanilla.service = self.service,
            trace_id = field::Empty,
        );
        let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        if let Some(traceparent) = text("traceparent") {
            telemetry::set_parent(&span, traceparent, text("tracestate"));
        }
        if let Some(trace) = telemetry::trace_id_of(&span) {
            // For the log alone, whose lines otherwise lead to no trace.
            span.record("trace_id", trace);
        }
        let mut record =
            Record { span: span.clone(), service: self.service, method, began: Instant::now(), code: None };
        let answer = span.in_scope(|| self.inner.call(request));
        let serve = async move {
            // Dropped before it answers, by a client that went away, the record says CANCELLED.
            let answer = answer.await?;
            record.code = code_in(answer.headers());
            Ok(answer.map(|inner| Body::new(Recorded { inner, record })))
        };
        Box::pin(serve.instrument(span))
    }
}

/// Writes code and duration when it is dropped: at the end of the answer, or when nobody waits.
struct Record {
    span: Span,
    service: &'static str,
    method: Cow<'static, str>,
    began: Instant,
    code: Option<Code>,
}

impl Drop for Record {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(Code::Cancelled);
        self.span.record("rpc.response.status_code", code_name(code));
        if is_server_error(code) {
            self.span.record("otel.status_code", "ERROR");
        }
        let attributes = attributes(self.service, std::mem::take(&mut self.method), code);
        durations().record(self.began.elapsed().as_secs_f64(), &attributes);
    }
}

pin_project! {
    struct Recorded {
        #[pin]
        inner: Body,
        record: Record,
    }
}

impl HttpBody for Recorded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.project();
        let polled = {
            let _entered = this.record.span.enter();
            this.inner.poll_frame(cx)
        };
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(code) = frame.trailers_ref().and_then(code_in) {
                    this.record.code = Some(code);
                }
            }
            Poll::Ready(Some(Err(status))) => this.record.code = Some(status.code()),
            Poll::Ready(None) | Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_path_is_no_name() {
        assert_eq!(method_of("/ventanilla.ledger.v1.LedgerService/Watch"), "ventanilla.ledger.v1.LedgerService/Watch");
        for made_up in ["/", "/x", "/ventanilla.x/María", "/ventanilla.x/34600111222?q", "/other.Service/Get"] {
            assert_eq!(method_of(made_up), "_OTHER", "{made_up}");
        }
    }
}
