//! The one `main` of all service binaries: settings, telemetry, connecting, serving, going down.
//!
//! ```text
//! <service> [serve] [--config FILE]     serve until SIGTERM or SIGINT
//! <service> migrate [--config FILE]     bring the service's schema up to date, as its owner
//! <service> ledger-month [--config FILE] begin this month's partition of the service's ledger, as its owner
//! <service> ledger-archive [--config FILE] --to DIR --through MONTH
//!                                       take closed months out of the ledger into signed files, as its owner; --drop: those that were, from the disk
//! <service> health [--config FILE]      ask the service that runs with these settings whether it serves; --alive: whether it runs
//! ```

mod front;
mod health;
mod months;
mod settings;

use std::error::Error;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use broker::Broker;
use clap::{Parser, Subcommand};
use kernel::Ambient;
use ledger::archive::Kept;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub use front::{Front, FrontSettings, FrontStack, Hall, front};
pub use health::{HealthError, ask_http as ask_readiness};
pub use settings::{ProcessSettings, UnusableSettings, settings_of};

use crate::{ALIVE, Assembly, Door, FormerKeys, House, Opening, Peers, StackSettings, Tls, TokenSource, opening};

/// What is left for the last spans, after the drain took its eight seconds.
const FLUSH: Duration = Duration::from_millis(1_500);

type Cause = Box<dyn Error + Send + Sync>;

