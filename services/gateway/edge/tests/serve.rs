//! A port that is served to its end, by clients that misbehave.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use edge::{Caller, ClientAddress, Draining, HttpSettings, Leaving, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Running {
    address: std::net::SocketAddr,
    cancel: CancellationToken,
    ended: JoinHandle<std::io::Result<()>>,
}

async fn running(router: Router, settings: HttpSettings) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, cancel) = (listener.local_addr().unwrap(), CancellationToken::new());
    let ended = tokio::spawn(serve(router, listener, settings, cancel.clone()));
    Running { address, cancel, ended }
}

async fn ask(address: std::net::SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    // A reset is an end too.
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

fn router() -> Router {
    Router::new()
        .route(
            "/who",
            get(|address: ClientAddress, caller: Caller| async move {
                format!("{} {}", address.0, caller.bearer.is_some())
            }),
        )
        .route("/take", post(|body: String| async move { body.len().to_string() }))
        .route("/hang", get(|| async { std::future::pending::<String>().await }))
        .route(
            "/readyz",
            get(|leaving: axum::Extension<Leaving>| async move { leaving.0.0.is_cancelled().to_string() }),
        )
        .route("/watch", get(|draining: axum::Extension<Draining>| async move { until(draining.0.0) }))
}

/// A stream of answers that says something once and ends when the port goes down.
fn until(draining: CancellationToken) -> Response {
    let words = futures_of(draining);
    Body::from_stream(words).into_response()
}

fn futures_of(draining: CancellationToken) -> impl tokio_stream::Stream<Item = Result<&'static str, std::io::Error>> {
    let (send, receive) = tokio::sync::mpsc::channel(2);
    tokio::spawn(async move {
        let _ = send.send(Ok("hello")).await;
        draining.cancelled().await;
        let _ = send.send(Ok("goodbye")).await;
    });
    tokio_stream::wrappers::ReceiverStream::new(receive)
}

#[tokio::test]
async fn a_request_is_answered_and_knows_where_it_comes_from() {
    let port = running(router(), HttpSettings::default()).await;
    let answer =
        ask(port.address, "GET /who HTTP/1.1\r\nhost: x\r\nauthorization: Bearer t\r\nx-forwarded-for: 6.6.6.6\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("127.0.0.1 true"), "{answer}");
}

#[tokio::test]
async fn a_head_that_does_not_come_and_a_body_too_large_are_turned_away() {
    let settings = HttpSettings { head_ms: 200, body_bytes: 100, ..HttpSettings::default() };
    let port = running(router(), settings).await;
    let began = Instant::now();
    let slow = ask(port.address, "GET /who HTTP/1.1\r\nhost: x\r\n").await;
    assert!(!slow.starts_with("HTTP/1.1 200") && began.elapsed() < Duration::from_secs(20), "{slow}");
    let large = format!(
        "POST /take HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 101\r\n\r\n{}",
        "x".repeat(101)
    );
    assert!(ask(port.address, &large).await.starts_with("HTTP/1.1 413"));
    let heads = format!("GET /who HTTP/1.1\r\nhost: x\r\na: {}\r\n\r\n", "x".repeat(40_000));
    assert!(ask(port.address, &heads).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn a_connection_that_does_not_say_what_it_speaks_is_closed() {
    let port = running(router(), HttpSettings { head_ms: 200, ..HttpSettings::default() }).await;
    for said in ["", "PRI * HT"] {
        let closed = tokio::time::timeout(Duration::from_secs(20), ask(port.address, said)).await;
        assert_eq!(closed.as_deref(), Ok(""), "{said:?}");
    }
}

#[tokio::test]
async fn a_request_that_is_never_answered_is_given_up_in_words() {
    let port = running(router(), HttpSettings { request_ms: 100, ..HttpSettings::default() }).await;
    let answer = ask(port.address, "GET /hang HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("REQUEST_TIMEOUT"), "{answer}");
}

#[tokio::test]
async fn one_connection_too_many_is_closed_at_once() {
    let port = running(router(), HttpSettings { connections: 1, ..HttpSettings::default() }).await;
    let mut first = TcpStream::connect(port.address).await.unwrap();
    first.write_all(b"GET /watch HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    first.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    assert_eq!(ask(port.address, "GET /who HTTP/1.1\r\nhost: x\r\n\r\n").await, "");
}

/// The same as [`ask`], from another address of this machine.
async fn ask_from(from: &str, address: std::net::SocketAddr, request: &str) -> String {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn one_address_has_its_own_share_of_the_connections_and_takes_nobody_elses() {
    let settings = HttpSettings { connections: 3, connections_per_address: 1, ..HttpSettings::default() };
    let port = running(router(), settings).await;
    let mut held = TcpStream::connect(port.address).await.unwrap();
    held.write_all(b"GET /watch HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    held.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200");
    let who = "GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert_eq!(ask(port.address, who).await, "", "a second of one address is closed");
    let other = ask_from("127.0.0.2", port.address, who).await;
    assert!(other.starts_with("HTTP/1.1 200") && other.ends_with("127.0.0.2 false"), "{other}");
    // Whoever leaves makes room.
    drop(held);
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let again = ask(port.address, who).await;
        if again.starts_with("HTTP/1.1 200") {
            break;
        }
        assert!(Instant::now() < until, "a place that was left is given again: {again}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_port_told_to_stop_ends_its_streams_and_cuts_what_hangs() {
    let port = running(router(), HttpSettings { drain_ms: 500, ..HttpSettings::default() }).await;
    let mut watching = TcpStream::connect(port.address).await.unwrap();
    watching.write_all(b"GET /watch HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    watching.read_exact(&mut head).await.unwrap();
    let mut hanging = TcpStream::connect(port.address).await.unwrap();
    hanging.write_all(b"GET /hang HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    port.cancel.cancel();
    let mut rest = String::new();
    watching.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("goodbye"), "{rest}");
    port.ended.await.unwrap().unwrap();
    let mut nothing = Vec::new();
    let _ = hanging.read_to_end(&mut nothing).await;
    assert!(nothing.is_empty());
}

#[tokio::test]
async fn a_lame_duck_says_that_it_goes_and_serves_whoever_comes_all_the_same() {
    // As long as it is granted: the test takes as long as its questions take, since the rest of the drain has nothing to wait for.
    let settings = HttpSettings { drain_ms: 4_000, lame_duck_ms: 60_000, ..HttpSettings::default() };
    let port = running(router(), settings).await;
    let mut watching = TcpStream::connect(port.address).await.unwrap();
    watching.write_all(b"GET /watch HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut head = [0; 12];
    watching.read_exact(&mut head).await.unwrap();
    let ready = "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    assert!(ask(port.address, ready).await.ends_with("false"));
    let told = Instant::now();
    port.cancel.cancel();
    assert!(ask(port.address, ready).await.ends_with("true"), "it says that it goes");
    let who = ask(port.address, "GET /who HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(who.starts_with("HTTP/1.1 200"), "who comes now is served: {who}");
    let mut rest = String::new();
    watching.read_to_string(&mut rest).await.unwrap();
    assert!(
        rest.contains("goodbye") && told.elapsed() >= Duration::from_secs(2),
        "streams go on until the drain: {rest}"
    );
    port.ended.await.unwrap().unwrap();
    assert!(told.elapsed() < Duration::from_secs(20), "half of the drain is the most a lame duck gets");
}
