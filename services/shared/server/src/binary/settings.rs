//! Settings of a service's process: embedded defaults, then a file, then the environment.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use broker::BrokerSettings;
use config::{Config, ConfigError, Environment, File, FileFormat};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{AuthSettings, PeerSettings, StackSettings, TlsSettings};

/// What every service's process is told. The service's own settings stand beside it, under
/// `[service]`.
#[derive(Debug, Clone, Deserialize)]
pub struct ProcessSettings {
    /// Where to listen, e.g. `0.0.0.0:7101`.
    pub listen: String,
    /// Whose tokens are taken, and which one is shown to peers.
    pub auth: AuthSettings,
    /// Addresses of the other services: `customer-profile = "http://…:7101"`.
    #[serde(default)]
    pub peers: BTreeMap<String, String>,
    /// How peers are called.
    #[serde(default)]
    pub peer_calls: PeerSettings,
    /// TLS with the other services and whoever else calls; without it connections are not encrypted.
    #[serde(default)]
    pub tls: Option<TlsSettings>,
    /// Private key that signs ledger checkpoints.
    pub signing_key_file: PathBuf,
    /// Where checkpoints are appended; not on the database's disk.
    pub checkpoint_dir: PathBuf,
    /// A NATS server that carries ledgers; without it they are followed over their own feeds alone.
    #[serde(default)]
    pub broker: Option<BrokerSettings>,
    /// Logs, traces, metrics.
    #[serde(default)]
    pub telemetry: telemetry::Settings,
    /// Limits of the server.
    #[serde(default)]
    pub stack: StackSettings,
}

impl ProcessSettings {
    /// The peers by their services' names. A hyphen cannot stand in the name of an environment
    /// variable, so `customer_profile` is taken for `customer-profile`.
    pub(super) fn peers_by_service(&self) -> BTreeMap<String, String> {
        by_service(&self.peers)
    }
}

/// See [`ProcessSettings::peers_by_service`].
pub(super) fn by_service(peers: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    peers.iter().map(|(name, address)| (name.replace('_', "-"), address.clone())).collect()
}

/// Reads the settings: the later source goes over the earlier one, key by key.
pub(super) fn load<P: DeserializeOwned, S: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
) -> Result<(P, S), ConfigError> {
    load_from(defaults, file, Environment::with_prefix("VENTANILLA"))
}

/// Reads the settings of a process from its file as its binary does, for who looks at a deployment from outside. Without the
/// environment where several processes are looked at: what stands there is meant for one.
///
/// # Errors
/// As the binary's own: what cannot be read, is misspelt or missing. The text of an error may quote the file.
pub fn settings_of<P: DeserializeOwned, S: DeserializeOwned>(
    defaults: &str,
    file: &Path,
    environment: bool,
) -> Result<(P, S), ConfigError> {
    if environment {
        return load(defaults, Some(file));
    }
    let nothing = Environment::with_prefix("VENTANILLA").source(Some(std::collections::HashMap::new()));
    load_from(defaults, Some(file), nothing)
}

pub(super) fn load_from<P: DeserializeOwned, S: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: Environment,
) -> Result<(P, S), ConfigError> {
    let mut sources = Config::builder().add_source(File::from_str(defaults, FileFormat::Toml));
    if let Some(path) = file {
        sources = sources.add_source(File::from(path).format(FileFormat::Toml).required(true));
    }
    let environment = environment.prefix_separator("__").separator("__").ignore_empty(true);
    let all = sources.add_source(environment).build()?;
    Ok((all.clone().try_deserialize()?, all.get("service")?))
}
