//! The few requests that the house sends to an identity provider: bounded in time and size, to `https` alone unless it is this
//! machine, following nobody elsewhere.
//!
//! Neither a general client nor one for addresses that strangers name: the addresses are those of the house's settings and what the
//! provider found there says.

use std::io::{Error, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// How long a request may take that somebody waits for.
pub const PATIENCE: Duration = Duration::from_secs(8);
const LARGEST: usize = 256 * 1024;

/// Why there is no answer. Names no address: some carry what must not be logged.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody answers there, or not as HTTP.
    #[error("the identity provider cannot be reached")]
    Unreachable(#[source] Error),
    /// It took too long.
    #[error("the identity provider takes too long")]
    TooSlow,
    /// It answered with another status than success; to be led elsewhere is none.
    #[error("the identity provider answered with status {0}")]
    Status(u16),
    /// What was to be asked is no address.
    #[error("the identity provider's {0} cannot be used")]
    Unusable(&'static str),
    /// An address that is neither `https` nor this machine.
    #[error("{0} of the identity provider is neither https nor on this machine")]
    Unsafe(&'static str),
    /// The authorities that its certificate is held against cannot be read.
    #[error("the authorities of the identity provider cannot be read from {path}")]
    Authorities {
        /// From where.
        path: std::path::PathBuf,
    },
}

/// What is sent.
pub struct Asked<'a> {
    /// Where to.
    pub url: &'a str,
    /// What the address is, for who reads the log.
    pub what: &'static str,
    /// A form to be posted; otherwise it is a GET.
    pub form: Option<String>,
    /// User and password, for the header.
    pub basic: Option<String>,
    /// How long it may take.
    pub patience: Duration,
}

impl<'a> Asked<'a> {
    /// A plain GET.
    pub const fn get(url: &'a str, what: &'static str) -> Self {
        Self { url, what, form: None, basic: None, patience: PATIENCE }
    }
}

/// Sends them. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher(Arc<ClientConfig>);

impl Fetcher {
    /// Trusts the authorities of the web.
    ///
    /// # Errors
    /// [`FetchError::Unusable`] when there is no TLS to be had.
    pub fn new() -> Result<Self, FetchError> {
        Self::with(RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()))
    }

    /// Trusts the authorities of this PEM file and no other: those of a house that certifies its own provider.
    ///
    /// # Errors
    /// [`FetchError::Authorities`] when the file cannot be read or holds none.
    pub fn trusting(path: &Path) -> Result<Self, FetchError> {
        let unreadable = || FetchError::Authorities { path: path.to_owned() };
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|_| unreadable())? {
            roots.add(certificate.map_err(|_| unreadable())?).map_err(|_| unreadable())?;
        }
        if roots.is_empty() { Err(unreadable()) } else { Self::with(roots) }
    }

    fn with(roots: RootCertStore) -> Result<Self, FetchError> {
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(|_| FetchError::Unusable("TLS"))?;
        Ok(Self(Arc::new(config.with_root_certificates(roots).with_no_client_auth())))
    }

    /// The body of a successful answer.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn fetch(&self, asked: Asked<'_>) -> Result<Vec<u8>, FetchError> {
        match tokio::time::timeout(asked.patience, self.exchange(asked)).await {
            Ok(answer) => answer,
            Err(_) => Err(FetchError::TooSlow),
        }
    }

    async fn exchange(&self, asked: Asked<'_>) -> Result<Vec<u8>, FetchError> {
        let url: Uri = asked.url.parse().map_err(|_| FetchError::Unusable(asked.what))?;
        if !is_safe(&url) {
            return Err(FetchError::Unsafe(asked.what));
        }
        let (Some(host), Some(authority)) = (url.host(), url.authority()) else {
            return Err(FetchError::Unusable(asked.what));
        };
        let tls = url.scheme_str() == Some("https");
        let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let bare = host.trim_matches(['[', ']']);
        let stream = TcpStream::connect((bare, port)).await.map_err(FetchError::Unreachable)?;
        let path = url.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder()
            .method(if asked.form.is_some() { Method::POST } else { Method::GET })
            .uri(path)
            .header(header::HOST, authority.as_str())
            .header(header::ACCEPT, "application/json");
        if asked.form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(basic) = asked.basic {
            request = request.header(header::AUTHORIZATION, format!("Basic {basic}"));
        }
        let request = request.body(Full::new(Bytes::from(asked.form.unwrap_or_default())));
        let request = request.map_err(|_| FetchError::Unusable(asked.what))?;
        if tls {
            let name = ServerName::try_from(bare.to_owned()).map_err(|_| FetchError::Unsafe(asked.what))?;
            let stream = TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await;
            send(TokioIo::new(stream.map_err(FetchError::Unreachable)?), request).await
        } else {
            send(TokioIo::new(stream), request).await
        }
    }
}

/// Whether an address may be asked at all.
pub fn is_safe(url: &Uri) -> bool {
    let here = matches!(url.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme_str() == Some("https") || (url.scheme_str() == Some("http") && here)
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Vec<u8>, FetchError>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| FetchError::Unreachable(Error::new(ErrorKind::InvalidData, error));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(broken)?;
    // Ends with the answer: the sender is dropped then.
    let driver = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(broken)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(FetchError::Status(status.as_u16()));
    }
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| FetchError::Unreachable(Error::new(ErrorKind::InvalidData, error)))?;
    driver.abort();
    Ok(body.to_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn secrets_go_over_tls_or_not_at_all() {
        for (url, safe) in [
            ("https://id.example/token", true),
            ("http://127.0.0.1:9/token", true),
            ("http://localhost/token", true),
            ("http://id.example/token", false),
            ("ftp://id.example/", false),
            ("/token", false),
        ] {
            assert_eq!(is_safe(&url.parse().unwrap()), safe, "{url}");
        }
    }

    /// What is said of an answer that a server gives to whoever asks.
    async fn said_of(answer: Vec<u8>) -> Result<Vec<u8>, FetchError> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 1_024];
            let _ = stream.read(&mut asked).await;
            let _ = stream.write_all(&answer).await;
        });
        Fetcher::new().unwrap().fetch(Asked::get(&url, "test")).await
    }

    #[tokio::test]
    async fn an_answer_is_taken_whole_and_neither_elsewhere_nor_without_end() {
        let whole = said_of(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".to_vec()).await;
        assert_eq!(whole.unwrap(), b"{}");
        let elsewhere = said_of(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\r\n".to_vec()).await;
        assert!(matches!(elsewhere, Err(FetchError::Status(302))));
        let mut endless = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        endless.resize(LARGEST + 1_000, b' ');
        assert!(matches!(said_of(endless).await, Err(FetchError::Unreachable(_))));
    }

    #[test]
    fn a_file_without_authorities_is_refused() {
        assert!(matches!(Fetcher::trusting(Path::new("/nowhere.pem")), Err(FetchError::Authorities { .. })));
        assert!(matches!(Fetcher::trusting(Path::new("/dev/null")), Err(FetchError::Authorities { .. })));
    }
}
