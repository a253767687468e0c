//! The way to the collector, in the clear or over TLS.
//!
//! TLS is ours and not tonic's: where tonic has its own, it lets nobody else's connector answer for `https`, and so services meet each other.

use std::io::{Error, ErrorKind};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, crypto};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};
use tower::Service;

use crate::Settings;

/// How long one export may take before the batch is given up.
pub(crate) const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why there is no way to the collector.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// Neither `http://host:port` nor `https://host:port`.
    #[error("telemetry.otlp_endpoint is no address such as http://collector:4317 or https://collector:4317")]
    Address,
    /// The authorities that its certificate is held against cannot be read.
    #[error("telemetry.otlp_ca_file: no certificates can be read from {path}")]
    Authorities {
        /// From where.
        path: PathBuf,
    },
    /// There is no TLS to be had.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
}

/// Why the collector was not reached.
#[derive(Debug, thiserror::Error)]
pub enum Unreached {
    /// Nobody listens there.
    #[error("nobody listens there")]
    Away(#[source] Error),
    /// Who listens does not show by TLS that it is the collector.
    #[error("who listens there does not show to be the collector")]
    NotIt(#[source] Error),
}

/// Where spans and metrics are pushed to.
#[derive(Clone)]
pub struct Collector {
    endpoint: Endpoint,
    way: Way,
}

impl Collector {
    /// The one that the settings name, if they name one.
    ///
    /// # Errors
    /// [`CollectorError`].
    pub fn of(settings: &Settings) -> Result<Option<Self>, CollectorError> {
        let Some(address) = &settings.otlp_endpoint else { return Ok(None) };
        let endpoint = Endpoint::from_shared(address.clone()).map_err(|_| CollectorError::Address)?;
        let tls = match endpoint.uri().scheme_str() {
            Some("http") => None,
            Some("https") => Some(trusting(settings.otlp_ca_file.as_ref())?),
            _ => return Err(CollectorError::Address),
        };
        let way = Way::to(endpoint.uri(), tls).ok_or(CollectorError::Address)?;
        Ok(Some(Self { endpoint: endpoint.connect_timeout(EXPORT_TIMEOUT).timeout(EXPORT_TIMEOUT), way }))
    }

    /// Host and port.
    pub fn at(&self) -> String {
        format!("{}:{}", self.endpoint.uri().host().unwrap_or_default(), self.way.port)
    }

    /// Connects once, and lets go: whether anybody listens there and, over TLS, is who the address says.
    ///
    /// # Errors
    /// [`Unreached`].
    pub async fn reach(&self) -> Result<(), Unreached> {
        let stream = self.way.connect().await.map_err(Unreached::Away)?;
        if let Some(tls) = &self.way.tls {
            self.way.encrypt(stream, Arc::clone(tls)).await.map_err(Unreached::NotIt)?;
        }
        Ok(())
    }

    pub(crate) fn channel(&self) -> Channel {
        match &self.way.tls {
            None => self.endpoint.connect_lazy(),
            Some(tls) => {
                self.endpoint.connect_with_connector_lazy(Encrypted { way: self.way.clone(), tls: Arc::clone(tls) })
            }
        }
    }
}

/// Trusts the authorities of this PEM file and no other, or where there is none those of the web.
fn trusting(file: Option<&PathBuf>) -> Result<Arc<ClientConfig>, CollectorError> {
    let mut roots = RootCertStore::empty();
    match file {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let unreadable = || CollectorError::Authorities { path: path.clone() };
            for certificate in CertificateDer::pem_file_iter(path).map_err(|_| unreadable())? {
                roots.add(certificate.map_err(|_| unreadable())?).map_err(|_| unreadable())?;
            }
            if roots.is_empty() {
                return Err(unreadable());
            }
        }
    }
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = config.map_err(CollectorError::Tls)?.with_root_certificates(roots).with_no_client_auth();
    // Servers of gRPC refuse who does not ask for HTTP/2 by name.
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

#[derive(Clone)]
struct Way {
    host: String,
    port: u16,
    name: ServerName<'static>,
    tls: Option<Arc<ClientConfig>>,
}

impl Way {
    fn to(uri: &Uri, tls: Option<Arc<ClientConfig>>) -> Option<Self> {
        let host = uri.host()?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
        let name = ServerName::try_from(host.clone()).ok()?;
        Some(Self { host, port, name, tls })
    }

    async fn connect(&self) -> Result<TcpStream, Error> {
        TcpStream::connect((self.host.as_str(), self.port)).await
    }

    async fn encrypt(&self, stream: TcpStream, tls: Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, Error> {
        let stream = TlsConnector::from(tls).connect(self.name.clone(), stream).await?;
        match stream.get_ref().1.alpn_protocol() {
            Some(b"h2") => Ok(stream),
            _ => Err(Error::new(ErrorKind::Unsupported, "it does not speak HTTP/2, and so no OTLP over gRPC")),
        }
    }
}

/// Connects to whoever shows a certificate of the address's host.
#[derive(Clone)]
struct Encrypted {
    way: Way,
    tls: Arc<ClientConfig>,
}

impl Service<Uri> for Encrypted {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let (way, tls) = (self.way.clone(), Arc::clone(&self.tls));
        Box::pin(async move { Ok(TokioIo::new(way.encrypt(way.connect().await?, tls).await?)) })
    }
}
