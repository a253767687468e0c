//! One served assembly whose handler is a closure, and clients with and without tokens.

pub mod certificates;
pub mod provider;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt as _};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kernel::{Ambient, Role};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Request, Response, Status};
use tonic_types::StatusExt as _;
use ventanilla_proto::ledger::v1::ledger_service_client::LedgerServiceClient;
use ventanilla_proto::ledger::v1::ledger_service_server::{LedgerService, LedgerServiceServer};
use ventanilla_proto::ledger::v1::watch_response::Item;
use ventanilla_proto::ledger::v1::{
    GetHeadRequest, GetStepsRequest, Head, Heartbeat, Steps, WatchRequest, WatchResponse,
};
use ventanilla_server::{
    Assembly, Call, Door, PeerSettings, Peers, ServeError, StackSettings, Tls, TokenIssuer, TokenSource, TokenVerifier,
    run,
};

pub const ISSUER: &str = "https://id.ventanilla.test";
pub const AUDIENCE: &str = "ventanilla";
pub const PATIENCE: Duration = Duration::from_secs(10);

pub type Answering = Pin<Box<dyn Future<Output = Result<Head, Status>> + Send>>;
type Handler = Arc<dyn Fn(Call) -> Answering + Send + Sync>;
/// A client without any timer of its own, so that what it sees is the server's word.
pub type PlainClient = LedgerServiceClient<Client<HttpConnector, Body>>;

/// Answers GetHead by a closure; Watch says one heartbeat and stays open for ever.
#[derive(Clone)]
pub struct Answers(Handler);

impl Answers {
    pub fn with<F, R>(handler: F) -> Self
    where
        F: Fn(Call) -> R + Send + Sync + 'static,
        R: Future<Output = Result<Head, Status>> + Send + 'static,
    {
        Self(Arc::new(move |call| Box::pin(handler(call))))
    }

    pub fn at_once() -> Self {
        Self::with(|_| async { Ok(Head::default()) })
    }
}

#[tonic::async_trait]
impl LedgerService for Answers {
    type WatchStream = Pin<Box<dyn futures::Stream<Item = Result<WatchResponse, Status>> + Send>>;

    async fn watch(&self, _: Request<WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let first = WatchResponse { item: Some(Item::Heartbeat(Heartbeat::default())) };
        Ok(Response::new(stream::iter([Ok(first)]).chain(stream::pending()).boxed()))
    }

    async fn get_head(&self, request: Request<GetHeadRequest>) -> Result<Response<Head>, Status> {
        (self.0)(Call::of(&request)).await.map(Response::new)
    }

    async fn get_steps(&self, _: Request<GetStepsRequest>) -> Result<Response<Steps>, Status> {
        Ok(Response::new(Steps::default()))
    }
}

/// A server under test.
pub struct House {
    pub url: String,
    pub issuer: Arc<TokenIssuer>,
    pub ambient: Ambient,
    pub cancel: CancellationToken,
    pub serving: JoinHandle<Result<(), ServeError>>,
}

pub fn issuer() -> TokenIssuer {
    let key = aws_lc_rs::signature::Ed25519KeyPair::generate().unwrap();
    TokenIssuer::new(&key, ISSUER, AUDIENCE).unwrap()
}

pub fn assembly(answers: Answers) -> Assembly {
    Assembly::new("testing").serve(LedgerServiceServer::new(answers))
}

impl House {
    pub async fn open(answers: Answers) -> Self {
        Self::with(assembly(answers), StackSettings::default()).await
    }

    pub async fn with(assembly: Assembly, settings: StackSettings) -> Self {
        Self::sharing(Arc::new(issuer()), assembly, settings).await
    }

    /// A server that takes the tokens of an issuer that others use too.
    pub async fn sharing(issuer: Arc<TokenIssuer>, assembly: Assembly, settings: StackSettings) -> Self {
        let verifier = issuer.verifier(Ambient::system());
        Self::opened(issuer, None, verifier, assembly, settings).await
    }

    /// A server that takes other tokens than its own issuer's.
    pub async fn trusting(
        verifier: impl FnOnce(Ambient) -> TokenVerifier,
        assembly: Assembly,
        settings: StackSettings,
    ) -> Self {
        Self::opened(Arc::new(issuer()), None, verifier(Ambient::system()), assembly, settings).await
    }

    /// A server where this TLS is spoken and nothing else.
    pub async fn behind(tls: Tls, issuer: Arc<TokenIssuer>, assembly: Assembly) -> Self {
        Self::behind_with(tls, issuer, assembly, StackSettings::default()).await
    }

    /// The same with other limits.
    pub async fn behind_with(tls: Tls, issuer: Arc<TokenIssuer>, assembly: Assembly, settings: StackSettings) -> Self {
        let verifier = issuer.verifier(Ambient::system());
        Self::opened(issuer, Some(tls), verifier, assembly, settings).await
    }

    async fn opened(
        issuer: Arc<TokenIssuer>,
        tls: Option<Tls>,
        verifier: TokenVerifier,
        assembly: Assembly,
        settings: StackSettings,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().unwrap());
        let cancel = CancellationToken::new();
        let door = Door::new(listener, tls);
        let serving = tokio::spawn(run(assembly, door, settings, Arc::new(verifier), cancel.clone()));
        Self { url, issuer, ambient: Ambient::system(), cancel, serving }
    }

    pub fn token(&self, roles: &[Role]) -> String {
        self.issuer.issue("u-1", roles, None, Duration::from_secs(60), self.ambient.now()).unwrap()
    }

    pub fn client(&self) -> PlainClient {
        LedgerServiceClient::with_origin(self.transport(), self.url.parse().unwrap())
    }

    pub fn transport(&self) -> Client<HttpConnector, Body> {
        Client::builder(TokioExecutor::new()).http2_only(true).build_http()
    }

    /// The house's services as a peer named `service` sees them, under the name `testing`.
    pub fn peers(&self, service: &str) -> Peers {
        let tokens = TokenSource::issued(Arc::clone(&self.issuer), service, self.ambient.clone());
        let addresses = BTreeMap::from([("testing".to_owned(), self.url.clone())]);
        Peers::new(&addresses, tokens, &PeerSettings::default()).unwrap()
    }

    /// A GetHead with the token of an auditor, or of whoever `roles` say.
    pub async fn get_head(&self, roles: &[Role]) -> Result<Head, Status> {
        let request = with_token(GetHeadRequest {}, &self.token(roles));
        self.client().get_head(request).await.map(Response::into_inner)
    }
}

pub fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

/// `(reason, domain)` of the answer's ErrorInfo.
pub fn reason(status: &Status) -> (String, String) {
    let details = status.get_error_details();
    let info = details.error_info().expect("every refusal carries an ErrorInfo");
    (info.reason.clone(), info.domain.clone())
}

/// Polls until the condition holds, or fails.
pub async fn until(what: &str, condition: impl Fn() -> bool) {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !condition() {
        assert!(tokio::time::Instant::now() < end, "{what} did not come true in time");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
