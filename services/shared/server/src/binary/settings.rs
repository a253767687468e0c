//! Settings of a service's process: embedded defaults, then a file, then the environment.

use std::collections::{BTreeMap, HashMap};
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
    /// Public keys (Ed25519, 64 hex digits each, blanks between them) that signed before that one: what they signed is still taken for what it is.
    #[serde(default)]
    pub former_signing_keys: String,
    /// Private key that signed last before that one, for as long as it has to hand over: the service signs with it once that the other signs now.
    #[serde(default)]
    pub former_signing_key_file: Option<PathBuf>,
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

    /// How peers are called: unless that was set, one of them has a quarter of the calls that the service takes at once under way.
    pub(super) fn calls_to_peers(&self) -> PeerSettings {
        let quarter = self.stack.admission.concurrent_calls.div_ceil(4);
        PeerSettings { concurrent_calls: self.peer_calls.concurrent_calls.or(Some(quarter)), ..self.peer_calls.clone() }
    }
}

/// See [`ProcessSettings::peers_by_service`].
pub(super) fn by_service(peers: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    peers.iter().map(|(name, address)| (name.replace('_', "-"), address.clone())).collect()
}

/// What is wrong with settings, without what stands in them: a parser quotes the line it stumbled over, and a type that does not fit its
/// value, which may be a password or a key. What it was made from is dropped, so that no log finds it as a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnusableSettings(String);

impl From<ConfigError> for UnusableSettings {
    fn from(error: ConfigError) -> Self {
        Self(without_values(&error))
    }
}

fn without_values(error: &ConfigError) -> String {
    match error {
        ConfigError::NotFound(key) => format!("`{key}` is missing"),
        ConfigError::FileParse { cause, .. } => match place(&cause.to_string()) {
            Some((line, column)) => format!("no TOML at line {line}, column {column}"),
            None => "it cannot be read, or is no TOML".to_owned(),
        },
        ConfigError::Type { key: Some(key), expected, .. } => format!("`{key}` must be {expected}"),
        ConfigError::At { error, key: Some(key), .. } => format!("at `{key}`: {}", without_values(error)),
        ConfigError::At { error, .. } => without_values(error),
        ConfigError::Message(said) if said.starts_with("unknown field") || said.starts_with("missing field") => {
            said.clone()
        }
        ConfigError::Foreign(_) => "there is no such file, or it may not be read".to_owned(),
        _ => "a value is not what it should be".to_owned(),
    }
}

/// Line and column out of `TOML parse error at line 3, column 9`, whose next lines quote the file.
fn place(said: &str) -> Option<(u64, u64)> {
    let (line, column) = said.lines().next()?.strip_prefix("TOML parse error at line ")?.split_once(", column ")?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// Reads the settings: the later source goes over the earlier one, key by key.
pub(super) fn load<P: DeserializeOwned, S: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
) -> Result<(P, S), UnusableSettings> {
    load_from(defaults, file, Environment::with_prefix("VENTANILLA"))
}

/// Reads the settings of a process from its file as its binary does, for who looks at a deployment from outside. `variables` are what the
/// process finds in its environment: `VENTANILLA__SECTION__KEY` and what it is.
///
/// # Errors
/// As the binary's own: what cannot be read, is misspelt or missing, without what stands there.
pub fn settings_of<P: DeserializeOwned, S: DeserializeOwned>(
    defaults: &str,
    file: &Path,
    variables: &HashMap<String, String>,
) -> Result<(P, S), UnusableSettings> {
    load_from(defaults, Some(file), Environment::with_prefix("VENTANILLA").source(Some(variables.clone())))
}

pub(super) fn load_from<P: DeserializeOwned, S: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    environment: Environment,
) -> Result<(P, S), UnusableSettings> {
    let mut sources = Config::builder().add_source(File::from_str(defaults, FileFormat::Toml));
    if let Some(path) = file {
        sources = sources.add_source(File::from(path).format(FileFormat::Toml).required(true));
    }
    let environment = environment.prefix_separator("__").separator("__").ignore_empty(true);
    let all = sources.add_source(environment).build()?;
    Ok((all.clone().try_deserialize()?, all.try_deserialize::<Own<S>>()?.service))
}

/// The service's own, read by way of its table: what is wrong with it is told by the whole key.
#[derive(Deserialize)]
struct Own<S> {
    service: S,
}
