//! The one place that makes a connection to where somebody said.
//!
//! The name is resolved for every attempt, every address it leads to is looked at, and the connection is made to one of those
//! very addresses: nothing resolves a second time between the look and the connection. No proxy is asked, no redirect followed, no
//! connection kept for another attempt, and of an answer only its status counts.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, HOST, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;
use webhooks_domain::endpoint::Endpoint;
use webhooks_domain::pace::{Outcome, retry_after};

use crate::config::EndpointSettings;
use crate::envelope;

/// Of an answer no more is read than this, and nothing of it kept.
const MOST_READ: usize = 64 * 1024;
/// And for no longer than this.
const LONGEST_READ: Duration = Duration::from_secs(1);
/// Addresses of a name that are tried.
const MOST_ADDRESSES: usize = 4;
/// What the receiver sees of us.
const AGENT: &str = concat!("ventanilla-webhooks/", env!("CARGO_PKG_VERSION"));

/// Tells where a name leads.
#[async_trait::async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// Its addresses.
    ///
    /// # Errors
    /// When it is not found.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// As the machine resolves names.
pub struct SystemResolver;

#[async_trait::async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        // The port plays no part in it.
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|found| found.ip()).collect())
    }
}

/// Why nothing can be posted at all.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The file of authorities.
    #[error("it must be a file of certificates in PEM")]
    Authorities(#[source] rustls::pki_types::pem::Error),
    /// One of them.
    #[error("it holds a certificate that cannot be used")]
    Authority(#[source] rustls::Error),
    /// The library.
    #[error("TLS cannot be spoken")]
    Tls(#[source] rustls::Error),
}

/// How something is posted. Cheap to clone.
#[derive(Clone)]
pub struct Post {
    resolver: Arc<dyn Resolve>,
    tls: TlsConnector,
    timeout: Duration,
}

/// What did not come about.
enum Failed {
    Unresolved,
    Forbidden,
    Unreachable,
    Untrusted,
}

impl From<Failed> for Outcome {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Unresolved => Self::Unresolved,
            Failed::Forbidden => Self::ForbiddenAddress,
            Failed::Unreachable => Self::Unreachable,
            Failed::Untrusted => Self::Untrusted,
        }
    }
}

impl Post {
    /// With this way to find where a name leads.
    ///
    /// # Errors
    /// [`PostError`].
    pub fn new(settings: &EndpointSettings, resolver: Arc<dyn Resolve>) -> Result<Self, PostError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        if let Some(file) = &settings.ca_file {
            for certificate in CertificateDer::pem_file_iter(file).map_err(PostError::Authorities)? {
                roots.add(certificate.map_err(PostError::Authorities)?).map_err(PostError::Authority)?;
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(PostError::Tls)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let timeout = Duration::from_millis(u64::from(settings.timeout_ms));
        Ok(Self { resolver, tls: TlsConnector::from(Arc::new(config)), timeout })
    }

    /// Posts a body once, and tells what became of it. It never takes longer than the settings allow.
    pub async fn post(&self, endpoint: &Endpoint, headers: HeaderMap, body: Vec<u8>, now: Timestamp) -> Outcome {
        // An answer that goes on when the time is over is an answer all the same.
        let mut answered = None;
        let attempt = self.attempt(endpoint, headers, body, now, &mut answered);
        let ended = tokio::time::timeout(self.timeout, attempt).await;
        match ended {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(failed)) => failed.into(),
            Err(_) => answered.unwrap_or(Outcome::TimedOut),
        }
    }

    async fn attempt(
        &self,
        endpoint: &Endpoint,
        headers: HeaderMap,
        body: Vec<u8>,
        now: Timestamp,
        answered: &mut Option<Outcome>,
    ) -> Result<Outcome, Failed> {
        let stream = connect(endpoint, self.addresses(endpoint).await?).await?;
        let request = request(endpoint, headers, body).ok_or(Failed::Unreachable)?;
        if endpoint.is_encrypted() {
            let name = match endpoint.host() {
                Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| Failed::Unresolved)?,
                Host::Ipv4(address) => ServerName::from(IpAddr::V4(*address)),
                Host::Ipv6(address) => ServerName::from(IpAddr::V6(*address)),
            };
            let stream = self.tls.connect(name, stream).await.map_err(|error| match error.get_ref() {
                Some(inner) if inner.is::<rustls::Error>() => Failed::Untrusted,
                _ => Failed::Unreachable,
            })?;
            exchange(stream, request, now, answered).await
        } else {
            exchange(stream, request, now, answered).await
        }
    }

    /// Where the endpoint's name leads now. One address that is not allowed forbids them all: who resolves a name to both
    /// hopes for the other.
    async fn addresses(&self, endpoint: &Endpoint) -> Result<Vec<IpAddr>, Failed> {
        let found = match endpoint.host() {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => self.resolver.resolve(name).await.map_err(|_| Failed::Unresolved)?,
        };
        if found.is_empty() {
            return Err(Failed::Unresolved);
        }
        if found.iter().any(|address| endpoint.may_connect(*address).is_err()) {
            return Err(Failed::Forbidden);
        }
        Ok(found)
    }
}

async fn connect(endpoint: &Endpoint, addresses: Vec<IpAddr>) -> Result<TcpStream, Failed> {
    for address in addresses.into_iter().take(MOST_ADDRESSES) {
        let to = SocketAddr::new(address, endpoint.port());
        if let Ok(stream) = TcpStream::connect(to).await {
            // Small, and wanted at once.
            let _ = stream.set_nodelay(true);
            return Ok(stream);
        }
    }
    Err(Failed::Unreachable)
}

fn request(endpoint: &Endpoint, headers: HeaderMap, body: Vec<u8>) -> Option<Request<Full<Bytes>>> {
    let mut request = Request::post(endpoint.path()).body(Full::new(Bytes::from(body))).ok()?;
    *request.headers_mut() = headers;
    let all = request.headers_mut();
    all.insert(HOST, HeaderValue::try_from(endpoint.authority()).ok()?);
    all.insert(CONTENT_TYPE, HeaderValue::from_static(envelope::CONTENT_TYPE));
    all.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    Some(request)
}

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    now: Timestamp,
    answered: &mut Option<Outcome>,
) -> Result<Outcome, Failed>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake =
        hyper::client::conn::http1::Builder::new().max_buf_size(MOST_READ).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| Failed::Unreachable)?;
    // Ends with this attempt: dropped, it closes the connection.
    let connection = tokio_util::task::AbortOnDropHandle::new(tokio::spawn(connection));
    let answer = sender.send_request(request).await.map_err(|_| Failed::Unreachable)?;
    let wait = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let outcome = Outcome::of_status(answer.status().as_u16(), wait.and_then(|value| retry_after(value, now)));
    *answered = Some(outcome);
    // What it says beside is not for us; it is read as far as that does no harm, so that the receiver can finish saying it.
    let mut body = answer.into_body();
    let reading = async {
        let mut read = 0;
        while read < MOST_READ
            && let Some(Ok(frame)) = body.frame().await
        {
            read += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    let _ = tokio::time::timeout(LONGEST_READ, reading).await;
    drop(connection);
    Ok(outcome)
}
