//! Where nothing is posted to, whatever a name leads to; and whom an endpoint has to prove to be.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use ventanilla_webhooks::config::EndpointSettings;
use ventanilla_webhooks::post::{Post, Resolve};
use webhooks_domain::endpoint::{Endpoint, Rules};
use webhooks_domain::pace::Outcome;

use crate::receiver::{Receiver, Reply, read};

/// Answers from a list, one after the other, the last one for ever; and counts how often it was asked.
struct Fake {
    answers: Mutex<Vec<Vec<IpAddr>>>,
    asked: AtomicUsize,
}

impl Fake {
    fn of(answers: &[&[&str]]) -> Arc<Self> {
        let read = |answer: &&[&str]| answer.iter().map(|text| text.parse().unwrap()).collect();
        Arc::new(Self { answers: Mutex::new(answers.iter().map(read).collect()), asked: AtomicUsize::new(0) })
    }
}

#[async_trait::async_trait]
impl Resolve for Fake {
    async fn resolve(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let mut answers = self.answers.lock().unwrap();
        if answers.len() > 1 { Ok(answers.remove(0)) } else { Ok(answers[0].clone()) }
    }
}

fn settings(port: u16, inside: &[&str]) -> EndpointSettings {
    EndpointSettings {
        ports: vec![port],
        inside: inside.iter().map(|host| (*host).to_owned()).collect(),
        ca_file: None,
        timeout_ms: 2_000,
    }
}

async fn post(settings: &EndpointSettings, resolver: Arc<Fake>, url: &str) -> Outcome {
    let rules = Rules { ports: settings.ports.clone(), inside: settings.inside.clone() };
    let endpoint = Endpoint::parse(url, &rules).unwrap_or_else(|unfit| panic!("{url}: {unfit}"));
    let now = Timestamp::UNIX_EPOCH;
    Post::new(settings, resolver).unwrap().post(&endpoint, HeaderMap::new(), b"{}".to_vec(), now).await
}

#[tokio::test]
async fn a_name_that_leads_inside_is_connected_to_by_nobody() {
    let receiver = Receiver::start().await;
    let port = receiver.addr.port();
    let settings = settings(port, &[]);
    let url = format!("https://hooks.example.com:{port}/");
    for inside in [
        "127.0.0.1",
        "127.0.0.2",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
    ] {
        // Alone, and beside one that would be allowed, in either order.
        for answer in [&[inside][..], &["8.8.8.8", inside], &[inside, "2606:4700:4700::1111"]] {
            let outcome = post(&settings, Fake::of(&[answer]), &url).await;
            assert_eq!(outcome, Outcome::ForbiddenAddress, "{answer:?}");
        }
    }
    assert_eq!(post(&settings, Fake::of(&[&[]]), &url).await, Outcome::Unresolved);
    assert_eq!(receiver.connections(), 0);
    // The counter counts: the same receiver, allowed, is connected to.
    let allowed = EndpointSettings { inside: vec!["hooks.example.com".to_owned()], ..settings };
    let plain = format!("http://hooks.example.com:{port}/");
    assert_eq!(post(&allowed, Fake::of(&[&["127.0.0.1"]]), &plain).await, Outcome::Taken(204));
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn a_name_that_is_given_another_address_after_the_look_gains_nothing() {
    let (first, port) = {
        let receiver = Receiver::start().await;
        let port = receiver.addr.port();
        (receiver, port)
    };
    let second = TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), port)).await.unwrap();
    let reached = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&reached);
    let listening = tokio::spawn(async move {
        while second.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let resolver = Fake::of(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let settings = settings(port, &["rebinds.example.com"]);
    let outcome = post(&settings, Arc::clone(&resolver), &format!("http://rebinds.example.com:{port}/")).await;
    assert_eq!(
        (outcome, resolver.asked.load(Ordering::SeqCst)),
        (Outcome::Taken(204), 1),
        "asked once, and that was used"
    );
    assert_eq!((first.connections(), reached.load(Ordering::SeqCst)), (1, 0));
    // From one attempt to the next it is looked at anew.
    let strict = EndpointSettings { inside: Vec::new(), ..settings };
    let again = post(&strict, resolver, &format!("https://rebinds.example.com:{port}/")).await;
    assert_eq!((again, reached.load(Ordering::SeqCst)), (Outcome::ForbiddenAddress, 0));
    listening.abort();
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let inside = Receiver::start().await;
    for status in [301, 302, 303, 307, 308] {
        let location: &'static str = Box::leak(format!("location: {}\r\n", inside.url()).into_boxed_str());
        let receiver = Receiver::that(move |_| Reply::Answer(status, location)).await;
        let settings = settings(receiver.addr.port(), &["127.0.0.1"]);
        let outcome = post(&settings, Fake::of(&[&[]]), &receiver.url()).await;
        assert_eq!((outcome, receiver.connections()), (Outcome::Refused(status, None), 1));
    }
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn an_answer_without_end_and_an_endpoint_that_says_nothing_end_with_the_time_given() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                read(&mut stream).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
                while stream.write_all(b"400\r\n").await.is_ok() && stream.write_all(&[b'a'; 1_024]).await.is_ok() {
                    let _ = stream.write_all(b"\r\n").await;
                }
            });
        }
    });
    let endless = post(&settings(addr.port(), &["127.0.0.1"]), Fake::of(&[&[]]), &format!("http://{addr}/")).await;
    assert_eq!(endless, Outcome::Taken(200), "read as far as it does no harm");
    serving.abort();
    let silent = Receiver::that(|_| Reply::Hang).await;
    let mut settings = settings(silent.addr.port(), &["127.0.0.1"]);
    settings.timeout_ms = 50;
    assert_eq!(post(&settings, Fake::of(&[&[]]), &silent.url()).await, Outcome::TimedOut);
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
    assert_eq!(post(&settings, Fake::of(&[&[]]), &format!("http://{nobody}/")).await, Outcome::Unreachable);
}

