//! A service ready to be served, and the house it is given to assemble itself in.

use std::convert::Infallible;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use broker::Broker;
use kernel::Ambient;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;

use crate::pulse::Look;
use crate::{DenialSink, FormerKeys, Opening, Peers, TokenVerifier, Worker};

pub(crate) type Closing = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// A service, put together and not yet running. `keep_ledger` and `follow` (`books.rs`) wire its
/// ledger and those it listens to.
pub struct Assembly {
    /// Name of the service, e.g. `ticketing`; part of its error domain `ticketing.ventanilla`.
    pub name: &'static str,
    /// What it answers.
    pub routes: Routes,
    /// What runs beside the calls.
    pub workers: Vec<Worker>,
    /// Where refused calls of methods with `denial_recorded` are written down.
    pub denials: Option<Arc<dyn DenialSink>>,
    pub(crate) services: Vec<&'static str>,
    pub(crate) look: Option<Look>,
    pub(crate) closing: Vec<Closing>,
}

impl Assembly {
    /// A service that answers nothing yet.
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            routes: Routes::default(),
            workers: Vec::new(),
            denials: None,
            services: Vec::new(),
            look: None,
            closing: Vec::new(),
        }
    }

    /// Adds a gRPC service (a generated `…Server`, with its message size limits set).
    #[must_use]
    pub fn serve<S>(mut self, service: S) -> Self
    where
        S: tower::Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
        S: NamedService + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        self.services.push(S::NAME);
        self.routes = self.routes.add_service(service);
        self
    }

    /// Adds a worker.
    #[must_use]
    pub fn worker(mut self, worker: Worker) -> Self {
        self.workers.push(worker);
        self
    }

    /// Says how to look whether what it cannot serve without is there: health says NOT_SERVING after three looks in a row that found it away, and SERVING
    /// again after one that found it.
    #[must_use]
    pub fn serving_while<F, R, E>(mut self, look: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), E>> + Send + 'static,
        E: std::error::Error,
    {
        let look: Look = Box::new(move || {
            let looked = look();
            Box::pin(async move { looked.await.map_err(|error| kernel::chain(&error)) })
        });
        self.look = Some(look);
        self
    }

    /// Says where denials are written down.
    #[must_use]
    pub fn denials(mut self, sink: Arc<dyn DenialSink>) -> Self {
        self.denials = Some(sink);
        self
    }

    /// Adds something to be done when all calls and workers have ended, e.g. closing the pool. It
    /// is given up when the time of the drain is over.
    #[must_use]
    pub fn at_close<F, R>(mut self, close: F) -> Self
    where
        F: FnOnce() -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        self.closing.push(Box::new(move || Box::pin(close())));
        self
    }
}

/// What a service is given to assemble itself.
#[derive(Clone)]
pub struct House {
    /// Clock and chance.
    pub ambient: Ambient,
    /// Tells whose token it is.
    pub verifier: Arc<TokenVerifier>,
    /// The other services.
    pub peers: Peers,
    /// Signs the checkpoints of the service's ledger.
    pub signing_key: Arc<Ed25519KeyPair>,
    /// Keys that signed them before it.
    pub former_keys: FormerKeys,
    /// Whether it waits for its schema.
    pub opening: Opening,
    /// Append-only place outside the database where checkpoints go.
    pub checkpoint_dir: PathBuf,
    /// What carries ledgers beside their own feeds, where there is such a thing.
    pub broker: Option<Broker>,
}
