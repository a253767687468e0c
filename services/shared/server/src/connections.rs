//! The connections of a listener: at most so many at once, none that says nothing, and each of them
//! can be cut. With TLS a connection counts from its first byte, and is handed on once it is agreed on.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep, sleep, sleep_until, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use crate::tls::{self, Naming};
use crate::{StackSettings, Tls};

/// Length of what an HTTP/2 client says first (RFC 9113 §3.4).
const PREFACE: usize = 24;
/// Rest after a failed accept: without file descriptors it fails again at once, and tonic asks
/// again at once.
const REST: Duration = Duration::from_millis(50);

/// Where a service is called: a port, and the TLS that is spoken there, if any.
pub struct Door {
    listener: TcpListener,
    tls: Option<Tls>,
}

impl From<TcpListener> for Door {
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None }
    }
}

impl Door {
    /// A door where nothing but this TLS is spoken; `None` for one without.
    pub fn new(listener: TcpListener, tls: Option<Tls>) -> Self {
        Self { listener, tls }
    }
}

/// What is known of whoever made a connection.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// Nothing: the connection is not encrypted, or between processes of one machine.
    Unknown,
    /// What their certificate is for; nothing, when they showed none.
    Shown { names: Arc<[String]>, naming: Arc<Naming> },
}

impl Caller {
    /// Whether this connection may bring the token of a service: anything may where there is no TLS,
    /// and otherwise the service itself.
    pub(crate) fn may_be(&self, service: &str) -> bool {
        match self {
            Self::Unknown => true,
            Self::Shown { names, naming } => names.iter().any(|name| naming.is_of(name, service)),
        }
    }
}

pub(crate) struct Connections {
    door: Door,
    places: Arc<Semaphore>,
    preface: Duration,
    cut: CancellationToken,
    resting: Option<Pin<Box<Sleep>>>,
    agreeing: JoinSet<Option<Connection>>,
}

impl Connections {
    /// Those of this door, until `cut` is cancelled.
    pub(crate) fn new(door: Door, settings: &StackSettings, cut: CancellationToken) -> Self {
        let preface = Duration::from_millis(settings.preface_ms);
        let places = Arc::new(Semaphore::new(settings.connections));
        Self { door, places, preface, cut, resting: None, agreeing: JoinSet::new() }
    }
}

/// The connection once both sides agreed on TLS, if they do in time.
async fn agree(tls: Tls, new: New) -> Option<Connection> {
    let acceptor = TlsAcceptor::from(tls.server());
    match timeout_at(new.limit, acceptor.accept(new.stream)).await {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            let names = shown.map(tls::names).unwrap_or_default().into();
            let caller = Caller::Shown { names, naming: Arc::clone(tls.naming()) };
            Some(Connection::of(Wire::Tls(Box::new(stream)), caller, new.limit, new.cut, new.place))
        }
        Ok(Err(error)) => {
            tracing::info!(error = %error, "a connection came to no agreement on TLS");
            None
        }
        Err(_) => None,
    }
}

/// A connection of which nothing is known yet.
struct New {
    stream: TcpStream,
    limit: Instant,
    cut: CancellationToken,
    place: OwnedSemaphorePermit,
}

impl Stream for Connections {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(rest) = &mut self.resting {
                std::task::ready!(rest.as_mut().poll(cx));
                self.resting = None;
            }
            while let Poll::Ready(Some(agreed)) = self.agreeing.poll_join_next(cx) {
                if let Ok(Some(connection)) = agreed {
                    return Poll::Ready(Some(Ok(connection)));
                }
            }
            let stream = match std::task::ready!(self.door.listener.poll_accept(cx)) {
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
            let new = New { stream, limit: Instant::now() + self.preface, cut: self.cut.clone(), place };
            if let Some(tls) = self.door.tls.clone() {
                self.agreeing.spawn(agree(tls, new));
                continue;
            }
            let wire = Wire::Plain(new.stream);
            return Poll::Ready(Some(Ok(Connection::of(wire, Caller::Unknown, new.limit, new.cut, new.place))));
        }
    }
}

/// What bytes go through.
enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection that reads as broken once it was cut, whatever streams are open on it: dropping
/// tonic's server leaves its connections running.
pub(crate) struct Connection {
    wire: Wire,
    caller: Caller,
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
    fn of(wire: Wire, caller: Caller, limit: Instant, cut: CancellationToken, place: OwnedSemaphorePermit) -> Self {
        let greeting = Some(Greeting { missing: PREFACE, limit: Box::pin(sleep_until(limit)) });
        Self { wire, caller, cut: Box::pin(cut.cancelled_owned()), greeting, _place: place }
    }

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
    type ConnectInfo = Caller;

    fn connect_info(&self) -> Caller {
        self.caller.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.is_cut(cx)?;
        let before = buf.filled().len();
        let polled = match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Wire::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        self.greet(cx, buf.filled().len() - before)?;
        polled
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.is_cut(cx)?;
        match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Wire::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Wire::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.is_cut(cx)?;
        match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
            Wire::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(stream) => stream.is_write_vectored(),
            Wire::Tls(stream) => stream.is_write_vectored(),
        }
    }
}
