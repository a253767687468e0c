//! Processes of the house on fixed loopback ports, with the keys and settings they need.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use kernel::Role;
use tonic::{Request, Status};
use ventanilla_proto::ledger::v1::GetHeadRequest;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;

use super::caller::{AUDIENCE, Caller, ISSUER, Keys};
use super::encrypted::Certificates;
use super::load::window;
use super::process::{Folder, Process};
use super::service::{Part, Service};

/// How long a service may take to answer before the run is given up.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long a service may take from SIGTERM to its end: what a platform grants it.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// What is to be started.
pub struct Plan {
    program: PathBuf,
    databases: BTreeMap<Service, String>,
    ports: BTreeMap<Part, u16>,
    connections: u32,
    window: bool,
    detours: BTreeMap<(Part, Service), SocketAddr>,
    fronts: BTreeMap<Part, SocketAddr>,
    receivers: Vec<SocketAddr>,
    telemetry: BTreeMap<Service, String>,
    broker: Option<SocketAddr>,
    certificates: Option<Certificates>,
}

impl Plan {
    /// These services, each with the address of its database, as processes of `program`.
    ///
    /// # Errors
    /// When there are no free ports.
    pub fn new(program: &Path, databases: BTreeMap<Service, String>) -> anyhow::Result<Self> {
        let ports = free_ports(Part::ALL.len())?;
        let ports = Part::ALL.into_iter().zip(ports).collect();
        Ok(Self {
            program: program.to_owned(),
            databases,
            ports,
            connections: 10,
            window: false,
            detours: BTreeMap::new(),
            fronts: BTreeMap::new(),
            receivers: Vec::new(),
            telemetry: BTreeMap::new(),
            broker: None,
            certificates: None,
        })
    }

    /// With so many connections of each service to its database, instead of ten.
    #[must_use]
    pub fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }

    /// With the window before the services.
    #[must_use]
    pub fn with_window(mut self) -> Self {
        self.window = true;
        self
    }

    /// Where a process will listen.
    pub fn addr(&self, part: impl Into<Part>) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.ports[&part.into()]))
    }

    /// Lets everybody find a process at another address: clients, and its peers.
    pub fn front(&mut self, part: impl Into<Part>, at: SocketAddr) {
        let part = part.into();
        self.fronts.insert(part, at);
        if let Part::Service(service) = part {
            for peer in Part::ALL {
                self.detour(peer, service, at);
            }
        }
    }

    /// Lets webhooks post to this address, without TLS.
    pub fn receiver(&mut self, at: SocketAddr) {
        self.receivers.push(at);
    }

    /// Lets `service` show its figures on this port of the loopback, and send everything to `collector`.
    pub fn watched(&mut self, service: Service, port: u16, collector: SocketAddr) {
        let settings = format!("metrics_listen = \"127.0.0.1:{port}\"\notlp_endpoint = \"http://{collector}\"\n");
        self.telemetry.insert(service, settings);
    }

    /// Lets `service` show its figures on this port of the loopback, and sends nothing to anybody.
    pub fn shown(&mut self, service: Service, port: u16) {
        self.telemetry.insert(service, format!("metrics_listen = \"127.0.0.1:{port}\"\n"));
    }

    /// Lets a NATS server carry the ledgers.
    pub fn carried_by(&mut self, broker: SocketAddr) {
        self.broker = Some(broker);
    }

    /// Lets services speak TLS alone, to each other and to whoever comes, with these certificates.
    pub fn encrypted(&mut self, certificates: Certificates) {
        self.certificates = Some(certificates);
    }

    /// Lets clients find a process at another address; its peers go on finding it where it is.
    pub fn door(&mut self, part: impl Into<Part>, at: SocketAddr) {
        self.fronts.insert(part.into(), at);
    }

    /// Lets `caller` find `peer` at another address, where something may stand in between.
    pub fn detour(&mut self, caller: impl Into<Part>, peer: Service, through: SocketAddr) {
        self.detours.insert((caller.into(), peer), through);
    }
}

/// Running processes. All are killed when it is dropped.
pub struct Fleet {
    // Before the folder: who writes into it ends first.
    processes: Mutex<BTreeMap<Part, Process>>,
    folder: Folder,
    plan: Plan,
    keys: Keys,
    checkpoint_key: Vec<u8>,
}

