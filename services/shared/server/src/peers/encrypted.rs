//! Connecting to a peer over TLS, with the certificates of the moment.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tower::Service;

use crate::Tls;

/// Connects to whoever shows a certificate of one service, wherever the address leads.
#[derive(Clone)]
pub(crate) struct Encrypted {
    tls: Tls,
    service: ServerName<'static>,
}

impl Encrypted {
    pub(crate) fn new(tls: Tls, service: ServerName<'static>) -> Self {
        Self { tls, service }
    }
}

impl Service<Uri> for Encrypted {
    type Response = TokioIo<TlsStream<TcpStream>>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (connector, service) = (TlsConnector::from(self.tls.client()), self.service.clone());
        Box::pin(async move {
            let host = uri.host().ok_or(ErrorKind::InvalidInput)?.trim_matches(['[', ']']);
            let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(443))).await?;
            // Small questions must not wait for a full segment.
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(connector.connect(service, stream).await?))
        })
    }
}
