//! Service processes on fixed loopback ports, with the keys and settings they need.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use kernel::Role;
use tonic::Request;
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;

use super::caller::{AUDIENCE, Caller, ISSUER, Keys};
use super::process::{Folder, Process};
use super::service::Service;

/// How long a service may take to answer before the run is given up.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a service may take from SIGTERM to its end: what a platform grants it.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// What is to be started.
pub struct Plan {
    program: PathBuf,
    databases: BTreeMap<Service, String>,
    ports: BTreeMap<Service, u16>,
    detours: BTreeMap<(Service, Service), SocketAddr>,
    fronts: BTreeMap<Service, SocketAddr>,
    telemetry: BTreeMap<Service, String>,
}

impl Plan {
    /// These services, each with the address of its database, as processes of `program`.
    ///
    /// # Errors
    /// When there are no free ports.
    pub fn new(program: &Path, databases: BTreeMap<Service, String>) -> anyhow::Result<Self> {
        let ports = free_ports(Service::ALL.len())?;
        let ports = Service::ALL.into_iter().zip(ports).collect();
        Ok(Self {
            program: program.to_owned(),
            databases,
            ports,
            detours: BTreeMap::new(),
            fronts: BTreeMap::new(),
            telemetry: BTreeMap::new(),
        })
    }

    /// Where a service will listen.
    pub fn addr(&self, service: Service) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports[&service]))
    }

    /// Lets everybody find `service` at another address: clients, and its peers.
    pub fn front(&mut self, service: Service, at: SocketAddr) {
        self.fronts.insert(service, at);
        for peer in Service::ALL {
            self.detour(peer, service, at);
        }
    }

    /// Lets `service` show its figures on this port of the loopback, and send everything to `collector`.
    pub fn watched(&mut self, service: Service, port: u16, collector: SocketAddr) {
        let settings = format!("metrics_listen = \"127.0.0.1:{port}\"\notlp_endpoint = \"http://{collector}\"\n");
        self.telemetry.insert(service, settings);
    }

    /// Lets `caller` find `peer` at another address, where something may stand in between.
    pub fn detour(&mut self, caller: Service, peer: Service, through: SocketAddr) {
        self.detours.insert((caller, peer), through);
    }
}

/// Running services. All are killed when it is dropped.
pub struct Fleet {
    // Before the folder: who writes into it ends first.
    processes: Mutex<BTreeMap<Service, Process>>,
    folder: Folder,
    plan: Plan,
    keys: Keys,
    checkpoint_key: Vec<u8>,
}

impl Fleet {
    /// Starts what is planned and waits until every service answers from its database.
    ///
    /// # Errors
    /// When a service does not come up; the message ends with what it last said.
    pub async fn start(plan: Plan) -> anyhow::Result<Self> {
        Self::start_with(plan, Keys::new()?).await
    }

