//! TLS between the services: one certificate that a service shows as server and as client, the authorities that the others' are held
//! against, and all of it read again when the platform puts new files there.
//!
//! A connection keeps what it was made with; the next one takes what stands in the files then. A certificate says which service it is
//! for, as a DNS name or a URI: who connects to `ticketing` demands one for `ticketing`, whatever the address, and a service's token
//! counts only together with a certificate of that service. A stolen token alone opens nothing, and neither does a certificate.

mod inspect;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig, crypto};
use serde::Deserialize;
use tokio::time::Instant;

use crate::peers::Encrypted;

pub use inspect::{Chain, Inspected, inspect};

/// How often the files are looked at, when connections are made that fast.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(2);
/// What HTTP/2 is called when a connection is agreed on.
const H2: &[u8] = b"h2";

/// Where the certificates are, and what they are asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// The service's certificate and what leads to its authority, in PEM; for servers and clients (extended key usage).
    pub cert_file: PathBuf,
    /// Its private key, in PEM.
    pub key_file: PathBuf,
    /// The authorities that certify the house's services, in PEM.
    pub ca_file: PathBuf,
    /// Whether whoever connects must show a certificate.
    #[serde(default)]
    pub clients: Clients,
    /// What follows the name of a service in DNS names of certificates: with `house.svc` the one for ticketing says `ticketing.house.svc`.
    /// Otherwise the bare name.
    #[serde(default)]
    pub service_domain: Option<String>,
    /// What precedes the name of a service in URIs of clients' certificates, e.g. `spiffe://house.example/ns/ventanilla/sa/`.
    #[serde(default)]
    pub service_uri_prefix: Option<String>,
}

/// Whether a certificate is asked of who connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clients {
    /// No connection without one.
    #[default]
    Required,
    /// People's programs may come without; services may not.
    Optional,
}

/// Why there is no TLS to be had by these settings.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file holds something else than it should.
    #[error("{path} holds no {what} in PEM")]
    Pem {
        /// Which.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// Certificate and key do not belong together, or cannot be used.
    #[error("certificate and key cannot be used")]
    Pair(#[source] rustls::Error),
    /// The authorities cannot be used.
    #[error("the authorities of the house cannot be used")]
    Authorities(#[source] rustls::server::VerifierBuilderError),
    /// Names of services with this domain are none of DNS.
    #[error("{0} is no name that a certificate could be for")]
    Name(String),
}

/// How certificates name the services.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Naming {
    domain: Option<String>,
    uri_prefix: Option<String>,
}

impl Naming {
    /// The DNS name of a service.
    fn dns(&self, service: &str) -> String {
        self.domain.as_ref().map_or_else(|| service.to_owned(), |domain| format!("{service}.{domain}"))
    }

    /// Whether a certificate with this name is one of the service.
    pub(crate) fn is_of(&self, name: &str, service: &str) -> bool {
        let uri = |prefix: &String| name.strip_prefix(prefix.as_str()) == Some(service);
        !service.is_empty()
            && (name.eq_ignore_ascii_case(&self.dns(service)) || self.uri_prefix.as_ref().is_some_and(uri))
    }
}

/// The house's TLS. Cheap to clone.
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    settings: TlsSettings,
    naming: Arc<Naming>,
    current: Mutex<Current>,
}

struct Current {
    material: Material,
    looked_at: Instant,
}

/// What stood in the files when they were read last, ready for use.
#[derive(Clone)]
struct Material {
    digest: [u8; 32],
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Tls {
    /// TLS by these files.
    ///
    /// # Errors
    /// [`TlsError`] when they cannot be used now.
    pub fn open(settings: TlsSettings) -> Result<Self, TlsError> {
        let naming =
            Naming { domain: settings.service_domain.clone(), uri_prefix: settings.service_uri_prefix.clone() };
        let probe = naming.dns("ticketing");
        ServerName::try_from(probe.as_str()).map_err(|_| TlsError::Name(probe.clone()))?;
        let material = Files::read(&settings)?.material(&settings)?;
        let current = Mutex::new(Current { material, looked_at: Instant::now() });
        Ok(Self(Arc::new(Inner { settings, naming: Arc::new(naming), current })))
    }

    /// For a connection that somebody makes now.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        self.now().server
    }

    /// For a connection that is made now.
    pub(crate) fn client(&self) -> Arc<ClientConfig> {
        self.now().client
    }

    pub(crate) fn naming(&self) -> &Arc<Naming> {
        &self.0.naming
    }

    /// What connects to this service, and to nobody who shows another's certificate.
    pub(crate) fn peer(&self, service: &str) -> Result<Encrypted, TlsError> {
        let name = self.0.naming.dns(service);
        match ServerName::try_from(name.clone()) {
            Ok(server) => Ok(Encrypted::new(self.clone(), server)),
            Err(_) => Err(TlsError::Name(name)),
        }
    }

