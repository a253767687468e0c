//! The services of a scene, with scripts in what they answer: every text of every answer that names nothing has the whole corpus behind it, whoever wrote it.
//! What pages show of what other systems, other departments and other years wrote is tried so, field by field of the contract.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http_body::Frame;
use http_body_util::StreamBody;
use prost::Message as _;
use prost::bytes::Bytes;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage as _, Value,
};
use server::{PeerSettings, Peers, TokenSource};
use tonic::Status;

use super::caller::Caller;
use super::doorway::Doorway;
use super::{Scene, raw};
use crate::browser::SCRIPTS;
use crate::contract;

/// Fields whose text is a name by the way they are called.
const NAMES: [&str; 8] =
    ["name", "etag", "next_page_token", "request_id", "tracking_key", "content_type", "media_type", "currency_code"];

/// Stands between the window and the services.
pub struct Mirror {
    doors: Vec<(&'static str, Doorway)>,
    spoilt: Arc<Mutex<BTreeSet<String>>>,
}

#[derive(Clone)]
struct Glass {
    service: std::net::SocketAddr,
    pool: DescriptorPool,
    spoilt: Arc<Mutex<BTreeSet<String>>>,
}

impl Mirror {
    /// In front of every service of the scene.
    pub async fn of(scene: &Scene) -> Self {
        let (pool, spoilt) = (contract::current(), Arc::default());
        let mut doors = Vec::new();
        for (service, at) in &scene.addresses {
            let glass = Glass { service: *at, pool: pool.clone(), spoilt: Arc::clone(&spoilt) };
            let routes = Router::new().fallback(pass).with_state(glass);
            doors.push((service.name(), Doorway::open(|_| routes).await));
        }
        Self { doors, spoilt }
    }

    /// The services, as a gateway reaches them through it.
    ///
    /// # Panics
    /// When an address is none.
    pub fn peers(&self) -> Peers {
        let addresses: BTreeMap<String, String> =
            self.doors.iter().map(|(name, door)| ((*name).to_owned(), format!("http://{}", door.address))).collect();
        Peers::new(&addresses, TokenSource::nothing(), &PeerSettings::default()).expect("addresses make URIs")
    }

    /// The fields of the contract that were answered with a script in them.
    pub fn spoilt(&self) -> BTreeSet<String> {
        self.spoilt.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn pass(State(glass): State<Glass>, request: Request) -> Response {
    match passed(&glass, request).await {
        Ok(response) => response,
        Err(status) => status.into_http::<Body>().into_response(),
    }
}

async fn passed(glass: &Glass, request: Request) -> Result<Response, Status> {
    let (parts, body) = request.into_parts();
    let unknown = || Status::unimplemented("the contract has no such method");
    let policy = ventanilla_proto::policy_of(parts.uri.path()).ok_or_else(unknown)?;
    let (service, method) = policy.path.trim_start_matches('/').split_once('/').ok_or_else(unknown)?;
    let service = glass.pool.get_service_by_name(service).ok_or_else(unknown)?;
    let output = service.methods().find(|known| known.name() == method).ok_or_else(unknown)?.output();
    let bearer = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let transport = Caller::new(glass.service, bearer.and_then(|value| value.strip_prefix("Bearer ")));
    let body = to_bytes(body, usize::MAX).await.map_err(|_| Status::internal("the question breaks off"))?;
    // One message: a byte that says it is not compressed, four with its length, and itself.
    let asked = body.get(5..).unwrap_or_default().to_vec();
    let mut answers = raw::stream(&transport, policy.path, asked).await?;
    let glass = glass.clone();
    let frames = async_stream::stream! {
        let end = loop {
            match answers.message().await {
                Ok(Some(message)) => yield Ok::<_, std::convert::Infallible>(Frame::data(framed(&glass.answer(&output, &message)))),
                Ok(None) => break Status::ok(""),
                Err(status) => break status,
            }
        };
        let mut trailers = http::HeaderMap::new();
        if end.add_header(&mut trailers).is_ok() {
            yield Ok(Frame::trailers(trailers));
        }
    };
    let body = Body::new(StreamBody::new(frames));
    Ok(([(CONTENT_TYPE, "application/grpc")], body).into_response())
}

fn framed(message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).expect("a message has a length");
    [&[0][..], &length.to_be_bytes(), message].concat().into()
}

impl Glass {
    fn answer(&self, output: &MessageDescriptor, message: &[u8]) -> Vec<u8> {
        let mut message = DynamicMessage::decode(output.clone(), message).expect("a service answers by the contract");
        let mut spoilt = BTreeSet::new();
        spoil(&mut message, &mut spoilt);
        self.spoilt.lock().unwrap_or_else(PoisonError::into_inner).append(&mut spoilt);
        message.encode_to_vec()
    }
}

/// Puts the corpus behind every text of a message.
fn spoil(message: &mut DynamicMessage, spoilt: &mut BTreeSet<String>) {
    // A paper is shown as what it is only where it is text.
    let text = message
        .get_field_by_name("content_type")
        .is_some_and(|kind| kind.as_str().is_some_and(|kind| kind.starts_with("text/")));
    for field in message.descriptor().fields() {
        if !message.has_field(&field) {
            continue;
        }
        let mut value = message.get_field(&field).into_owned();
        let names = names(&field);
        spoil_value(&mut value, &field, names, text, spoilt);
        message.set_field(&field, value);
    }
}

fn spoil_value(value: &mut Value, field: &FieldDescriptor, names: bool, text: bool, spoilt: &mut BTreeSet<String>) {
    match value {
        Value::String(said) if !names && !said.is_empty() => {
            *said = format!("{said} {}", SCRIPTS.join(" "));
            spoilt.insert(field.full_name().to_owned());
        }
        Value::Bytes(content) if text && field.name() == "content" && !content.is_empty() => {
            *content = [content, SCRIPTS.join(" ").as_bytes()].concat().into();
            spoilt.insert(field.full_name().to_owned());
        }
        Value::Message(inner) if inner.descriptor().full_name().starts_with("ventanilla.") => spoil(inner, spoilt),
        Value::List(items) => items.iter_mut().for_each(|item| spoil_value(item, field, names, text, spoilt)),
        Value::Map(items) => items.values_mut().for_each(|item| spoil_value(item, field, names, text, spoilt)),
        _ => {}
    }
}

/// Whether a field holds the name of something, which is asked for by it.
fn names(field: &FieldDescriptor) -> bool {
    let pool = field.parent_pool();
    let reference = pool.get_extension_by_name("google.api.resource_reference").expect("vendored");
    let refers = field.options().has_extension(&reference);
    !matches!(field.kind(), Kind::Message(_)) && (refers || NAMES.contains(&field.name()))
}
