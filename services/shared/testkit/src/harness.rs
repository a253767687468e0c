//! A service running on a free loopback port, with a client for whoever the test wants to be.
//!
//! ```ignore
//! let harness = Harness::default();
//! let database = Database::fresh(ticketing::SCHEMA, &ticketing::migrations()).await;
//! let assembly = ticketing::assemble(settings(database.settings()), harness.house()).await?;
//! let served = harness.start(assembly).await;
//! let mut agent = TicketServiceClient::new(served.channel(Role::Agent));
//! ```

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::signature::Ed25519KeyPair;
use kernel::{Ambient, Department, Role};
use server::{Assembly, FormerKeys, House, Opening, PeerSettings, Peers, StackSettings, TokenIssuer, TokenSource};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::Surroundings;

const ISSUER: &str = "testkit";
const AUDIENCE: &str = "ventanilla";

/// What generated clients are made of.
pub type Client = InterceptedService<Channel, Bearer>;

/// The house around the services of one test: one clock, one token issuer, one signing key.
pub struct Harness {
    /// Clock and chance of every service started here.
    pub surroundings: Surroundings,
    issuer: Arc<TokenIssuer>,
    signing_key: Arc<Ed25519KeyPair>,
    former_keys: FormerKeys,
    checkpoints: PathBuf,
    /// Ports where nobody listens.
    taken: Mutex<Vec<TcpSocket>>,
}

impl Default for Harness {
    fn default() -> Self {
        Self::with(Surroundings::default())
    }
}

impl Harness {
    /// A house with these surroundings.
    ///
    /// # Panics
    /// Never: the keys are constants that hold.
    pub fn with(surroundings: Surroundings) -> Self {
        let key = |seed: u8| Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("any 32 bytes are a seed");
        let issuer = TokenIssuer::new(&key(1), ISSUER, AUDIENCE).expect("the key signs");
        #[allow(clippy::disallowed_methods, reason = "a folder name nobody else has; it decides nothing in a test")]
        let folder = format!("ventanilla-checkpoints-{}", uuid::Uuid::new_v4().simple());
        Self {
            surroundings,
            issuer: Arc::new(issuer),
            signing_key: Arc::new(key(2)),
            former_keys: FormerKeys::default(),
            checkpoints: std::env::temp_dir().join(folder),
            taken: Mutex::default(),
        }
    }

    /// A house whose clock is the machine's: for tests that wait for workers and time-outs.
    pub fn in_real_time() -> Self {
        Self::with(Surroundings { ambient: Ambient::system(), ..Surroundings::default() })
    }

    /// Gives the house another signing key; the one it had hands over.
    ///
    /// # Panics
    /// Never: any 32 bytes are a seed.
    pub fn rotate_signing_key(&mut self) {
        let next = Ed25519KeyPair::from_seed_unchecked(&[3; 32]).expect("any 32 bytes are a seed");
        let before = std::mem::replace(&mut self.signing_key, Arc::new(next));
        self.former_keys = FormerKeys::new(self.former_keys.public_keys(), Some(before));
    }

    /// What a service is given to assemble itself, knowing no peer.
    pub fn house(&self) -> House {
        self.house_with("test", &[])
    }

    /// The same for the service `name`, which finds its peers at these addresses.
    ///
    /// # Panics
    /// When an address is none.
    pub fn house_with(&self, name: &str, peers: &[(&str, SocketAddr)]) -> House {
        let addresses: BTreeMap<String, String> =
            peers.iter().map(|(peer, at)| ((*peer).to_owned(), format!("http://{at}"))).collect();
        let tokens = TokenSource::issued(Arc::clone(&self.issuer), name, self.surroundings.ambient.clone());
        House {
            ambient: self.surroundings.ambient.clone(),
            verifier: Arc::new(self.issuer.verifier(self.surroundings.ambient.clone())),
            peers: Peers::new(&addresses, tokens, &PeerSettings::default()).expect("the test names real addresses"),
            signing_key: Arc::clone(&self.signing_key),
            former_keys: self.former_keys.clone(),
            opening: Opening::default(),
            checkpoint_dir: self.checkpoints.clone(),
            broker: None,
        }
    }

    /// Public key of the checkpoints that services started here sign.
    pub fn checkpoint_key(&self) -> Vec<u8> {
        use aws_lc_rs::signature::KeyPair as _;
        self.signing_key.public_key().as_ref().to_vec()
    }

    /// A port of one's own, for services that must know each other before they start.
    ///
    /// # Panics
    /// When the machine has no port left.
    pub async fn port(&self) -> TcpListener {
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port")
    }

    /// An address where nobody listens for as long as this house stands: its port is taken, so that no other test gets it and answers there.
    ///
    /// # Panics
    /// When the machine has no port left.
    pub fn nowhere(&self) -> SocketAddr {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        let addr = socket.local_addr().expect("the port is bound");
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(socket);
        addr
    }

