//! One message for one message: JSON, or the file itself where the answer is a document and it is asked for.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use edge::Problem;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use http::{HeaderValue, StatusCode};
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, MessageDescriptor, SerializeOptions, Value};
use server::PeerChannel;

use crate::accept::Accept;
use crate::contract::Operation;
use crate::handler::{internal, not_acceptable};
use crate::{etag, file, grpc};

/// Calls and answers.
///
/// # Errors
/// The refusal of the service, or of the transport.
pub(crate) async fn answer(
    operation: &Operation,
    channel: PeerChannel,
    message: Vec<u8>,
    accept: &Accept,
    if_none_match: Option<&str>,
) -> Result<Response, Problem> {
    let bytes = grpc::unary(channel, operation.grpc_path.clone(), message).await?;
    let message = read(&operation.rpc.output(), bytes)?;
    if is_document(operation)
        && let Some(response) = document(&message, accept)?
    {
        return Ok(response);
    }
    let json = json(&message)?;
    let tag = message
        .get_field_by_name("etag")
        .as_deref()
        .and_then(Value::as_str)
        .and_then(|own| etag::of_answer(own, &json));
    let unchanged = match (&tag, if_none_match) {
        (Some(tag), Some(named)) => operation.method == "GET" && etag::is_named(named, tag),
        _ => false,
    };
    let mut response =
        if unchanged { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(Body::from(json)) };
    let headers = response.headers_mut();
    if !unchanged {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    // What is shown depends on who asks; only who has a tag may keep it, and must ask again.
    headers.insert(VARY, HeaderValue::from_static("authorization, accept"));
    let tag = tag.and_then(|tag| HeaderValue::try_from(tag).ok());
    let keep = if tag.is_some() && operation.method == "GET" { "private, no-cache" } else { "no-store" };
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    if let Some(tag) = tag {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

/// The message in these bytes.
///
/// # Errors
/// A problem of ours when they are none.
pub(crate) fn read(descriptor: &MessageDescriptor, bytes: Bytes) -> Result<DynamicMessage, Problem> {
    DynamicMessage::decode(descriptor.clone(), bytes).map_err(|_| internal("an answer is no message of the contract"))
}

/// A message by the JSON mapping of proto3: camelCase, what has its default left out, 64-bit numbers as strings.
///
/// # Errors
/// A problem of ours when it has no JSON, as an instant outside of the calendar has none.
pub(crate) fn json(message: &DynamicMessage) -> Result<Vec<u8>, Problem> {
    let mut text = Vec::with_capacity(1024);
    message
        .serialize_with_options(&mut serde_json::Serializer::new(&mut text), &SerializeOptions::new())
        .map_err(|_| internal("an answer has no JSON"))?;
    Ok(text)
}

/// Whether the answer is a document: a file with its media type.
pub(crate) fn is_document(operation: &Operation) -> bool {
    let output = operation.rpc.output();
    ["content", "media_type", "file_name"].iter().all(|name| output.get_field_by_name(name).is_some())
}

/// The file itself, for who asks for its type by name and not for JSON.
fn document(message: &DynamicMessage, accept: &Accept) -> Result<Option<Response>, Problem> {
    let text = |name: &str| {
        let value = message.get_field_by_name(name);
        value.as_deref().and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let media_type = text("media_type");
    if accept.names(&media_type) && !accept.names("application/json") {
        let content =
            message.get_field_by_name("content").and_then(|value| value.as_bytes().cloned()).unwrap_or_default();
        return Ok(Some(file::named(Body::from(content), &media_type, &text("file_name"))));
    }
    if accept.takes("application/json") { Ok(None) } else { Err(not_acceptable()) }
}
