//! Where the broker is and how it is spoken to.

use std::path::PathBuf;

use serde::Deserialize;

/// A NATS server with JetStream, and this process's name there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BrokerSettings {
    /// Servers of one cluster, separated by commas: `tls://nats-1:4222,tls://nats-2:4222`.
    pub servers: String,
    /// Who this process is there; the name of its service unless told otherwise.
    #[serde(default)]
    pub user: Option<String>,
    /// File that holds the password, read at each connection; without it no name and no password is given.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// TLS to the servers; without it connections are not encrypted, and addresses that begin with `tls` are held against the machine's authorities.
    #[serde(default)]
    pub tls: Option<TlsFiles>,
    /// What subjects and streams begin with, so that several houses may share one account.
    #[serde(default = "prefix")]
    pub prefix: String,
    /// The stream of this process's own ledger, where it has to be made.
    #[serde(default)]
    pub stream: StreamSettings,
}

/// Files in PEM, read at each connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The authorities that certify the servers.
    pub ca_file: PathBuf,
    /// The certificate that is shown, where servers ask for one.
    #[serde(default)]
    pub cert_file: Option<PathBuf>,
    /// Its private key.
    #[serde(default)]
    pub key_file: Option<PathBuf>,
}

/// How much of the ledger the broker keeps for followers that were away; who was away for longer is served by the ledger.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamSettings {
    /// Bytes at most.
    pub max_bytes: u32,
    /// Hours at most.
    pub max_age_hours: u16,
    /// Servers that keep it.
    pub replicas: u8,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self { max_bytes: 256 * 1024 * 1024, max_age_hours: 72, replicas: 1 }
    }
}

fn prefix() -> String {
    "ventanilla".to_owned()
}
