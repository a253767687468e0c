//! The services in one process, each behind the real server stack on a loopback port of its
//! own, on one database: what an end-to-end test plays on. Dropping a scene stops everything.
//!
//! A scene runs in real time, because followers, sequencers and clocks do.

pub mod affair;
mod appointing;
pub mod archive;
pub mod caller;
pub mod canary;
pub mod complaint;
pub mod desk;
pub mod docket;
pub mod doorway;
mod ending;
pub mod filled;
pub mod fingerprint;
pub mod hostile;
mod listening;
mod looking;
pub mod mirror;
mod parting;
pub mod people;
pub mod raw;
pub mod recording;
mod rekeyed;
pub mod rest;
pub mod restful;
pub mod services;
pub mod trial;
mod wishes;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::{Ambient, Role};
use postgres::{Db, Settings};
use server::{FormerKeys, House, Opening, PeerSettings, Peers, StackSettings, TokenIssuer, TokenSource};
use sqlx::PgPool;
use testkit::Database;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use caller::{Caller, Clients};
use services::Service;

/// How long a token of a scene is valid: longer than any test or measurement.
const TOKEN_TTL: Duration = Duration::from_secs(12 * 60 * 60);

/// What `deploy/local/up --json` tells.
#[derive(serde::Deserialize)]
struct Elsewhere {
    services: BTreeMap<String, String>,
    keys: Signing,
    database: String,
}

#[derive(serde::Deserialize)]
struct Signing {
    issuer: String,
    audience: String,
    signing: PathBuf,
}

/// Four services that run until this is dropped.
pub struct Scene {
    /// Clock and chance of everything in it.
    pub ambient: Ambient,
    addresses: BTreeMap<Service, SocketAddr>,
    database_url: String,
    issuer: Arc<TokenIssuer>,
    cancel: CancellationToken,
    serving: JoinSet<anyhow::Result<()>>,
    checkpoints: PathBuf,
    elsewhere: bool,
    /// The window before services that run somewhere else, where it was told of.
    gateway: Option<SocketAddr>,
    /// Whether the office has its people.
    appointed: OnceCell<()>,
    /// Dropped last: the services hold connections to it.
    _database: Option<Database>,
}

impl Scene {
    /// A scene on a fresh database of its own.
    ///
    /// # Panics
    /// When there is no Postgres or a service does not start: no test can go on without.
    pub async fn fresh() -> Self {
        Self::fresh_as(None, Ambient::system()).await
    }

    /// A fresh scene whose services have this clock and chance.
    ///
    /// # Panics
    /// As [`Self::fresh`].
    pub async fn fresh_under(ambient: Ambient) -> Self {
        Self::fresh_as(None, ambient).await
    }

    /// A fresh scene in which what is over may be erased after so many days.
    ///
    /// # Panics
    /// As [`Self::fresh`].
    pub async fn fresh_that_keeps(days: u16) -> Self {
        Self::fresh_as(Some(days), Ambient::system()).await
    }

    async fn fresh_as(keep_ended_days: Option<u16>, ambient: Ambient) -> Self {
        let migrations: Vec<_> = Service::ALL.iter().map(|service| (service.schema(), service.migrations())).collect();
        let schemas: Vec<_> = migrations.iter().map(|(schema, migrator)| (*schema, migrator)).collect();
        let database = Database::fresh_with(&schemas).await;
        let url = database.url();
        let mut scene =
            Self::start(&url, 8, keep_ended_days, ambient).await.unwrap_or_else(|error| panic!("no scene: {error:#}"));
        scene._database = Some(database);
        scene
    }

    /// A scene on a database that holds all four schemas, with so many connections per service.
    ///
    /// # Errors
    /// When a service does not start.
    pub async fn on(database_url: &str, connections: u32) -> anyhow::Result<Self> {
        Self::start(database_url, connections, None, Ambient::system()).await
    }

    /// The services that run somewhere else, as `deploy/local/up --json` tells of them in `VENTANILLA_AT`;
    /// `None` where that is not set. They are left running, and what is played stays in their database.
    ///
    /// # Panics
    /// When what is told there cannot be used: whoever set it wants that and nothing else tested.
    pub fn elsewhere() -> Option<Self> {
        let told = std::env::var("VENTANILLA_AT").ok().filter(|told| !told.is_empty())?;
        let scene = Self::told(&told).unwrap_or_else(|error| panic!("VENTANILLA_AT cannot be used: {error:#}"));
        Some(scene)
    }