impl Fleet {
    /// Starts what is planned and waits until every process answers, services from their databases.
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
            write(&format!("{name}.toml"), settings(&plan, *service, plan.broker, folder.path()).as_bytes())?;
        }
        if plan.window {
            write(&format!("{}.toml", gateway::NAME), window_settings(&plan, folder.path()).as_bytes())?;
        }
        let checkpoint_key = signing.public_key().as_ref().to_vec();
        let fleet = Self { processes: Mutex::default(), folder, plan, keys, checkpoint_key };
        for part in fleet.parts() {
            fleet.launch(part)?;
        }
        for part in fleet.parts() {
            fleet.ready(part).await?;
        }
        Ok(fleet)
    }

    /// All that runs here.
    pub fn parts(&self) -> Vec<Part> {
        let window = self.plan.window.then_some(Part::Window);
        self.plan.databases.keys().copied().map(Part::from).chain(window).collect()
    }

    /// The services that run here.
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

    /// Where a process listens.
    pub fn addr(&self, part: impl Into<Part>) -> SocketAddr {
        self.plan.addr(part)
    }

    /// Where clients find a process: at what stands before it, or at the process itself.
    pub fn door(&self, part: impl Into<Part>) -> SocketAddr {
        let part = part.into();
        self.plan.fronts.get(&part).copied().unwrap_or_else(|| self.addr(part))
    }

    /// A way to call a service as somebody with this role.
    ///
    /// # Errors
    /// When there is no key to sign the token.
    pub fn caller(&self, service: Service, role: Role) -> anyhow::Result<Caller> {
        self.keys.caller(&format!("http://{}", self.door(service)), role)
    }

    /// The most memory that a process has had resident, in bytes; `None` where it does not run or the system does not tell.
    pub fn most_resident(&self, part: impl Into<Part>) -> Option<u64> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner).get(&part.into())?.most_resident()
    }

    /// Kills a process with SIGKILL and starts it again, without waiting until it answers.
    ///
    /// # Errors
    /// When the system refuses either.
    pub fn replace(&self, part: impl Into<Part>) -> anyhow::Result<()> {
        let part = part.into();
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut process = processes.remove(&part).with_context(|| format!("{} does not run", part.name()))?;
        process.kill()?;
        drop(processes);
        self.launch(part)
    }

    /// Kills a process with SIGKILL, and leaves it so.
    ///
    /// # Errors
    /// When it does not run, or the system refuses.
    pub fn kill(&self, part: impl Into<Part>) -> anyhow::Result<()> {
        let part = part.into();
        let process = self.processes.lock().unwrap_or_else(PoisonError::into_inner).remove(&part);
        process.with_context(|| format!("{} does not run", part.name()))?.kill()
    }

    /// Starts a process that was killed, without waiting until it answers.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn start_again(&self, part: impl Into<Part>) -> anyhow::Result<()> {
        self.launch(part.into())
    }

    /// Lets a process stand still where it is (SIGSTOP), its connections open.
    ///
    /// # Errors
    /// When it does not run, or the system refuses.
    pub fn pause(&self, part: impl Into<Part>) -> anyhow::Result<()> {
        self.running(part.into(), Process::pause)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// When it does not run, or the system refuses.
    pub fn resume(&self, part: impl Into<Part>) -> anyhow::Result<()> {
        self.running(part.into(), Process::resume)
    }

    fn running(&self, part: Part, act: impl Fn(&mut Process) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
        act(processes.get_mut(&part).with_context(|| format!("{} does not run", part.name()))?)
    }

    /// Tells a process to stop as a platform does (SIGTERM), waits until it has drained, and starts it again, without waiting until
    /// it answers.
    ///
    /// # Errors
    /// When it does not go, or the system refuses.
    pub async fn roll(&self, part: impl Into<Part>) -> anyhow::Result<()> {
        let part = part.into();
        let process = self.processes.lock().unwrap_or_else(PoisonError::into_inner).remove(&part);
        let mut process = process.with_context(|| format!("{} does not run", part.name()))?;
        process.terminate()?;
        let deadline = Instant::now() + DRAIN_LIMIT;
        while !process.ended() {
            anyhow::ensure!(Instant::now() < deadline, "{} did not drain in {DRAIN_LIMIT:?}", part.name());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.launch(part)
    }

    /// Writes the settings of a service anew, with this server to carry ledgers or none. It reads them when it is started next.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn switch(&self, service: Service, broker: Option<SocketAddr>) -> anyhow::Result<()> {
        let path = self.folder.path().join(format!("{}.toml", service.name()));
        std::fs::write(&path, settings(&self.plan, service, broker, self.folder.path()))
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    fn launch(&self, part: Part) -> anyhow::Result<()> {
        let at = |suffix: &str| self.folder.path().join(format!("{}.{suffix}", part.name()));
        let process = Process::start(&self.plan.program, part, &at("toml"), &at("log"))?;
        self.processes.lock().unwrap_or_else(PoisonError::into_inner).insert(part, process);
        Ok(())
    }

    /// Waits until a process answers, a service out of its database. A process that ended by itself (its port
    /// was still taken, its database away) is started again, as a platform would do.
    ///
    /// # Errors
    /// When it takes too long; the message ends with what the service last said.
    pub async fn ready(&self, part: impl Into<Part>) -> anyhow::Result<()> {
        let part = part.into();
        let deadline = Instant::now() + START_LIMIT;
        // Who speaks TLS alone is asked through the door that clients come by.
        let at = if self.plan.certificates.is_some() { self.door(part) } else { self.addr(part) };
        let caller = self.keys.caller(&format!("http://{at}"), Role::Auditor)?;
        loop {
            let asked = match part {
                Part::Service(_) => asks_head(caller.clone()).await,
                Part::Window => window::asks_ready(self.addr(part)).await,
            };
            let Err(status) = asked else { return Ok(()) };
            if Instant::now() > deadline {
                bail!("{} does not answer ({:?}); it said:\n{}", part.name(), status.code(), self.last_words(part));
            }
            let ended = {
                let mut processes = self.processes.lock().unwrap_or_else(PoisonError::into_inner);
                processes.get_mut(&part).is_none_or(Process::ended)
            };
            if ended {
                tokio::time::sleep(Duration::from_millis(50)).await;
                self.launch(part)?;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The last lines of a process's log.
    pub fn last_words(&self, part: impl Into<Part>) -> String {
        let log = self.folder.path().join(format!("{}.log", part.into().name()));
        let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }

    /// Lines of all logs at ERROR, each with the service that wrote it.
    pub fn errors_logged(&self) -> Vec<String> {
        let mut errors = Vec::new();
        for part in self.parts() {
            let log = self.folder.path().join(format!("{}.log", part.name()));
            let bytes = std::fs::read(log).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            errors.extend(text.lines().filter(|line| line.contains("ERROR")).map(|l| format!("{}: {l}", part.name())));
        }
        errors
    }
}

/// Whether a service answers out of its database.
async fn asks_head(caller: Caller) -> Result<(), Status> {
    let mut request = Request::new(GetHeadRequest {});
    request.set_timeout(Duration::from_secs(1));
    LedgerServiceClient::new(caller).get_head(request).await.map(|_| ())
}

/// Where `part` finds its peers.
fn peers(plan: &Plan, part: Part) -> String {
    let scheme = if plan.certificates.is_some() { "https" } else { "http" };
    let others = plan.databases.keys().filter(|peer| Part::from(**peer) != part);
    let line = |peer: &Service| {
        let addr = plan.detours.get(&(part, *peer)).copied().unwrap_or_else(|| plan.addr(*peer));
        format!("{} = \"{scheme}://{addr}\"\n", peer.name())
    };
    others.map(line).collect()
}

fn window_settings(plan: &Plan, folder: &Path) -> String {
    let folder = folder.display();
    let listen = plan.addr(Part::Window);
    format!(
        "listen = \"{listen}\"\n\
         [auth]\nissuer = \"{ISSUER}\"\naudience = \"{AUDIENCE}\"\njwks_file = \"{folder}/jwks.json\"\n\
         [telemetry]\nfilter = \"warn\"\n[peers]\n{peers}\
         [service.web]\npublic_url = \"http://{listen}\"\nsealing_keys = [\"{key}\"]\n",
        peers = peers(plan, Part::Window),
        key = "0f".repeat(32),
    )
}

fn settings(plan: &Plan, service: Service, broker: Option<SocketAddr>, folder: &Path) -> String {
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
    text.push_str(&peers(plan, service.into()));
    if let Some(certificates) = &plan.certificates {
        text.push_str(&certificates.settings(service));
    }
    if let Some(broker) = broker {
        text.push_str(&format!("[broker]\nservers = \"nats://{broker}\"\n"));
    }
    text.push_str("[service]\n");
    if service == Service::OmbudsmanEscalation {
        text.push_str(&format!("office_key = \"{}\"\n", "0f".repeat(32)));
    }
    if service == Service::Webhooks {
        let inside: Vec<String> = plan.receivers.iter().map(|at| format!("\"{at}\"")).collect();
        // A killed replica's leases are over before the checker looks.
        text.push_str(&format!(
            "secret_key = \"{}\"\n[service.endpoints]\ninside = [{}]\ntimeout_ms = 2000\n\
             [service.pace]\nfirst_pause_ms = 50\n[service.courier]\nlease_ms = 5000\n",
            "1e".repeat(32),
            inside.join(", ")
        ));
    }
    text.push_str(&format!(
        "[service.database]\nurl = \"{}\"\nschema = \"{}\"\nmax_connections = {}\n",
        plan.databases[&service],
        service.schema(),
        plan.connections,
    ));
    if service == Service::CustomerProfile {
        text.push_str("kept_for_rings = 2\n");
    }
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