    /// Serves `assembly` on a free port.
    pub async fn start(&self, assembly: Assembly) -> Served {
        let port = self.port().await;
        self.start_on(port, assembly).await
    }

    /// Serves `assembly` on a port taken before.
    ///
    /// # Panics
    /// When the port is not bound.
    pub async fn start_on(&self, port: TcpListener, assembly: Assembly) -> Served {
        let addr = port.local_addr().expect("the port is bound");
        let cancel = CancellationToken::new();
        let verifier = Arc::new(self.issuer.verifier(self.surroundings.ambient.clone()));
        let run = server::run(assembly, port, StackSettings::default(), verifier, cancel.clone());
        let serving = tokio::spawn(async move { run.await.expect("the service serves until it is told to stop") });
        Served {
            addr,
            issuer: Arc::clone(&self.issuer),
            ambient: self.surroundings.ambient.clone(),
            cancel,
            serving: Some(serving),
            apart: None,
        }
    }

    /// Serves what `assemble` makes on a free port, in threads of its own: [`Served::kill`] ends all of it wherever it is, as the end of a process would.
    ///
    /// # Panics
    /// When the machine has no thread or port left, or what is assembled cannot be.
    pub async fn start_apart(&self, assemble: impl Future<Output = Assembly> + Send + 'static) -> Served {
        let apart = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a thread");
        let cancel = CancellationToken::new();
        let verifier = Arc::new(self.issuer.verifier(self.surroundings.ambient.clone()));
        let (told, addr) = tokio::sync::oneshot::channel();
        let until = cancel.clone();
        let serving = apart.spawn(async move {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
            let assembly = assemble.await;
            let _ = told.send(port.local_addr().expect("the port is bound"));
            let run = server::run(assembly, port, StackSettings::default(), verifier, until);
            run.await.expect("the service serves until it is told to stop");
        });
        Served {
            addr: addr.await.expect("the service was assembled"),
            issuer: Arc::clone(&self.issuer),
            ambient: self.surroundings.ambient.clone(),
            cancel,
            serving: Some(serving),
            apart: Some(apart),
        }
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.checkpoints);
    }
}

/// A service that runs until it is dropped.
pub struct Served {
    /// Where it listens.
    pub addr: SocketAddr,
    issuer: Arc<TokenIssuer>,
    ambient: Ambient,
    cancel: CancellationToken,
    serving: Option<JoinHandle<()>>,
    apart: Option<Runtime>,
}

impl Served {
    /// A way to call it as somebody with this role: `test-agent` of `customer-service` and so on.
    pub fn channel(&self, role: Role) -> Client {
        // A system that speaks for one department is named with it; this one speaks for the whole house.
        let department = (!role.is_office() && role != Role::Crm).then_some("customer-service");
        self.channel_as(&format!("test-{}", role.as_str()), &[role], department)
    }

    /// A way to call it as this subject.
    ///
    /// # Panics
    /// When the department is no slug.
    pub fn channel_as(&self, subject: &str, roles: &[Role], department: Option<&str>) -> Client {
        let token = Some(Token {
            issuer: Arc::clone(&self.issuer),
            ambient: self.ambient.clone(),
            subject: subject.to_owned(),
            roles: roles.to_vec(),
            department: department.map(|slug| slug.parse().expect("the test names a department")),
        });
        InterceptedService::new(self.connect(), Bearer { token })
    }

    /// A way to call it without a token.
    pub fn anonymous(&self) -> Client {
        InterceptedService::new(self.connect(), Bearer { token: None })
    }

    fn connect(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.addr)).expect("an address makes a URI");
        endpoint.timeout(Duration::from_secs(30)).connect_lazy()
    }

    /// Drains and stops it.
    ///
    /// # Panics
    /// When the service had failed.
    pub async fn stop(mut self) {
        self.cancel.cancel();
        if let Some(serving) = self.serving.take() {
            serving.await.expect("the service did not panic");
        }
    }

    /// Cuts it off without a drain, as a crash would. Of one that was not started apart, calls alone are: its workers go on.
    pub fn kill(mut self) {
        if let Some(apart) = self.apart.take() {
            apart.shutdown_background();
        }
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.cancel.cancel();
        if let Some(apart) = self.apart.take() {
            apart.shutdown_background();
        }
    }
}

/// Puts a fresh token on every call, so that moving the clock does not expire it.
#[derive(Clone)]
pub struct Bearer {
    token: Option<Token>,
}

#[derive(Clone)]
struct Token {
    issuer: Arc<TokenIssuer>,
    ambient: Ambient,
    subject: String,
    roles: Vec<Role>,
    department: Option<Department>,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.token {
            let ttl = Duration::from_secs(3600);
            let jwt = token
                .issuer
                .issue(&token.subject, &token.roles, token.department.as_ref(), ttl, token.ambient.now())
                .map_err(|error| Status::unauthenticated(error.to_string()))?;
            let value: MetadataValue<Ascii> =
                format!("Bearer {jwt}").parse().map_err(|_| Status::unauthenticated("the token is no header"))?;
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}
