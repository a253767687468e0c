//! A TCP proxy that breaks things: delays, cuts after so many bytes, withholds answers, freezes.
//!
//! What is broken when is decided by a [`Tap`] of each connection, which sees the bytes of both
//! directions before they are passed on.

pub mod postgres;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

/// Who sent the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Whoever connected to the proxy.
    Client,
    /// Whoever the proxy connected to.
    Server,
}

/// What becomes of a piece of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Passed on.
    Pass,
    /// Swallowed.
    Withhold,
    /// So many of them are passed on, then the connection is reset in both directions.
    CutAfter(usize),
    /// Passed on after a while.
    Delay(Duration),
    /// Neither these nor any later ones of this direction arrive.
    Freeze,
}

/// Watches one connection.
pub trait Tap: Send + 'static {
    /// Decides about the next bytes from this side.
    fn sees(&mut self, from: Side, bytes: &[u8]) -> Verdict;
}

/// Passes everything.
pub struct Through;

impl Tap for Through {
    fn sees(&mut self, _: Side, _: &[u8]) -> Verdict {
        Verdict::Pass
    }
}

/// Cuts the connection when so many bytes came from one side.
pub struct CutAfter {
    /// Which side's bytes are counted.
    pub side: Side,
    /// How many still pass.
    pub left: usize,
}

impl Tap for CutAfter {
    fn sees(&mut self, from: Side, bytes: &[u8]) -> Verdict {
        if from != self.side {
            return Verdict::Pass;
        }
        if bytes.len() >= self.left {
            return Verdict::CutAfter(self.left);
        }
        self.left -= bytes.len();
        Verdict::Pass
    }
}

/// Lets every piece of one side wait.
pub struct Slow {
    /// Which side's bytes wait.
    pub side: Side,
    /// How long.
    pub delay: Duration,
}

impl Tap for Slow {
    fn sees(&mut self, from: Side, _: &[u8]) -> Verdict {
        if from == self.side { Verdict::Delay(self.delay) } else { Verdict::Pass }
    }
}

/// A listening proxy. Ends with its connections when dropped.
pub struct Proxy {
    addr: SocketAddr,
    cuts: watch::Sender<u64>,
    frozen: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Proxy {
    /// Listens on a free loopback port and connects each client to `target`, watched by a tap of its own.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start<T: Tap>(target: SocketAddr, tap: impl Fn() -> T + Send + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let (cuts, cut) = watch::channel(0);
        let (frozen, thaw) = watch::channel(false);
        let serving = tokio::spawn(async move {
            // Dropped with this task, and its connections with it.
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let Ok((client, _)) = accepted else { continue };
                        // Earlier cuts are not meant for this connection.
                        let mut cut = cut.clone();
                        cut.mark_unchanged();
                        connections.spawn(connection(client, target, tap(), cut, thaw.clone()));
                    }
                    Some(_) = connections.join_next() => {}
                }
            }
        });
        Ok(Self { addr, cuts, frozen, serving })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Resets every connection that is open now.
    pub fn cut_all(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// While frozen nothing passes in either direction; connections stay open.
    pub fn freeze(&self, frozen: bool) {
        self.frozen.send_replace(frozen);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn connection<T: Tap>(
    mut client: TcpStream,
    target: SocketAddr,
    tap: T,
    mut cut: watch::Receiver<u64>,
    thaw: watch::Receiver<bool>,
) {
    let Ok(mut server) = TcpStream::connect(target).await else {
        // To the client this is what a dead server looks like.
        let _ = client.set_zero_linger();
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let tap = Arc::new(Mutex::new(tap));
    let broken = {
        let (from_client, to_client) = client.split();
        let (from_server, to_server) = server.split();
        let there = pump(Side::Client, from_client, to_server, Arc::clone(&tap), thaw.clone());
        let back = pump(Side::Server, from_server, to_client, tap, thaw);
        tokio::select! {
            ended = async { tokio::try_join!(there, back) } => ended.is_err(),
            _ = cut.changed() => true,
        }
    };
    if broken {
        let _ = (client.set_zero_linger(), server.set_zero_linger());
    }
}

async fn pump<T: Tap>(
    side: Side,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    tap: Arc<Mutex<T>>,
    mut thaw: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        let bytes = &buffer[..read];
        let verdict = tap.lock().unwrap_or_else(PoisonError::into_inner).sees(side, bytes);
        // A proxy that was dropped thaws nobody: its tasks end.
        let _ = thaw.wait_for(|frozen| !frozen).await;
        match verdict {
            Verdict::Pass => to.write_all(bytes).await?,
            Verdict::Withhold => {}
            Verdict::CutAfter(passed) => {
                to.write_all(&bytes[..passed.min(read)]).await?;
                to.flush().await?;
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            Verdict::Delay(delay) => {
                tokio::time::sleep(delay).await;
                to.write_all(bytes).await?;
            }
            Verdict::Freeze => std::future::pending::<()>().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// Answers everything with itself.
    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut from, mut to) = stream.split();
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                });
            }
        });
        addr
    }

    async fn answer(stream: &mut TcpStream, said: &[u8]) -> io::Result<Vec<u8>> {
        stream.write_all(said).await?;
        let mut back = vec![0; said.len()];
        stream.read_exact(&mut back).await?;
        Ok(back)
    }

    #[tokio::test]
    async fn passes_what_is_said_and_cuts_on_demand() {
        let proxy = Proxy::start(echo().await, || Through).await.unwrap();
        let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(answer(&mut stream, b"hello").await.unwrap(), b"hello");
        proxy.cut_all();
        let mut byte = [0];
        assert!(matches!(stream.read(&mut byte).await, Err(_) | Ok(0)));
        let mut again = TcpStream::connect(proxy.addr()).await.unwrap();
        assert_eq!(answer(&mut again, b"again").await.unwrap(), b"again");
    }

    #[tokio::test]
    async fn cuts_after_so_many_bytes_of_one_side() {
        let tap = || CutAfter { side: Side::Server, left: 3 };
        let proxy = Proxy::start(echo().await, tap).await.unwrap();
        let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
        assert!(answer(&mut stream, b"hello").await.is_err());
    }

    #[tokio::test]
    async fn a_slow_side_is_slow_and_a_frozen_proxy_thaws() {
        let delay = Duration::from_millis(30);
        let proxy = Proxy::start(echo().await, move || Slow { side: Side::Server, delay }).await.unwrap();
        let mut stream = TcpStream::connect(proxy.addr()).await.unwrap();
        let began = Instant::now();
        answer(&mut stream, b"x").await.unwrap();
        assert!(began.elapsed() >= delay);

        proxy.freeze(true);
        let frozen = tokio::time::timeout(Duration::from_millis(80), answer(&mut stream, b"y")).await;
        assert!(frozen.is_err(), "a frozen proxy answers nothing");
        proxy.freeze(false);
        let mut late = [0];
        stream.read_exact(&mut late).await.unwrap();
        assert_eq!(&late, b"y");
    }
}
