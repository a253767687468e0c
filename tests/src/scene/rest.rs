//! The gateway's REST in front of a scene, and a client that speaks HTTP to it.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use edge::HttpSettings;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kernel::Role;
use prost::bytes::Bytes;
use serde_json::Value;
use server::{PeerSettings, Peers, TokenSource};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Scene;

/// REST in front of the services, its own until it is dropped.
pub struct Rest {
    /// Where it is.
    pub address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    cancel: CancellationToken,
    /// Ends once it is cancelled.
    pub serving: JoinHandle<std::io::Result<()>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The reason of a problem; empty when it is none.
    pub fn reason(&self) -> String {
        self.json()["reason"].as_str().unwrap_or_default().to_owned()
    }

    /// The fields that a problem names.
    pub fn violations(&self) -> Vec<String> {
        let named = self.json();
        let named = named["violations"].as_array().cloned().unwrap_or_default();
        named.iter().map(|v| v["field"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// A header as text; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Scene {
    /// Starts REST in front of this scene.
    ///
    /// # Panics
    /// When it does not start: no test can go on without.
    pub async fn rest(&self) -> Rest {
        self.rest_with(rest::Settings::default()).await
    }

    /// The same with limits of its own, of requests.
    ///
    /// # Panics
    /// As [`Self::rest`].
    pub async fn rest_with(&self, settings: rest::Settings) -> Rest {
        // One machine makes all calls of a test: what is counted by address is tried by itself.
        let free = edge::Rate { burst: 1_000_000, per_minute: 1_000_000 };
        let free =
            edge::LimitSettings { sign_in: free, guess: free, bring: free, read: free, change: free, call: free };
        self.rest_that_takes(settings, free).await
    }

    /// The same with these limits by address and person.
    ///
    /// # Panics
    /// As [`Self::rest`].
    pub async fn rest_that_takes(&self, settings: rest::Settings, limits: edge::LimitSettings) -> Rest {
        let addresses: BTreeMap<String, String> =
            self.addresses.iter().map(|(service, at)| (service.name().to_owned(), format!("http://{at}"))).collect();
        let peers =
            Peers::new(&addresses, TokenSource::nothing(), &PeerSettings::default()).expect("addresses make URIs");
        let (limits, ambient) = (Arc::new(edge::Limits::new(limits)), self.ambient.clone());
        let callers = edge::Callers::new(self.verifier(), Arc::clone(&limits), ambient.clone());
        let state = rest::State { peers, settings, limits, callers, ambient };
        let router = rest::router(state).expect("the contract can be served");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let cancel = CancellationToken::new();
        let serving = tokio::spawn(edge::serve(router, listener, HttpSettings::default(), cancel.clone()));
        Rest { address, client: client(), cancel, serving }
    }

    /// A token of somebody with this role, as [`Self::role`] has it.
    pub fn role_token(&self, role: Role) -> String {
        // A system that speaks for one department is named with it; this one speaks for the whole house.
        let department = (!role.is_office() && role != Role::Crm).then_some("customer-service");
        self.token(&format!("scene-{}", role.as_str()), &[role], department)
    }

    /// A token of this person, as [`Self::person`] has it.
    pub fn person_token(&self, subject: &str, roles: &[Role], department: Option<&str>) -> String {
        self.token(subject, roles, department)
    }
}

fn client() -> Client<HttpConnector, Full<Bytes>> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    Client::builder(TokioExecutor::new()).build(connector)
}

impl Rest {
    /// What somebody else serves there, and goes on serving.
    pub fn at(address: SocketAddr) -> Self {
        let cancel = CancellationToken::new();
        let gone = cancel.clone();
        let serving = tokio::spawn(async move {
            gone.cancelled().await;
            Ok(())
        });
        Self { address, client: client(), cancel, serving }
    }

    /// A request to this gateway.
    pub fn request(&self, method: Method, path: &str, token: Option<&str>) -> http::request::Builder {
        let request = Request::builder().method(method).uri(format!("http://{}{path}", self.address));
        match token {
            Some(token) => request.header(AUTHORIZATION, format!("Bearer {token}")),
            None => request,
        }
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let (parts, body) = self.open(request).await.into_parts();
        let body = body.collect().await.expect("the answer comes whole").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Sends a request and gives the answer as it comes.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn open(&self, request: Request<Full<Bytes>>) -> http::Response<Incoming> {
        self.client.request(request).await.expect("the gateway answers")
    }

    /// GET.
    pub async fn get(&self, path: &str, token: Option<&str>) -> Answer {
        self.send(self.request(Method::GET, path, token).body(Full::default()).expect("a request")).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Answer {
        let request = self.request(Method::POST, path, token).header(CONTENT_TYPE, "application/json");
        self.send(request.body(Full::from(body.to_string())).expect("a request")).await
    }

    /// Tells the gateway to go.
    pub fn stop(&self) {
        self.cancel.cancel();
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}