    /// Services that run in processes of their own, known by who issues their tokens. They are left running.
    pub fn at(addresses: BTreeMap<Service, SocketAddr>, database_url: &str, issuer: Arc<TokenIssuer>) -> Self {
        let ambient = Ambient::system();
        let checkpoints = std::env::temp_dir().join(format!("ventanilla-scene-{}", hex::encode(ambient.bytes::<8>())));
        Self {
            ambient,
            addresses,
            database_url: database_url.to_owned(),
            issuer,
            cancel: CancellationToken::new(),
            serving: JoinSet::new(),
            checkpoints,
            elsewhere: true,
            gateway: None,
            appointed: OnceCell::new(),
            _database: None,
        }
    }

    /// The services that `deploy/local/up --json` tells of in these words. They are left running.
    ///
    /// # Errors
    /// When what is told misses something or is no address, or the issuer's key cannot be read.
    pub fn told(told: &str) -> anyhow::Result<Self> {
        let told: Elsewhere = serde_json::from_str(told)?;
        let ambient = Ambient::system();
        let address = |name: &str| -> anyhow::Result<Option<SocketAddr>> {
            let told = told.services.get(name).map(|address| address.trim_start_matches("http://").parse());
            told.transpose().with_context(|| format!("{name} is at no address"))
        };
        let gateway = address(gateway::NAME)?;
        let mut addresses = BTreeMap::new();
        for service in Service::ALL {
            let name = service.name();
            addresses.insert(service, address(name)?.with_context(|| format!("no {name}"))?);
        }
        let key = server::signing_key(&told.keys.signing)?;
        let issuer = TokenIssuer::new(&key, told.keys.issuer, told.keys.audience)?;
        // No folder of theirs: what a scene leaves is taken away at its end.
        let checkpoints = std::env::temp_dir().join(format!("ventanilla-scene-{}", hex::encode(ambient.bytes::<8>())));
        Ok(Self {
            ambient,
            addresses,
            database_url: told.database,
            issuer: Arc::new(issuer),
            cancel: CancellationToken::new(),
            serving: JoinSet::new(),
            checkpoints,
            elsewhere: true,
            gateway,
            appointed: OnceCell::new(),
            _database: None,
        })
    }

    /// Whether its services run in this process, so that their spans can be seen.
    pub fn is_here(&self) -> bool {
        !self.elsewhere
    }

    /// Where the window is before services that run somewhere else, as who started them told.
    pub fn gateway(&self) -> Option<SocketAddr> {
        self.gateway
    }

    async fn start(
        database_url: &str,
        connections: u32,
        keep_ended_days: Option<u16>,
        ambient: Ambient,
    ) -> anyhow::Result<Self> {
        let issuer = Arc::new(TokenIssuer::new(&key(1)?, "scene", "ventanilla")?);
        let checkpoints = std::env::temp_dir().join(format!("ventanilla-scene-{}", hex::encode(ambient.bytes::<8>())));
        let cancel = CancellationToken::new();
        let mut serving = JoinSet::new();

        let mut ports = Vec::new();
        for service in Service::ALL {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port")?;
            ports.push((service, port.local_addr()?, port));
        }
        let addresses: BTreeMap<Service, SocketAddr> = ports.iter().map(|(service, at, _)| (*service, *at)).collect();

        for (service, _, port) in ports {
            let house = house(service, &addresses, &issuer, (&ambient, &checkpoints))?;
            let mut settings = Settings::new(database_url, service.schema());
            settings.max_connections = connections;
            let verifier = Arc::clone(&house.verifier);
            let assembly = service.assemble(settings, house, keep_ended_days).await?;
            let stop = cancel.clone();
            serving
                .spawn(async move { Ok(server::run(assembly, port, StackSettings::default(), verifier, stop).await?) });
        }
        let database_url = database_url.to_owned();
        Ok(Self {
            ambient,
            addresses,
            database_url,
            issuer,
            cancel,
            serving,
            checkpoints,
            elsewhere: false,
            gateway: None,
            appointed: OnceCell::new(),
            _database: None,
        })
    }

    /// Clients of all services for somebody with this role: `scene-agent` of `customer-service` and
    /// so on.
    pub fn role(&self, role: Role) -> Clients {
        // A system that speaks for one department is named with it; this one speaks for the whole house.
        let department = (!role.is_office() && role != Role::Crm).then_some("customer-service");
        self.person(&format!("scene-{}", role.as_str()), &[role], department)
    }