    /// What stands in the files, looked at a moment ago at most. Files that cannot be used (half of them new, half old) leave what
    /// was there before in force.
    fn now(&self) -> Material {
        let mut current = self.0.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked_at.elapsed() < LOOKED_AT_EVERY {
            return current.material.clone();
        }
        current.looked_at = Instant::now();
        // A few kilobytes every few seconds: not worth a blocking task.
        let fresh = Files::read(&self.0.settings).and_then(|files| {
            if files.digest() == current.material.digest {
                Ok(None)
            } else {
                files.material(&self.0.settings).map(Some)
            }
        });
        match fresh {
            Ok(None) => {}
            Ok(Some(material)) => {
                tracing::info!("certificates were read again");
                current.material = material;
            }
            Err(error) => tracing::warn!(error = kernel::chain(&error), "certificates cannot be read again"),
        }
        current.material.clone()
    }
}

/// The files as they are.
struct Files {
    cert: Vec<u8>,
    key: Vec<u8>,
    ca: Vec<u8>,
}

impl Files {
    fn read(settings: &TlsSettings) -> Result<Self, TlsError> {
        let read = |path: &Path| std::fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source });
        Ok(Self { cert: read(&settings.cert_file)?, key: read(&settings.key_file)?, ca: read(&settings.ca_file)? })
    }

    /// Tells files from others without keeping a key in memory.
    fn digest(&self) -> [u8; 32] {
        let mut whole = Context::new(&SHA256);
        for file in [&self.cert, &self.key, &self.ca] {
            whole.update(&file.len().to_le_bytes());
            whole.update(file);
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(whole.finish().as_ref());
        digest
    }

    fn material(&self, settings: &TlsSettings) -> Result<Material, TlsError> {
        let chain = certificates(&self.cert, &settings.cert_file, "certificate")?;
        let key = PrivateKeyDer::from_pem_slice(&self.key)
            .map_err(|_| TlsError::Pem { path: settings.key_file.clone(), what: "private key" })?;
        let mut roots = RootCertStore::empty();
        for authority in certificates(&self.ca, &settings.ca_file, "authority")? {
            roots.add(authority).map_err(TlsError::Pair)?;
        }
        let roots = Arc::new(roots);
        let provider = Arc::new(crypto::aws_lc_rs::default_provider());
        let demanding = WebPkiClientVerifier::builder_with_provider(Arc::clone(&roots), Arc::clone(&provider));
        let demanding = match settings.clients {
            Clients::Required => demanding,
            Clients::Optional => demanding.allow_unauthenticated(),
        };
        let demanding: Arc<dyn ClientCertVerifier> = demanding.build().map_err(TlsError::Authorities)?;
        let mut server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Pair)?
            .with_client_cert_verifier(demanding)
            .with_single_cert(chain.clone(), key.clone_key())
            .map_err(TlsError::Pair)?;
        server.alpn_protocols = vec![H2.to_vec()];
        // No session is resumed: it would bring a certificate along that nobody looks at again.
        server.send_tls13_tickets = 0;
        server.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Pair)?
            .with_root_certificates(roots)
            .with_client_auth_cert(chain, key)
            .map_err(TlsError::Pair)?;
        client.alpn_protocols = vec![H2.to_vec()];
        client.resumption = rustls::client::Resumption::disabled();
        Ok(Material { digest: self.digest(), server: Arc::new(server), client: Arc::new(client) })
    }
}

fn certificates(pem: &[u8], path: &Path, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = || TlsError::Pem { path: path.to_owned(), what };
    let all: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|_| wrong())?;
    if all.is_empty() { Err(wrong()) } else { Ok(all) }
}

/// The names that a certificate which held is for.
pub(crate) fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok(parsed) = webpki::EndEntityCert::try_from(certificate) else { return Vec::new() };
    parsed.valid_dns_names().chain(parsed.valid_uri_names()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_of_one_service_to_the_letter() {
        let bare = Naming::default();
        assert!(bare.is_of("ticketing", "ticketing") && bare.is_of("Ticketing", "ticketing"));
        for other in ["ticketing.evil", "sla-monitor", "", "ticketing2", "spiffe://house/ticketing"] {
            assert!(!bare.is_of(other, "ticketing"), "{other}");
        }
        let named = Naming { domain: Some("house.svc".to_owned()), uri_prefix: Some("spiffe://house/sa/".to_owned()) };
        assert!(named.is_of("ticketing.house.svc", "ticketing"));
        assert!(named.is_of("spiffe://house/sa/ticketing", "ticketing"));
        for other in ["ticketing", "spiffe://house/sa/ticketing/x", "spiffe://other/sa/ticketing", "house.svc"] {
            assert!(!named.is_of(other, "ticketing"), "{other}");
        }
        assert!(!named.is_of("spiffe://house/sa/", "") && !named.is_of(".house.svc", ""));
    }
}