#[tokio::test]
async fn of_an_answer_that_goes_on_and_on_the_status_counts() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                read(&mut stream).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
                std::future::pending::<()>().await;
            });
        }
    });
    let (url, long) = (format!("http://{addr}/"), settings(addr.port(), &["127.0.0.1"]));
    // With less time than an answer may be read, and with more.
    let short = EndpointSettings { timeout_ms: 900, ..settings(addr.port(), &["127.0.0.1"]) };
    let outcomes = tokio::join!(post(&short, Fake::of(&[&[]]), &url), post(&long, Fake::of(&[&[]]), &url));
    assert_eq!(outcomes, (Outcome::Taken(200), Outcome::Taken(200)));
    serving.abort();
}

fn pem(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

/// Speaks TLS as `receiver.test`, and takes everything.
async fn over_tls() -> SocketAddr {
    let chain = CertificateDer::pem_file_iter(pem("receiver.pem")).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(pem("receiver.key")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(mut stream) = acceptor.accept(stream).await
                    && read(&mut stream).await.is_some()
                {
                    let _ = stream.write_all(b"HTTP/1.1 204 Taken\r\n\r\n").await;
                    let _ = stream.shutdown().await;
                }
            });
        }
    });
    addr
}

#[tokio::test]
async fn only_who_proves_the_name_is_posted_to() {
    let addr = over_tls().await;
    let here: &[&[&str]] = &[&["127.0.0.1"]];
    let mut settings = settings(addr.port(), &["receiver.test", "other.test"]);
    settings.timeout_ms = 1_000;
    let url = format!("https://receiver.test:{}/", addr.port());
    assert_eq!(post(&settings, Fake::of(here), &url).await, Outcome::Untrusted, "of no authority that is known");
    settings.ca_file = Some(pem("authority.pem"));
    assert_eq!(post(&settings, Fake::of(here), &url).await, Outcome::Taken(204));
    let other = format!("https://other.test:{}/", addr.port());
    assert_eq!(post(&settings, Fake::of(here), &other).await, Outcome::Untrusted, "of another name");
    let plain = Receiver::start().await;
    let url = format!("https://receiver.test:{}/", plain.addr.port());
    let outcome = post(&settings, Fake::of(here), &url).await;
    assert!(!matches!(outcome, Outcome::Taken(_) | Outcome::Refused(..)), "no TLS is spoken there: {outcome:?}");
    assert!(plain.got().is_empty());
}