/// Why a service did not come up or did not stay up. Each says what to mend.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings cannot be read or miss something.
    #[error("the settings cannot be used")]
    Settings(#[from] UnusableSettings),
    /// Telemetry was not set up.
    #[error("telemetry cannot be set up")]
    Telemetry(#[from] telemetry::InitError),
    /// The issuers cannot be used by what is said of them.
    #[error("`auth` cannot be used")]
    Auth(#[from] crate::TrustError),
    /// The certificates are not usable.
    #[error("`tls` cannot be used")]
    Tls(#[from] crate::TlsError),
    /// The broker's settings are not usable.
    #[error("the settings of the broker cannot be used")]
    Broker(#[from] broker::BrokerError),
    /// The key for checkpoints is not usable.
    #[error("signing_key_file {path} must hold an Ed25519 private key in PKCS#8 (PEM or DER)")]
    SigningKey {
        /// Which file.
        path: PathBuf,
    },
    /// A former key is none.
    #[error(
        "former_signing_keys must be public keys of Ed25519, 64 hex digits each with blanks between them: the {place}. is none \
         (`ventanilla public-key FILE` prints one)"
    )]
    FormerKey {
        /// Which, from 1.
        place: usize,
    },
    /// The key that signed last before is not usable.
    #[error(
        "former_signing_key_file {path} must hold an Ed25519 private key in PKCS#8 (PEM or DER); leave it out once that key has handed over"
    )]
    FormerKeyFile {
        /// Which file.
        path: PathBuf,
    },
    /// A peer's address is not usable.
    #[error("the addresses of `peers` cannot be used")]
    Peers(#[from] crate::PeerError),
    /// The port is taken, or not ours to take.
    #[error("cannot listen on {address}: stop what uses it or set another `listen`")]
    Listen {
        /// Where.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The service could not put itself together.
    #[error("the service cannot start")]
    Assemble(#[source] Cause),
    /// The schema could not be brought up to date.
    #[error("the migration failed")]
    Migrate(#[source] Cause),
    /// The runtime or its signals are not to be had.
    #[error("the runtime cannot start")]
    Runtime(#[from] std::io::Error),
    /// The ledger's month could not be begun.
    #[error("the ledger's month was not begun")]
    Month(#[source] Cause),
    /// A month of the ledger could not be archived.
    #[error("the archive of the ledger stands where it stood before")]
    Archive(#[source] Cause),
    /// A front was told to bring a schema up to date.
    #[error("it keeps no schema: there is nothing to migrate")]
    NothingToMigrate,
    /// The service that should run does not serve.
    #[error(transparent)]
    Health(#[from] HealthError),
    /// Serving ended by an error.
    #[error("serving failed")]
    Serve(#[from] crate::ServeError),
}

/// What tells one service binary from another. The whole `main.rs` of a service:
///
/// ```ignore
/// fn main() -> std::process::ExitCode {
///     server::main(server::Binary {
///         name: ticketing::SOURCE,
///         defaults: ticketing::DEFAULTS,
///         assemble: ticketing::assemble,
///         migrate: |settings: ticketing::Settings| async move {
///             postgres::migrate(&settings.database, &ticketing::migrations()).await
///         },
///         database: |settings: ticketing::Settings| settings.database,
///         kept: ticketing::KEPT,
///     })
/// }
/// ```
pub struct Binary<A, M, D> {
    /// Name of the service, e.g. `ticketing`.
    pub name: &'static str,
    /// Its settings unless told otherwise, in TOML; the service's own stand under `[service]`.
    pub defaults: &'static str,
    /// Puts the service together.
    pub assemble: A,
    /// Brings its schema up to date.
    pub migrate: M,
    /// How it reaches its schema, whose ledger has a partition a month.
    pub database: D,
    /// What it goes on asking for of months that are archived.
    pub kept: Kept,
}

#[derive(Parser)]
#[command(disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// File of settings in TOML; the environment (VENTANILLA__SECTION__KEY) goes over it.
    #[arg(long, env = "VENTANILLA_CONFIG", global = true)]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until told to stop (the default).
    Serve,
    /// Bring the schema up to date and exit.
    Migrate,
    /// Begin the partition of this month in the service's ledger, if that is to be done, and exit.
    LedgerMonth,
    /// Take closed months out of the ledger into signed files, without personal parts, and exit.
    LedgerArchive(months::ToArchive),
    /// Ask the service that runs with these settings whether it serves.
    Health {
        /// Ask whether the process runs, and not whether it serves: for what would restart it.
        #[arg(long)]
        alive: bool,
    },
}

/// Runs a service binary to its end.
pub fn main<S, A, AF, AE, M, MF, ME, D>(binary: Binary<A, M, D>) -> ExitCode
where
    S: DeserializeOwned,
    A: FnOnce(S, House) -> AF,
    AF: Future<Output = Result<Assembly, AE>>,
    AE: Into<Cause>,
    M: FnOnce(S) -> MF,
    MF: Future<Output = Result<(), ME>>,
    ME: Into<Cause>,
    D: FnOnce(S) -> postgres::Settings,
{
    let arguments = Arguments::parse();
    match start(binary, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Telemetry may not be up; who starts a service reads its standard error.
            eprintln!("{}", kernel::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn start<S, A, AF, AE, M, MF, ME, D>(binary: Binary<A, M, D>, arguments: &Arguments) -> Result<(), StartError>
where
    S: DeserializeOwned,
    A: FnOnce(S, House) -> AF,
    AF: Future<Output = Result<Assembly, AE>>,
    AE: Into<Cause>,
    M: FnOnce(S) -> MF,
    MF: Future<Output = Result<(), ME>>,
    ME: Into<Cause>,
    D: FnOnce(S) -> postgres::Settings,
{
    let (mut process, service) = settings::load::<ProcessSettings, S>(binary.defaults, arguments.config.as_deref())?;
    if let Some(Command::Migrate | Command::LedgerMonth | Command::LedgerArchive(_)) = arguments.command {
        // The port of the page is the serving process's, which may well run meanwhile.
        process.telemetry.metrics_listen = None;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(Command::Health { alive }) = arguments.command {
        return runtime.block_on(ask(binary.name, &process, if alive { ALIVE } else { "" }));
    }
    let result = runtime.block_on(async {
        let telemetry = telemetry::init(binary.name, &process.telemetry)?;
        let result = match &arguments.command {
            Some(Command::Migrate) => {
                (binary.migrate)(service).await.map_err(|error| StartError::Migrate(error.into()))
            }
            Some(Command::LedgerMonth) => months::begin((binary.database)(service)).await.map_err(StartError::Month),
            Some(Command::LedgerArchive(wanted)) => {
                months::archive(binary.name, (binary.database)(service), &process, binary.kept, wanted)
                    .await
                    .map_err(StartError::Archive)
            }
            Some(Command::Serve | Command::Health { .. }) | None => {
                serve(binary.name, process, |house| (binary.assemble)(service, house)).await
            }
        };
        // Also when it failed: the spans of a failed start are the ones to look at.
        telemetry.shutdown(FLUSH).await;
        result
    });
    // A blocking task that hangs must not keep a drained process alive.
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn serve<A, AF, AE>(name: &'static str, process: ProcessSettings, assemble: A) -> Result<(), StartError>
where
    A: FnOnce(House) -> AF,
    AF: Future<Output = Result<Assembly, AE>>,
    AE: Into<Cause>,
{
    let cancel = stop_on_signals()?;
    // Before the database is asked: a taken port is the commonest mistake, and cheap to find.
    let listener = TcpListener::bind(&process.listen)
        .await
        .map_err(|source| StartError::Listen { address: process.listen.clone(), source })?;
    let tls = process.tls.clone().map(Tls::open).transpose()?;
    let house = house(name, &process, tls.as_ref())?;
    let (verifier, opening) = (Arc::clone(&house.verifier), house.opening.clone());
    let (listener, beside) = twice(listener)?;
    let room = |over| waiting_room(beside, tls.clone(), &process.stack, over);
    let assembly = tokio::select! {
        assembly = opening::beside(&opening, room, assemble(house)) => {
            assembly.map_err(|error| StartError::Assemble(error.into()))?
        }
        () = cancel.cancelled() => return Ok(()),
    };
    tracing::info!(listen = process.listen, tls = tls.is_some(), "listening");
    Ok(crate::run(assembly, Door::new(listener, tls), process.stack, verifier, cancel).await?)
}

/// The port, and once more for who answers there before the service does.
fn twice(listener: TcpListener) -> std::io::Result<(TcpListener, std::net::TcpListener)> {
    let listener = listener.into_std()?;
    let again = listener.try_clone()?;
    Ok((TcpListener::from_std(listener)?, again))
}

/// Says that nobody is served yet. That it cannot keeps nobody from serving.
async fn waiting_room(
    listener: std::net::TcpListener,
    tls: Option<Tls>,
    settings: &StackSettings,
    over: CancellationToken,
) {
    let said = match TcpListener::from_std(listener) {
        Ok(listener) => crate::serve::wait(Door::new(listener, tls), settings, over).await.map_err(Cause::from),
        Err(error) => Err(error.into()),
    };
    if let Err(error) = said {
        tracing::warn!(error = kernel::chain(error.as_ref()), "nobody is told that the service is not ready");
    }
}

fn house(name: &'static str, process: &ProcessSettings, tls: Option<&Tls>) -> Result<House, StartError> {
    let ambient = Ambient::steady();
    let verifier = process.auth.verifier(ambient.clone())?;
    let tokens = match &process.auth.service_token_file {
        Some(path) => TokenSource::file(path, ambient.clone()).shown(name),
        None => TokenSource::nothing(),
    };
    Ok(House {
        peers: Peers::over(tls, &process.peers_by_service(), tokens, &process.calls_to_peers())?,
        ambient,
        verifier: Arc::new(verifier),
        signing_key: Arc::new(signing_key(&process.signing_key_file)?),
        former_keys: former_keys(process)?,
        opening: Opening::default(),
        checkpoint_dir: process.checkpoint_dir.clone(),
        broker: process.broker.clone().map(|settings| Broker::new(settings, name)).transpose()?,
    })
}

/// Asks the service `name` that runs with these settings on this machine whether it serves, over TLS with its own certificate
/// on both sides where it has one.
///
/// # Errors
/// [`StartError::Health`] says what is not well.
pub async fn ask_health(name: &'static str, process: &ProcessSettings) -> Result<(), StartError> {
    ask(name, process, "").await
}

async fn ask(name: &'static str, process: &ProcessSettings, service: &str) -> Result<(), StartError> {
    let tls = process.tls.clone().map(Tls::open).transpose()?;
    let itself = tls.as_ref().map(|tls| tls.peer(name)).transpose()?;
    Ok(health::ask(&process.listen, itself, service).await?)
}

/// The keys that signed before the one that does, as settings name them.
///
/// # Errors
/// [`StartError`] names what is none.
pub fn former_keys(process: &ProcessSettings) -> Result<FormerKeys, StartError> {
    let read = |(place, word): (usize, &str)| {
        let key = seal::unhex(&word.to_ascii_lowercase()).filter(|key| key.len() == 32);
        key.ok_or(StartError::FormerKey { place: place + 1 })
    };
    let public = process.former_signing_keys.split_whitespace().enumerate().map(read).collect::<Result<_, _>>()?;
    let handing = match &process.former_signing_key_file {
        Some(path) => {
            let unusable = |_| StartError::FormerKeyFile { path: path.clone() };
            Some(Arc::new(signing_key(path).map_err(unusable)?))
        }
        None => None,
    };
    Ok(FormerKeys::new(public, handing))
}

/// Reads PKCS#8, whether written as PEM (`openssl genpkey -algorithm ed25519`) or as it is.
///
/// # Errors
/// [`StartError::SigningKey`] names the file.
pub fn signing_key(path: &Path) -> Result<Ed25519KeyPair, StartError> {
    use base64::Engine as _;
    let unusable = || StartError::SigningKey { path: path.to_owned() };
    let bytes = std::fs::read(path).map_err(|_| unusable())?;
    let der = match std::str::from_utf8(&bytes) {
        Ok(text) if text.trim_start().starts_with("-----BEGIN PRIVATE KEY-----") => {
            let body: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
            base64::engine::general_purpose::STANDARD.decode(body).map_err(|_| unusable())?
        }
        _ => bytes,
    };
    // OpenSSL leaves the public key out, which the strict reader wants to see.
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| unusable())
}

/// A token that is cancelled by SIGTERM (the platform) or SIGINT (a person).
fn stop_on_signals() -> Result<CancellationToken, std::io::Error> {
    let cancel = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = cancel.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("told to stop");
        stop.cancel();
    });
    Ok(cancel)
}

#[cfg(test)]
mod tests;
