//! The `main` of a process that stands before the services: it keeps no ledger and no schema, and answers in a protocol of its own.
//!
//! ```text
//! <front> [serve] [--config FILE]     serve until SIGTERM or SIGINT
//! <front> health [--config FILE]      ask the process that runs with these settings whether it serves
//! ```

use std::collections::BTreeMap;
use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use kernel::Ambient;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Arguments, Cause, Command, FLUSH, StartError, health, settings, stop_on_signals};
use crate::{AuthSettings, PeerSettings, Peers, Tls, TlsSettings, TokenSource, TokenVerifier};

/// What the process of a front is told. Its own settings stand beside it, under `[service]`.
#[derive(Debug, Clone, Deserialize)]
pub struct FrontSettings {
    /// Where to listen, e.g. `0.0.0.0:7100`.
    pub listen: String,
    /// Whose tokens are taken.
    pub auth: AuthSettings,
    /// Addresses of the services: `customer-profile = "http://…:7101"`.
    #[serde(default)]
    pub peers: BTreeMap<String, String>,
    /// How they are called.
    #[serde(default)]
    pub peer_calls: PeerSettings,
    /// TLS with the services; the front's own port is not encrypted by it.
    #[serde(default)]
    pub tls: Option<TlsSettings>,
    /// Logs, traces, metrics.
    #[serde(default)]
    pub telemetry: telemetry::Settings,
    /// How it goes down.
    #[serde(default)]
    pub stack: FrontStack,
}

/// What a front shares with the services' [`StackSettings`](crate::StackSettings); a limit of theirs that it does not know is refused, and not passed over.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FrontStack {
    /// Time between saying that it is not ready and taking no more connections, in milliseconds; part of the drain. For load balancers that ask and
    /// would meet a closed port.
    pub lame_duck_ms: u64,
}

/// What a front is given to serve with.
pub struct Hall {
    /// Clock and chance.
    pub ambient: Ambient,
    /// Tells whose token it is, as the services do.
    pub verifier: Arc<TokenVerifier>,
    /// The services. A front shows them its callers' tokens.
    pub peers: Peers,
    /// What it shows where it takes something from somebody who has no token (`auth.service_token_file`); nothing unless it was given one.
    pub own: TokenSource,
    /// Its port.
    pub listener: TcpListener,
    /// Cancelled when it is told to stop.
    pub cancel: CancellationToken,
    /// How long it serves on then, while it says that it goes.
    pub lame_duck: Duration,
}

/// What tells one front from another.
pub struct Front<F> {
    /// Name of the process, e.g. `gateway`.
    pub name: &'static str,
    /// Its settings unless told otherwise, in TOML; its own stand under `[service]`.
    pub defaults: &'static str,
    /// Serves until told to stop.
    pub serve: F,
}

/// Runs the binary of a front to its end.
pub fn front<S, F, R, E>(front: Front<F>) -> ExitCode
where
    S: DeserializeOwned,
    F: FnOnce(S, Hall) -> R,
    R: Future<Output = Result<(), E>>,
    E: Into<Cause>,
{
    match start(front, &Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", kernel::chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn start<S, F, R, E>(front: Front<F>, arguments: &Arguments) -> Result<(), StartError>
where
    S: DeserializeOwned,
    F: FnOnce(S, Hall) -> R,
    R: Future<Output = Result<(), E>>,
    E: Into<Cause>,
{
    let (process, own) = settings::load::<FrontSettings, S>(front.defaults, arguments.config.as_deref())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match arguments.command {
        Some(Command::Health { alive }) => {
            let path = if alive { "/healthz" } else { "/readyz" };
            return Ok(runtime.block_on(health::ask_http_at(&process.listen, path))?);
        }
        Some(Command::Migrate | Command::LedgerMonth | Command::LedgerArchive(_)) => {
            return Err(StartError::NothingToMigrate);
        }
        Some(Command::Serve) | None => {}
    }
    let result = runtime.block_on(async {
        let telemetry = telemetry::init(front.name, &process.telemetry)?;
        let result = match hall(front.name, process).await {
            Ok(hall) => (front.serve)(own, hall).await.map_err(|error| StartError::Assemble(error.into())),
            Err(error) => Err(error),
        };
        telemetry.shutdown(FLUSH).await;
        result
    });
    runtime.shutdown_timeout(Duration::from_millis(200));
    result
}

async fn hall(name: &'static str, process: FrontSettings) -> Result<Hall, StartError> {
    let cancel = stop_on_signals()?;
    let listener = TcpListener::bind(&process.listen)
        .await
        .map_err(|source| StartError::Listen { address: process.listen.clone(), source })?;
    let ambient = Ambient::system();
    let verifier = process.auth.verifier(ambient.clone())?;
    let tls = process.tls.map(Tls::open).transpose()?;
    let peers = settings::by_service(&process.peers);
    let peers = Peers::over(tls.as_ref(), &peers, TokenSource::nothing(), &process.peer_calls)?;
    let own = process
        .auth
        .service_token_file
        .map_or_else(TokenSource::nothing, |path| TokenSource::file(path, ambient.clone()).shown(name));
    tracing::info!(listen = process.listen, "listening");
    let lame_duck = Duration::from_millis(process.stack.lame_duck_ms);
    Ok(Hall { ambient, verifier: Arc::new(verifier), peers, own, listener, cancel, lame_duck })
}
