//! A part of the gateway in front of a scene, and somebody who goes in: a client that keeps cookies and says where it comes from, as browsers do.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use edge::HttpSettings;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kernel::Role;
use prost::bytes::Bytes;
use secrecy::SecretString;
use server::{PeerSettings, Peers, TokenSource, TokenVerifier};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::Scene;

/// A port that serves some routes, those of its own until it is dropped.
pub struct Doorway {
    /// Where it is.
    pub address: SocketAddr,
    _cancel: Option<DropGuard>,
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
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A field of a flat JSON answer; empty when it is not there.
    pub fn fact(&self, name: &str) -> String {
        let flat: serde_json::Value = serde_json::from_slice(&self.body).unwrap_or_default();
        flat[name].as_str().unwrap_or_default().to_owned()
    }

    /// A header as text; empty when there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What the first field of this name holds in a page, e.g. a form's mark.
    pub fn field(&self, name: &str) -> String {
        let text = self.text();
        let place = format!("name=\"{name}\" value=\"");
        text.split(&place).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    }
}

impl Scene {
    /// The services, as a gateway reaches them: in its callers' names alone.
    ///
    /// # Panics
    /// When an address is none.
    pub fn peers(&self) -> Peers {
        self.peers_with(&[])
    }

    /// The same, with others in the place of these.
    ///
    /// # Panics
    /// When an address is none.
    pub fn peers_with(&self, others: &[(&str, String)]) -> Peers {
        let mut addresses: BTreeMap<String, String> =
            self.addresses.iter().map(|(service, at)| (service.name().to_owned(), format!("http://{at}"))).collect();
        addresses.extend(others.iter().map(|(name, at)| ((*name).to_owned(), at.clone())));
        Peers::new(&addresses, TokenSource::nothing(), &PeerSettings::default()).expect("addresses make URIs")
    }

    /// A token of somebody with this role, as [`Self::role`] has it.
    pub fn bearer_of(&self, role: Role) -> String {
        let department = (!role.is_office()).then_some("customer-service");
        self.token(&format!("scene-{}", role.as_str()), &[role], department)
    }

    /// The token of a form that nobody signs in to.
    pub fn form_token(&self) -> TokenSource {
        TokenSource::issued_as(Arc::clone(&self.issuer), "gateway", Role::Form, self.ambient.clone())
    }

    /// Everything that the gateway answers at this host and port, with limits that nobody meets.
    ///
    /// # Panics
    /// When the settings cannot be used.
    pub fn window(&self, host: &str, address: SocketAddr) -> axum::Router {
        self.window_to(host, address, self.peers())
    }

    /// The same before these services.
    ///
    /// # Panics
    /// As [`Self::window`].
    pub fn window_to(&self, host: &str, address: SocketAddr, peers: Peers) -> axum::Router {
        let free = web::Rate { burst: 1_000_000, per_minute: 1_000_000 };
        let web = web::Settings {
            public_url: format!("http://{host}:{}", address.port()),
            sealing_keys: vec![SecretString::from("07".repeat(32))],
            limits: web::LimitSettings {
                sign_in: free,
                guess: free,
                bring: free,
                read: free,
                change: free,
                call: free,
            },
            ..web::Settings::default()
        };
        let settings = gateway::Settings { web, ..gateway::Settings::default() };
        let (own, verifier, ambient) = (self.form_token(), self.verifier(), self.ambient.clone());
        let parts = gateway::Parts { peers, own, verifier, ambient };
        gateway::router(&settings, parts).expect("the settings hold")
    }

    /// Who tells whose a token is.
    pub fn verifier(&self) -> Arc<TokenVerifier> {
        Arc::new(self.issuer.verifier(self.ambient.clone()))
    }

    /// What counts the calls of those whose token is known here, by these limits.
    pub fn callers(&self, limits: edge::LimitSettings) -> edge::Callers {
        edge::Callers::new(self.verifier(), Arc::new(edge::Limits::new(limits)), self.ambient.clone())
    }
}

impl Doorway {
    /// Serves what `routes` makes of the port it gets.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn open(routes: impl FnOnce(SocketAddr) -> axum::Router) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let cancel = CancellationToken::new();
        tokio::spawn(edge::serve(routes(address), listener, HttpSettings::default(), cancel.clone()));
        Self { address, _cancel: Some(cancel.drop_guard()) }
    }

    /// What somebody else serves there.
    pub fn at(address: SocketAddr) -> Self {
        Self { address, _cancel: None }
    }

    /// Somebody who was never here.
    pub fn visitor(&self) -> Visitor {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Visitor {
            origin: format!("http://localhost:{}", self.address.port()),
            address: self.address,
            client: Client::builder(TokioExecutor::new()).build(connector),
            cookies: BTreeMap::new(),
            bearer: None,
            accept: None,
            patience: None,
        }
    }
}

/// Somebody who goes in.
pub struct Visitor {
    /// The site that their requests come from.
    pub origin: String,
    /// The token they show, where they show one.
    pub bearer: Option<String>,
    /// What they accept, where they say so: scripts of pages do.
    pub accept: Option<&'static str>,
    /// How long they say that they wait, where they do (`Ventanilla-Timeout`).
    pub patience: Option<&'static str>,
    address: SocketAddr,
    client: Client<HttpConnector, Full<Bytes>>,
    cookies: BTreeMap<String, String>,
}

impl Visitor {
    /// What is kept for them, as one header.
    pub fn cookies(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Signs in with this token.
    ///
    /// # Panics
    /// When they are not let in.
    pub async fn sign_in(&mut self, token: &str) {
        let csrf = self.get("/sign-in?lang=es").await.field("csrf");
        let entered = self.post("/sign-in", &[("csrf", &csrf), ("token", token)]).await;
        assert_eq!(entered.status, StatusCode::SEE_OTHER, "{}", entered.text());
    }

    /// GET.
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, String::new()).await
    }

    /// GET without the body, which may have no end.
    pub async fn head(&mut self, path: &str) -> Answer {
        let request = Request::get(format!("http://{}{path}", self.address)).header(header::COOKIE, self.cookies());
        let request = request.body(Full::default()).expect("it is a request");
        let (parts, _) = self.client.request(request).await.expect("the doorway answers").into_parts();
        Answer { status: parts.status, headers: parts.headers, body: Bytes::new() }
    }

    /// POST of a form.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        self.send(Method::POST, path, body.join("&")).await
    }

    async fn send(&mut self, method: Method, path: &str, body: String) -> Answer {
        let mut request = Request::builder()
            .method(method.clone())
            .uri(format!("http://{}{path}", self.address))
            .header(header::COOKIE, self.cookies());
        if method == Method::POST {
            request = request
                .header(header::ORIGIN, &self.origin)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(accept) = self.accept {
            request = request.header(header::ACCEPT, accept);
        }
        if let Some(patience) = self.patience {
            request = request.header("ventanilla-timeout", patience);
        }
        if let Some(bearer) = &self.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let request = request.body(Full::from(body)).expect("it is a request");
        let (parts, body) = self.client.request(request).await.expect("the doorway answers").into_parts();
        let body = body.collect().await.expect("the answer comes whole").to_bytes();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let pair = line.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            let (name, value) = pair.split_once('=').unwrap_or_default();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Answer { status: parts.status, headers: parts.headers, body }
    }
}

/// A value of a form.
fn escaped(value: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => char::from(b).to_string(),
        other => format!("%{other:02X}"),
    };
    value.bytes().map(byte).collect()
}
