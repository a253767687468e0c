//! An endpoint: a small HTTP server that writes down what it is sent, and answers, or does not, as it is told.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};

/// What was sent.
#[derive(Debug, Clone)]
pub struct Got {
    /// Method and path.
    pub line: String,
    /// Headers, by their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// Body.
    pub body: Vec<u8>,
}

impl Got {
    /// A header; empty when it was not sent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// What to do about it.
#[derive(Debug, Clone)]
pub enum Reply {
    /// Answer with this status and these lines of a header.
    Answer(u16, &'static str),
    /// Break the connection before it is written down.
    BreakBefore,
    /// Write it down and break the connection.
    BreakAfter,
    /// Write it down and never answer.
    Hang,
}

type Script = Box<dyn FnMut(&Got) -> Reply + Send>;

struct Shared {
    got: Mutex<Vec<Got>>,
    script: Mutex<Script>,
    connections: AtomicUsize,
}

/// The endpoint.
pub struct Receiver {
    /// Where it listens.
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    listening: Option<JoinHandle<()>>,
}

impl Receiver {
    /// One that takes everything.
    pub async fn start() -> Self {
        Self::that(|_| Reply::Answer(204, "")).await
    }

    /// One that does as it is told.
    pub async fn that(script: impl FnMut(&Got) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let addr = listener.local_addr().expect("it is bound");
        let shared =
            Shared { got: Mutex::default(), script: Mutex::new(Box::new(script)), connections: AtomicUsize::new(0) };
        let mut receiver = Self { addr, shared: Arc::new(shared), listening: None };
        receiver.listen(listener);
        receiver
    }

    fn listen(&mut self, listener: TcpListener) {
        let shared = Arc::clone(&self.shared);
        self.listening = Some(tokio::spawn(async move {
            // Dropped with this task, it breaks every connection.
            let mut serving = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                serving.spawn(serve(stream, Arc::clone(&shared)));
            }
        }));
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.addr)
    }

    /// Does otherwise from now on.
    pub fn now(&self, script: impl FnMut(&Got) -> Reply + Send + 'static) {
        *self.shared.script.lock().unwrap() = Box::new(script);
    }

    /// Dies: nobody listens, and every connection is broken.
    pub async fn die(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
            let _ = listening.await;
        }
    }

    /// Listens again where it did.
    pub async fn come_back(&mut self) {
        let listener = TcpListener::bind(self.addr).await.expect("its own port");
        self.listen(listener);
    }

    /// All that was written down.
    pub fn got(&self) -> Vec<Got> {
        self.shared.got.lock().unwrap().clone()
    }

    /// Connections that were made.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// What was written down, once it is so many.
    pub async fn got_at_least(&self, count: usize) -> Vec<Got> {
        testkit::eventually(crate::world::SOON, || async {
            let got = self.got();
            if got.len() >= count { Ok(got) } else { Err(format!("{} of {count}", got.len())) }
        })
        .await
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, shared: Arc<Shared>) {
    let Some(got) = read(&mut stream).await else { return };
    let reply = (shared.script.lock().unwrap())(&got);
    if !matches!(reply, Reply::BreakBefore) {
        shared.got.lock().unwrap().push(got);
    }
    match reply {
        Reply::Answer(status, headers) => {
            let answer = format!("HTTP/1.1 {status} As told\r\n{headers}content-length: 2\r\n\r\nok");
            let answer = if status == 204 { format!("HTTP/1.1 204 As told\r\n{headers}\r\n") } else { answer };
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        Reply::BreakBefore | Reply::BreakAfter => {}
        Reply::Hang => std::future::pending().await,
    }
}

/// Reads one request.
pub async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> Option<Got> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut lines = head.split("\r\n");
    let line = lines.next()?.to_owned();
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    let headers: BTreeMap<String, String> = lines.filter_map(header).collect();
    let length: usize = headers.get("content-length")?.parse().ok()?;
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Got { line, headers, body })
}