    /// The same with keys that somebody in between has too.
    ///
    /// # Errors
    /// See [`Self::start`].
    pub async fn start_with(plan: Plan, keys: Keys) -> anyhow::Result<Self> {
        let folder = Folder::new("fleet")?;
        let signing = Ed25519KeyPair::generate()?;
        let write = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))
        };
        write("jwks.json", keys.jwks().as_bytes())?;
        write("signing.pk8", signing.to_pkcs8v1()?.as_ref())?;
        for service in plan.databases.keys() {
            let name = service.name();
            write(&format!("{name}.token"), keys.token(name, Role::Service)?.as_bytes())?;
            write(&format!("{name}.toml"), settings(&plan, *service, folder.path()).as_bytes())?;
        }
        let checkpoint_key = signing.public_key().as_ref().to_vec();
        let fleet = Self { processes: Mutex::default(), folder, plan, keys, checkpoint_key };
        for service in fleet.services() {
            fleet.launch(service)?;
        }
        for service in fleet.services() {
            fleet.ready(service).await?;
        }
        Ok(fleet)
    }

    /// What runs here.
    pub fn services(&self) -> Vec<Service> {
        self.plan.databases.keys().copied().collect()
    }

    /// Folder of this run: logs, journal, checkpoints.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the services append their checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.folder.path().join("checkpoints")
    }

    /// Public key of the checkpoints.
    pub fn checkpoint_key(&self) -> &[u8] {
        &self.checkpoint_key
    }

    /// Tokens of this run.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Where a service listens.
    pub fn addr(&self, service: Service) -> SocketAddr {
        self.plan.addr(service)
    }

    /// A way to call a service as somebody with this role.
    ///
    /// # Errors
    /// When there is no key to sign the token.
    pub fn caller(&self, service: Service, role: Role) -> anyhow::Result<Caller> {
        let at = self.plan.fronts.get(&service).copied().unwrap_or_else(|| self.addr(service));
        self.keys.caller(&format!("http://{at}"), role)
    }

    /// Kills a service with SIGKILL and starts it again, without waiting until it answers.
    ///
    /// # Errors
    /// When the system refuses either.
    pub fn replace(&self, service: Service) -> anyhow::Result<()> {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut process = processes.remove(&service).with_context(|| format!("{} does not run", service.name()))?;
        process.kill()?;
        drop(processes);
        self.launch(service)
    }

    /// Tells a service to stop as a platform does (SIGTERM), waits until it has drained, and starts it again, without waiting until
    /// it answers.
    ///
    /// # Errors
    /// When it does not go, or the system refuses.
    pub async fn roll(&self, service: Service) -> anyhow::Result<()> {
        let process = self.processes.lock().unwrap_or_else(PoisonError::into_inner).remove(&service);
        let mut process = process.with_context(|| format!("{} does not run", service.name()))?;
        process.terminate()?;
        let deadline = Instant::now() + DRAIN_LIMIT;
        while !process.ended() {
            anyhow::ensure!(Instant::now() < deadline, "{} did not drain in {DRAIN_LIMIT:?}", service.name());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.launch(service)
    }

    fn launch(&self, service: Service) -> anyhow::Result<()> {
        let at = |suffix: &str| self.folder.path().join(format!("{}.{suffix}", service.name()));
        let process = Process::start(&self.plan.program, service, &at("toml"), &at("log"))?;
        self.processes.lock().unwrap_or_else(PoisonError::into_inner).insert(service, process);
        Ok(())
    }

    /// Waits until a service answers out of its database. A process that ended by itself (its port
    /// was still taken, its database away) is started again, as a platform would do.
    ///
    /// # Errors
    /// When it takes too long; the message ends with what the service last said.
    pub async fn ready(&self, service: Service) -> anyhow::Result<()> {
        let deadline = Instant::now() + START_LIMIT;
        let caller = self.keys.caller(&format!("http://{}", self.addr(service)), Role::Auditor)?;
        loop {
            let mut request = Request::new(GetHeadRequest {});
            request.set_timeout(Duration::from_secs(1));
            let status = match LedgerServiceClient::new(caller.clone()).get_head(request).await {
                Ok(_) => return Ok(()),
                Err(status) => status,
            };
            if Instant::now() > deadline {
                bail!(
                    "{} does not answer ({:?}); it said:\n{}",
                    service.name(),
                    status.code(),
                    self.last_words(service)
                );
            }
            let ended = {
                let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
                processes.get_mut(&service).is_none_or(Process::ended)
            };
            if ended {
                tokio::time::sleep(Duration::from_millis(50)).await;
                self.launch(service)?;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The last lines of a service's log.
    pub fn last_words(&self, service: Service) -> String {
        let log = self.folder.path().join(format!("{}.log", service.name()));
        let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Lines of all logs at ERROR, each with the service that wrote it.
    pub fn errors_logged(&self) -> Vec<String> {
        let mut errors = Vec::new();
        for service in self.services() {
            let log = self.folder.path().join(format!("{}.log", service.name()));
            let bytes = std::fs::read(log).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            errors
                .extend(text.lines().filter(|line| line.contains("ERROR")).map(|l| format!("{}: {l}", service.name())));
        }
        errors
    }
}

fn settings(plan: &Plan, service: Service, folder: &Path) -> String {
    let folder = folder.display();
    let mut text = format!(
        "listen = \"{listen}\"\n\
         signing_key_file = \"{folder}/signing.pk8\"\n\
         checkpoint_dir = \"{folder}/checkpoints\"\n\
         [auth]\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\njwks_file = \"{folder}/jwks.json\"\n\
         service_token_file = \"{folder}/{name}.token\"\n\
         [telemetry]\nfilter = \"warn\"\n{telemetry}[peers]\n",
        listen = plan.addr(service),
        name = service.name(),
        telemetry = plan.telemetry.get(&service).map_or("", String::as_str),
    );
    for peer in plan.databases.keys().filter(|peer| **peer != service) {
        let addr = plan.detours.get(&(service, *peer)).copied().unwrap_or_else(|| plan.addr(*peer));
        text.push_str(&format!("{} = \"http://{addr}\"\n", peer.name()));
    }
    text.push_str("[service]\n");
    if service == Service::OmbudsmanEscalation {
        text.push_str(&format!("office_key = \"{}\"\n", "0f".repeat(32)));
    }
    text.push_str(&format!(
        "[service.database]\nurl = \"{}\"\nschema = \"{}\"\nmax_connections = 10\n",
        plan.databases[&service],
        service.schema(),
    ));
    text
}

/// Ports that can be listened on again and again: below the range out of which the system takes the
/// ports of outgoing connections, so that none of those sits on one while its service is down.
///
/// # Errors
/// When hardly any port is free.
pub fn free_ports(count: usize) -> anyhow::Result<Vec<u16>> {
    const FIRST: u16 = 12_000;
    const COUNT: u16 = 18_000;
    let start = u16::from_le_bytes(kernel::Ambient::system().bytes()) % COUNT;
    let mut held = Vec::new();
    for step in 0..COUNT {
        let port = FIRST + (start + step) % COUNT;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            held.push((port, listener));
        }
        if held.len() == count {
            return Ok(held.into_iter().map(|(port, _)| port).collect());
        }
    }
    bail!("there are not {count} free ports between {FIRST} and {}", FIRST + COUNT)
}
