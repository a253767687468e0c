//! Answers that go on after their headers: ending them, and keeping something alive with them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body as HttpBody, Frame, SizeHint};
use pin_project_lite::pin_project;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Bytes;

use crate::scope::Scope;

/// Whether the answer of this path may be a stream. What is no method of the contract (health,
/// reflection) may be one.
pub(crate) fn may_stream(path: &str) -> bool {
    ventanilla_proto::policy_of(path).is_none_or(|policy| policy.streaming)
}

/// The same answer, ended with this status as soon as `end` is over.
pub(crate) fn until<E>(inner: Body, end: E, status: fn() -> Status) -> Body
where
    E: Future<Output = ()> + Send + 'static,
{
    Body::new(Until { inner, end, status, ended: false })
}

/// The same answer, with `guard` dropped when it is over or given up.
pub(crate) fn holding<G: Send + 'static>(inner: Body, guard: G) -> Body {
    Body::new(Holding { inner, _guard: guard })
}

/// The same answer, produced in the scope of a service.
pub(crate) fn scoped(inner: Body, scope: Scope) -> Body {
    Body::new(Scoped { inner, scope })
}

type Polled = Poll<Option<Result<Frame<Bytes>, Status>>>;

pin_project! {
    struct Until<E> {
        #[pin]
        inner: Body,
        #[pin]
        end: E,
        status: fn() -> Status,
        ended: bool,
    }
}

impl<E: Future<Output = ()>> HttpBody for Until<E> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.project();
        if *this.ended {
            return Poll::Ready(None);
        }
        if this.end.poll(cx).is_ready() {
            *this.ended = true;
            let mut trailers = http::HeaderMap::new();
            // Fails only for a message that is no header value; grpc-message is percent-encoded.
            let _ = (this.status)().add_header(&mut trailers);
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        this.inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }
}

pin_project! {
    struct Holding<G> {
        #[pin]
        inner: Body,
        _guard: G,
    }
}

impl<G> HttpBody for Holding<G> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        self.project().inner.poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

pin_project! {
    struct Scoped {
        #[pin]
        inner: Body,
        scope: Scope,
    }
}

impl HttpBody for Scoped {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = self.project();
        this.scope.enter(|| this.inner.poll_frame(cx))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }
}
