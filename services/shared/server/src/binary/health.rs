//! `health`: asks the service that runs with these settings whether it serves. For an image without a
//! shell, and for whoever starts processes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::peers::Encrypted;

/// How long the answer may take.
const LIMIT: Duration = Duration::from_secs(2);

/// Why the service is not well.
#[derive(Debug, thiserror::Error)]
pub enum HealthError {
    /// `listen` is no address.
    #[error("`listen` is {0}, which is no address such as 0.0.0.0:7102")]
    Address(String),
    /// Nobody answers there.
    #[error("nobody answers at {address}: the service does not run, or has other settings than these")]
    Silent {
        /// Where.
        address: SocketAddr,
    },
    /// It answers, and says no.
    #[error("the service at {address} says {status}")]
    NotServing {
        /// Where.
        address: SocketAddr,
        /// What it says.
        status: &'static str,
    },
}

/// Asks the service that listens at `listen` how what it calls `service` is, by "" all of it; `itself` connects to it over TLS, with its own certificate on both sides.
pub(super) async fn ask(listen: &str, itself: Option<Encrypted>, service: &str) -> Result<(), HealthError> {
    let address = reachable(listen).ok_or_else(|| HealthError::Address(listen.to_owned()))?;
    let silent = || HealthError::Silent { address };
    let scheme = if itself.is_some() { "https" } else { "http" };
    let endpoint = Endpoint::from_shared(format!("{scheme}://{address}")).map_err(|_| silent())?.connect_timeout(LIMIT);
    let asking = async {
        let channel = match itself {
            Some(encrypted) => endpoint.connect_with_connector(encrypted).await,
            None => endpoint.connect().await,
        };
        let channel = channel.map_err(|_| silent())?;
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = HealthClient::new(channel).check(request).await.map_err(|_| silent())?;
        match answer.into_inner().status() {
            ServingStatus::Serving => Ok(()),
            other => Err(HealthError::NotServing { address, status: other.as_str_name() }),
        }
    };
    tokio::time::timeout(LIMIT, asking).await.map_err(|_| silent())?
}

/// Asks the process that answers HTTP at `listen` whether requests should come to it (`/readyz`).
///
/// # Errors
/// [`HealthError`] says what is not well.
pub async fn ask_http(listen: &str) -> Result<(), HealthError> {
    ask_http_at(listen, "/readyz").await
}

pub(super) async fn ask_http_at(listen: &str, path: &str) -> Result<(), HealthError> {
    let address = reachable(listen).ok_or_else(|| HealthError::Address(listen.to_owned()))?;
    let silent = || HealthError::Silent { address };
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.take(1_024).read_to_string(&mut answer).await.map(|_| answer)
    };
    let answer = tokio::time::timeout(LIMIT, asking).await.map_err(|_| silent())?.map_err(|_| silent())?;
    match answer.split(' ').nth(1) {
        Some("200") => Ok(()),
        Some("503") => Err(HealthError::NotServing { address, status: "that it is going down" }),
        _ => Err(silent()),
    }
}

/// Where a service that listens at this address is found from the same machine.
fn reachable(listen: &str) -> Option<SocketAddr> {
    let mut address = listen.to_socket_addrs().ok()?.next()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_found_here() {
        let found = |listen| reachable(listen).map(|address| address.to_string());
        assert_eq!(found("0.0.0.0:7102").as_deref(), Some("127.0.0.1:7102"));
        assert_eq!(found("[::]:7102").as_deref(), Some("[::1]:7102"));
        assert_eq!(found("127.0.0.1:7102").as_deref(), Some("127.0.0.1:7102"));
        assert_eq!(found("7102"), None);
    }

    #[tokio::test]
    async fn who_serves_is_well_and_who_drains_is_not() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (reporter, service) = tonic_health::server::health_reporter();
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
        assert!(ask(&address, None, "").await.is_ok());
        reporter.set_service_status("", tonic_health::ServingStatus::NotServing).await;
        let said = ask(&address, None, "").await.unwrap_err().to_string();
        assert!(said.ends_with("NOT_SERVING"), "{said}");
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_not_healthy() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        drop(taken);
        assert!(matches!(ask(&address.to_string(), None, "").await, Err(HealthError::Silent { .. })));
    }
}
