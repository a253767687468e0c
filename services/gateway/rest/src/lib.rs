//! REST and JSON out of the contract: every RPC with a `google.api.http` option, as that option says, with no handler of
//! its own. Knows no RPC by name, but for those whose bodies are books; what a call means and who may make it is the services' to judge, by the caller's own token.
//!
//! `contract.rs` reads the operations from the descriptors, `table.rs` finds the one that a request means, `request.rs` makes
//! its message (`decode.rs` from JSON), `grpc.rs` sends it, and one of `single.rs`, `events.rs`, `file.rs` and `lines.rs` answers.
//! `openapi.rs` and `reference.rs` describe the same operations.

mod accept;
mod comments;
mod contract;
mod decode;
mod etag;
mod events;
mod file;
mod grpc;
mod handler;
mod json;
mod lines;
mod open;
mod openapi;
mod reference;
mod request;
mod single;
mod table;
mod template;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State as Shared};
use axum::response::Response;
use axum::routing::{any, get};
use edge::{Callers, Limits};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use kernel::Ambient;
use prost_reflect::DescriptorPool;
use serde::Deserialize;
use server::{PeerChannel, Peers};
use ventanilla_proto::{MethodPolicy, TrafficClass};

pub use contract::Unservable;

/// What the crate needs.
#[derive(Clone)]
pub struct State {
    /// The services by name.
    pub peers: Peers,
    /// Limits of requests.
    pub settings: Settings,
    /// How much is taken from one address by calls that ask for no token: the same count as that of the pages that do the same.
    pub limits: Arc<Limits>,
    /// How much each system takes that calls with a token.
    pub callers: Callers,
    /// Clock and chance.
    pub ambient: Ambient,
}

/// Limits of REST.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Bytes of a body.
    pub body_bytes: BodyBytes,
    /// JSON values in a body, those inside of others too.
    pub body_values: usize,
    /// Values inside of values in a body.
    pub body_depth: usize,
    /// Bytes of one line, where a call takes lines.
    pub line_bytes: usize,
    /// How long a stream of events is silent before it says that it is alive, in milliseconds.
    pub keepalive_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes: BodyBytes::default(),
            body_values: 200_000,
            body_depth: 32,
            line_bytes: 1024 * 1024,
            keepalive_ms: 15_000,
        }
    }
}

/// Bytes of a body at most, by who waits for the answer.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BodyBytes {
    /// Of calls that ask for no token: anybody sends them.
    pub open: usize,
    /// Of calls that somebody on the line waits for.
    pub ivr: usize,
    /// Of calls that somebody at a screen waits for: a paper for a dossier is the largest, as base64.
    pub console: usize,
    /// Of systems that synchronise.
    pub sync: usize,
    /// Of bulk; the services take no larger message.
    pub export: usize,
    /// Of calls that write a whole map or catalogue in one, and are sent from a screen all the same.
    pub books: usize,
}

/// The calls whose service takes more than others of their class, for what they write is a book.
const BOOKS: [&str; 2] = [
    "/ventanilla.ticketing.v1.ProcessService/PutProcess",
    "/ventanilla.ticketing.v1.CharacteristicService/PutCharacteristicSet",
];

impl Default for BodyBytes {
    fn default() -> Self {
        Self {
            open: 256 * 1024,
            ivr: 64 * 1024,
            console: 1024 * 1024,
            sync: 1024 * 1024,
            export: 4 * 1024 * 1024,
            books: 4 * 1024 * 1024,
        }
    }
}

impl BodyBytes {
    /// How large the body of a call under this policy may be.
    pub(crate) fn of(self, policy: &MethodPolicy) -> usize {
        if policy.open {
            return self.open;
        }
        if BOOKS.contains(&policy.path) {
            return self.books;
        }
        match policy.traffic_class {
            TrafficClass::Ivr => self.ivr,
            TrafficClass::Console => self.console,
            TrafficClass::Sync => self.sync,
            TrafficClass::Export => self.export,
        }
    }
}

/// What every request needs.
pub(crate) struct Gate {
    pub(crate) contract: contract::Contract,
    pub(crate) channels: BTreeMap<&'static str, PeerChannel>,
    pub(crate) settings: Settings,
    pub(crate) limits: Arc<Limits>,
    pub(crate) callers: Callers,
    pub(crate) ambient: Ambient,
}

/// Everything under `/v1/`, `/openapi.json` and `/reference`.
///
/// # Errors
/// [`Unservable`] when the contract of this build has an option that is not understood, or a service has no address.
pub fn router(state: State) -> Result<Router, Unservable> {
    let pool = DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).map_err(Unservable::new)?;
    let contract = contract::Contract::read(&pool)?;
    let channel = |(name, _): (&'static str, &str)| {
        state.peers.channel(name).map(|channel| (name, channel)).map_err(Unservable::new)
    };
    let channels = contract::SERVICES.into_iter().map(channel).collect::<Result<_, _>>()?;
    let document = Arc::new(openapi::document(&pool, &contract));
    let openapi = Bytes::from(document.to_string());
    let State { settings, limits, callers, ambient, .. } = state;
    let gate = Arc::new(Gate { contract, channels, settings, limits, callers, ambient });
    let pages = Router::new()
        .route("/reference", get(async |Shared(document): Document| reference::index(&document)))
        .route(
            "/reference/calls/{id}",
            get(async |Shared(document): Document, Path(id): Path<String>| reference::call(&document, &id)),
        )
        .route(
            "/reference/types/{name}",
            get(async |Shared(document): Document, Path(name): Path<String>| reference::of_type(&document, &name)),
        )
        .route("/reference/reference.css", get(async || reference::css()))
        .with_state(document);
    Ok(Router::new()
        .route("/v1/{*path}", any(handler::call))
        .with_state(gate)
        .route("/openapi.json", get(async move || described(&openapi)))
        .merge(pages))
}

type Document = Shared<Arc<serde_json::Value>>;

/// The OpenAPI document of this build, as `/openapi.json` has it.
///
/// # Errors
/// As [`router`].
pub fn openapi() -> Result<serde_json::Value, Unservable> {
    let pool = DescriptorPool::decode(ventanilla_proto::DESCRIPTOR_SET).map_err(Unservable::new)?;
    let contract = contract::Contract::read(&pool)?;
    Ok(openapi::document(&pool, &contract))
}

fn described(openapi: &Bytes) -> Response {
    let mut response = Response::new(Body::from(openapi.clone()));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    response
}
