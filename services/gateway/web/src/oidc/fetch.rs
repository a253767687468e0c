//! The few requests that are sent to the provider: bounded in time and size, to `https` alone unless it is this machine, following
//! nobody elsewhere.

use std::io::{Error, ErrorKind};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use http::{Method, Request, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto};

use super::OidcError;

/// How long a request may take that somebody waits for.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);
const LARGEST: usize = 256 * 1024;

static TLS: LazyLock<Option<Arc<ClientConfig>>> = LazyLock::new(|| {
    let roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
});

/// What is sent.
pub(super) struct Asked<'a> {
    pub(super) url: &'a str,
    /// What the address is, for who reads the log.
    pub(super) what: &'static str,
    /// A form to be posted; otherwise it is a GET.
    pub(super) form: Option<String>,
    /// User and password, for the header.
    pub(super) basic: Option<String>,
    /// How long it may take.
    pub(super) patience: Duration,
}

impl<'a> Asked<'a> {
    /// A GET of this address.
    pub(super) const fn at(url: &'a str) -> Self {
        Self { url, what: "address", form: None, basic: None, patience: PATIENCE }
    }
}

/// The body of a successful answer.
pub(super) async fn fetch(asked: Asked<'_>) -> Result<Vec<u8>, OidcError> {
    match tokio::time::timeout(asked.patience, exchange(asked)).await {
        Ok(answer) => answer,
        Err(_) => Err(OidcError::TooSlow),
    }
}

/// Whether an address may be asked at all.
pub(super) fn is_safe(url: &Uri) -> bool {
    let here = matches!(url.host(), Some("localhost" | "127.0.0.1" | "[::1]"));
    url.scheme_str() == Some("https") || (url.scheme_str() == Some("http") && here)
}

async fn exchange(asked: Asked<'_>) -> Result<Vec<u8>, OidcError> {
    let url: Uri = asked.url.parse().map_err(|_| OidcError::Answer(asked.what))?;
    if !is_safe(&url) {
        return Err(OidcError::Address(asked.what));
    }
    let (Some(host), Some(authority)) = (url.host(), url.authority()) else {
        return Err(OidcError::Answer(asked.what));
    };
    let tls = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if tls { 443 } else { 80 });
    let bare = host.trim_matches(['[', ']']);
    let stream = TcpStream::connect((bare, port)).await.map_err(OidcError::Unreachable)?;
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
    let request = request.map_err(|_| OidcError::Answer(asked.what))?;
    if tls {
        let config = TLS.clone().ok_or(OidcError::Answer("TLS"))?;
        let name = ServerName::try_from(bare.to_owned()).map_err(|_| OidcError::Address(asked.what))?;
        let stream = TlsConnector::from(config).connect(name, stream).await.map_err(OidcError::Unreachable)?;
        send(TokioIo::new(stream), request).await
    } else {
        send(TokioIo::new(stream), request).await
    }
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> Result<Vec<u8>, OidcError>
where
    S: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let broken = |error: hyper::Error| OidcError::Unreachable(Error::new(ErrorKind::InvalidData, error));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(broken)?;
    // Ends with the answer: the sender is dropped then.
    let driver = tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(broken)?;
    let status = answer.status();
    if !status.is_success() {
        return Err(OidcError::Status(status.as_u16()));
    }
    let body = Limited::new(answer.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| OidcError::Unreachable(Error::new(ErrorKind::InvalidData, error)))?;
    driver.abort();
    Ok(body.to_bytes().to_vec())
}

#[cfg(test)]
mod tests {
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
}
