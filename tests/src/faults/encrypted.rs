//! Certificates of a house of processes, who changes them, and the door through which clients that speak no TLS come.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, date_time_ymd,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::service::Service;

/// What the driver calls itself: no service, so that its certificate makes nobody one.
const DRIVER: &str = "driver";

/// Who certifies.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one of this name.
    ///
    /// # Errors
    /// When no key can be made.
    pub fn new(name: &str) -> anyhow::Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate()?;
        let pem = pem("CERTIFICATE", params.self_signed(&key)?.der());
        Ok(Self { pem, issuer: Issuer::new(params, key) })
    }

    fn certify(&self, name: &str) -> anyhow::Result<(String, String)> {
        let mut params = CertificateParams::new(vec![name.to_owned()])?;
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2999, 1, 1);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok((pem("CERTIFICATE", certificate.der()), pem("PRIVATE KEY", &key.serialize_der())))
    }
}

fn pem(what: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = body.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {what}-----\n{}\n-----END {what}-----\n", lines.join("\n"))
}

/// The files of every service and of the driver in one folder. Cheap to clone; all are changed together.
#[derive(Debug, Clone)]
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Certificates by this authority, which alone is believed.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn by(folder: &Path, authority: &Authority) -> anyhow::Result<Self> {
        let certificates = Self { folder: folder.to_owned() };
        certificates.believe(&[authority])?;
        certificates.renew(authority)?;
        Ok(certificates)
    }

    /// Whom everybody believes from here on.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn believe(&self, authorities: &[&Authority]) -> anyhow::Result<()> {
        let all: String = authorities.iter().map(|authority| authority.pem.as_str()).collect();
        for name in names() {
            self.put(name, "ca.crt", &all)?;
        }
        Ok(())
    }

    /// New keys and certificates for everybody.
    ///
    /// # Errors
    /// When they cannot be made or written.
    pub fn renew(&self, authority: &Authority) -> anyhow::Result<()> {
        for name in names() {
            let (certificate, key) = authority.certify(name)?;
            self.put(name, "crt", &certificate)?;
            self.put(name, "key", &key)?;
        }
        Ok(())
    }

    /// The settings of a service that name its files.
    pub fn settings(&self, service: Service) -> String {
        let at = |what: &str| self.at(service.name(), what).display().to_string();
        format!(
            "[tls]\ncert_file = \"{}\"\nkey_file = \"{}\"\nca_file = \"{}\"\nclients = \"required\"\n",
            at("crt"),
            at("key"),
            at("ca.crt")
        )
    }

    fn at(&self, name: &str, what: &str) -> PathBuf {
        self.folder.join(format!("{name}.{what}"))
    }

    /// In one move: who reads it reads all of it, old or new.
    fn put(&self, name: &str, what: &str, text: &str) -> anyhow::Result<()> {
        let path = self.at(name, what);
        let beside = self.at(name, &format!("{what}.new"));
        std::fs::write(&beside, text)
            .and_then(|()| std::fs::rename(&beside, &path))
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    /// The certificate that a service has in its file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn of(&self, service: Service) -> anyhow::Result<CertificateDer<'static>> {
        Ok(CertificateDer::from_pem_file(self.at(service.name(), "crt"))?)
    }

    /// Connects to a service with what stands in the driver's files now, or with nothing to show.
    ///
    /// # Errors
    /// When either side refuses the other.
    pub async fn connect(&self, service: Service, at: SocketAddr, shown: bool) -> anyhow::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        for authority in CertificateDer::pem_file_iter(self.at(DRIVER, "ca.crt"))? {
            roots.add(authority?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = if shown {
            let certificate = CertificateDer::from_pem_file(self.at(DRIVER, "crt"))?;
            let key = PrivateKeyDer::from_pem_file(self.at(DRIVER, "key"))?;
            builder.with_client_auth_cert(vec![certificate], key)?
        } else {
            builder.with_no_client_auth()
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let stream = TcpStream::connect(at).await?;
        stream.set_nodelay(true)?;
        Ok(TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(service.name())?, stream).await?)
    }

    /// The certificate that a service shows to whoever connects now.
    ///
    /// # Errors
    /// When it does not let the driver in.
    pub async fn shown_by(&self, service: Service, at: SocketAddr) -> anyhow::Result<CertificateDer<'static>> {
        let stream = self.connect(service, at, true).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        Ok(shown.context("a server shows a certificate")?.clone().into_owned())
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    Service::ALL.into_iter().map(Service::name).chain([DRIVER])
}

/// How often a tunnel tries to connect to its service.
const READINGS: usize = 20;
/// How long after it failed it tries again.
const BETWEEN: Duration = Duration::from_millis(10);

/// A port of this machine behind which a service is spoken to over TLS, for clients that speak none. Runs until it is dropped.
pub struct Tunnel {
    addr: SocketAddr,
    _accepting: JoinSet<()>,
}

impl Tunnel {
    /// Listens on a free port before the service at this address.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn to(certificates: &Certificates, service: Service, at: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let certificates = certificates.clone();
        let mut accepting = JoinSet::new();
        accepting.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let Ok((mut client, _)) = listener.accept().await else { continue };
                while open.try_join_next().is_some() {}
                let certificates = certificates.clone();
                open.spawn(async move {
                    // A certificate and its key are two files: who reads one before and the other after they are renewed reads again.
                    for _ in 0..READINGS {
                        if let Ok(mut server) = certificates.connect(service, at, true).await {
                            let _ = client.set_nodelay(true);
                            let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                            return;
                        }
                        tokio::time::sleep(BETWEEN).await;
                    }
                });
            }
        });
        Ok(Self { addr, _accepting: accepting })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}
