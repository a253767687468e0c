//! The connections of a listener: at most so many at once, none that says nothing, and each of them
//! can be cut.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Sleep, sleep};
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};

use crate::StackSettings;

/// Length of what an HTTP/2 client says first (RFC 9113 §3.4).
const PREFACE: usize = 24;
/// Rest after a failed accept: without file descriptors it fails again at once, and tonic asks
/// again at once.
const REST: Duration = Duration::from_millis(50);

pub(crate) struct Connections {
    listener: TcpListener,
    places: Arc<Semaphore>,
    preface: Duration,
    cut: CancellationToken,
    resting: Option<Pin<Box<Sleep>>>,
}

impl Connections {
    /// Those of `listener`, until `cut` is cancelled.
    pub(crate) fn new(listener: TcpListener, settings: &StackSettings, cut: CancellationToken) -> Self {
        let preface = Duration::from_millis(settings.preface_ms);
        Self { listener, places: Arc::new(Semaphore::new(settings.connections)), preface, cut, resting: None }
    }
}

impl Stream for Connections {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(rest) = &mut self.resting {
                std::task::ready!(rest.as_mut().poll(cx));
                self.resting = None;
            }
            let stream = match std::task::ready!(self.listener.poll_accept(cx)) {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(error = %error, "cannot accept a connection");
                    self.resting = Some(Box::pin(sleep(REST)));
                    continue;
                }
            };
            // One too many: closed at once, since to leave it waiting would look like a dead server.
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { continue };
            // Small answers must not wait for a full segment.
            let _ = stream.set_nodelay(true);
            let cut = Box::pin(self.cut.clone().cancelled_owned());
            let greeting = Some(Greeting { missing: PREFACE, limit: Box::pin(sleep(self.preface)) });
            return Poll::Ready(Some(Ok(Connection { stream, cut, greeting, _place: place })));
        }
    }
}

/// A connection that reads as broken once it was cut, whatever streams are open on it: dropping
/// tonic's server leaves its connections running.
pub(crate) struct Connection {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    greeting: Option<Greeting>,
    _place: OwnedSemaphorePermit,
}

/// What a client has still to say before HTTP/2's own probes watch over the connection.
struct Greeting {
    missing: usize,
    limit: Pin<Box<Sleep>>,
}

impl Connection {
    fn is_cut(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        match self.cut.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the server went down")),
            Poll::Pending => Ok(()),
        }
    }

    /// Counts what was read towards the greeting; fails when its time is over.
    fn greet(&mut self, cx: &mut Context<'_>, read: usize) -> io::Result<()> {
        let Some(greeting) = &mut self.greeting else { return Ok(()) };
        greeting.missing = greeting.missing.saturating_sub(read);
        if greeting.missing == 0 {
            self.greeting = None;
        } else if greeting.limit.as_mut().poll(cx).is_ready() {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "the client did not say what it speaks"));
        }
        Ok(())
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.is_cut(cx)?;
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.greet(cx, buf.filled().len() - before)?;
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.is_cut(cx)?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_cut(cx)?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
