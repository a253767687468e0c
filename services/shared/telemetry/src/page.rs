//! The page that Prometheus reads: `GET /metrics` on a port of its own, which is for operators and
//! is never the one that callers use.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus::{Encoder as _, Registry, TextEncoder};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::AbortHandle;

/// Scrapers at once; further ones wait for a place.
const SCRAPERS: usize = 16;
/// How long a scraper may take to say what it wants.
const HEADERS: Duration = Duration::from_secs(5);
/// How long a connection may live; a scraper opens another.
const CONNECTION: Duration = Duration::from_secs(300);
/// What waits when the system has no more file descriptors to give.
const PAUSE: Duration = Duration::from_millis(200);

/// Serves the page until it is dropped.
#[derive(Debug)]
pub(crate) struct Page(AbortHandle);

impl Page {
    /// Listens at `address` and answers with what `registry` holds. Must be called inside the runtime.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(crate) fn serve(address: &str, registry: Registry) -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        Ok(Self(tokio::spawn(accept(listener, registry)).abort_handle()))
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn accept(listener: TcpListener, registry: Registry) {
    let places = Arc::new(Semaphore::new(SCRAPERS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((connection, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let registry = registry.clone();
        tokio::spawn(async move {
            let _place = place;
            let _ = tokio::time::timeout(CONNECTION, converse(connection, registry)).await;
        });
    }
}

/// What breaks a scraper's connection is the scraper's to tell.
async fn converse(connection: TcpStream, registry: Registry) {
    let answering = service_fn(move |request| {
        let answer = answer(&request, &registry);
        async move { Ok::<_, Infallible>(answer) }
    });
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(connection), answering)
        .await;
}

fn answer(request: &Request<Incoming>, registry: &Registry) -> Response<Full<Bytes>> {
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "the figures are at /metrics\n");
    }
    if request.method() != Method::GET {
        return plain(StatusCode::METHOD_NOT_ALLOWED, "the figures are read by GET\n");
    }
    let mut page = Vec::new();
    match TextEncoder::new().encode(&registry.gather(), &mut page) {
        Ok(()) => text(StatusCode::OK, page.into()),
        Err(error) => {
            tracing::error!(error = %error, "the figures cannot be written");
            plain(StatusCode::INTERNAL_SERVER_ERROR, "the figures cannot be written; the log says why\n")
        }
    }
}

fn plain(status: StatusCode, words: &'static str) -> Response<Full<Bytes>> {
    text(status, Bytes::from_static(words.as_bytes()))
}

fn text(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(body));
    *answer.status_mut() = status;
    let kind = header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}