    /// Clients of all services for this subject, on connections of their own.
    ///
    /// # Panics
    /// When the department is no slug, or the roles are the office's and the firm's at once.
    pub fn person(&self, subject: &str, roles: &[Role], department: Option<&str>) -> Clients {
        let token = self.token(subject, roles, department);
        Clients::new(|service| Caller::new(self.addresses[&service], Some(&token)))
    }

    /// Clients of all services for somebody who shows no token.
    pub fn stranger(&self) -> Clients {
        Clients::new(|service| Caller::new(self.addresses[&service], None))
    }

    /// Clients of all services for somebody who shows this as a token.
    pub fn bearer(&self, token: &str) -> Clients {
        Clients::new(|service| Caller::new(self.addresses[&service], Some(token)))
    }

    /// A token of this subject.
    ///
    /// # Panics
    /// As [`Self::person`].
    pub fn token(&self, subject: &str, roles: &[Role], department: Option<&str>) -> String {
        let department = department.map(|slug| slug.parse().expect("the test names a department"));
        self.issuer
            .issue(subject, roles, department.as_ref(), TOKEN_TTL, self.ambient.now())
            .expect("the roles are of one side, and the key signs")
    }

    /// A fresh `request_id`.
    pub fn request_id(&self) -> String {
        self.ambient.uuid(self.ambient.now()).to_string()
    }

    /// A connection pool of the database's owner, for looking at what the services wrote.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn admin(&self) -> PgPool {
        PgPool::connect(&self.database_url).await.expect("the database of the scene answers")
    }

    /// One service's schema, as the service itself reaches it.
    ///
    /// # Panics
    /// When the server is gone.
    pub async fn db(&self, service: Service) -> Db {
        let settings = Settings::new(self.database_url.as_str(), service.schema());
        Db::connect(&settings).await.expect("the database of the scene answers")
    }

    /// The folder of checkpoints and of the journal of erasures.
    pub fn checkpoints(&self) -> &Path {
        &self.checkpoints
    }

    /// Another process of a service beside the first, on the same database, that finds these of its peers at other addresses.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn replica(
        &mut self,
        service: Service,
        elsewhere: &[(Service, SocketAddr)],
    ) -> anyhow::Result<SocketAddr> {
        let mut addresses = self.addresses.clone();
        addresses.extend(elsewhere.iter().copied());
        let house = house(service, &addresses, &self.issuer, (&self.ambient, &self.checkpoints))?;
        let verifier = Arc::clone(&house.verifier);
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port")?;
        let address = port.local_addr()?;
        let settings = Settings::new(self.database_url.as_str(), service.schema());
        let assembly = service.assemble(settings, house, None).await?;
        let stop = self.cancel.clone();
        self.serving
            .spawn(async move { Ok(server::run(assembly, port, StackSettings::default(), verifier, stop).await?) });
        Ok(address)
    }

    /// Clients for this subject of the services at this one address.
    ///
    /// # Panics
    /// As [`Self::person`].
    pub fn person_at(&self, address: SocketAddr, subject: &str, roles: &[Role], department: Option<&str>) -> Clients {
        let token = self.token(subject, roles, department);
        Clients::new(|_| Caller::new(address, Some(&token)))
    }

    /// Drains and stops the services.
    ///
    /// # Errors
    /// What a service failed with.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.cancel.cancel();
        while let Some(ended) = self.serving.join_next().await {
            ended.context("a service panicked")??;
        }
        Ok(())
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.cancel.cancel();
        let _ = std::fs::remove_dir_all(&self.checkpoints);
    }
}

/// The house as one service of it is given it.
fn house(
    service: Service,
    addresses: &BTreeMap<Service, SocketAddr>,
    issuer: &Arc<TokenIssuer>,
    (ambient, checkpoints): (&Ambient, &Path),
) -> anyhow::Result<House> {
    let peers: BTreeMap<String, String> =
        addresses.iter().map(|(service, at)| (service.name().to_owned(), format!("http://{at}"))).collect();
    let tokens = TokenSource::issued(Arc::clone(issuer), service.name(), ambient.clone());
    Ok(House {
        ambient: ambient.clone(),
        verifier: Arc::new(issuer.verifier(ambient.clone())),
        peers: Peers::new(&peers, tokens, &PeerSettings::default())?,
        signing_key: Arc::new(key(2)?),
        former_keys: FormerKeys::default(),
        opening: Opening::default(),
        checkpoint_dir: checkpoints.to_owned(),
        broker: None,
    })
}

fn key(seed: u8) -> anyhow::Result<Ed25519KeyPair> {
    Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).map_err(|_| anyhow::anyhow!("32 bytes are a seed"))
}
