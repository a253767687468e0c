//! A file that comes in pieces, put together as it comes.

use axum::body::Body;
use axum::response::Response;
use edge::Problem;
use futures::stream;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, FieldDescriptor};
use server::PeerChannel;
use tonic::Streaming;

use crate::contract::{Operation, piece_field};
use crate::handler::internal;
use crate::{grpc, single};

/// Type and name of an archive whose pieces do not say it.
const ARCHIVE: (&str, &str) = ("application/zip", "export.zip");

/// Calls, waits for the first piece, and passes on what comes.
///
/// # Errors
/// A refusal that comes before the first piece. One that comes later breaks the connection off: a file that arrived whole is
/// whole.
pub(crate) async fn answer(operation: &Operation, channel: PeerChannel, message: Vec<u8>) -> Result<Response, Problem> {
    let output = operation.rpc.output();
    let field = piece_field(&output).ok_or_else(|| internal("a piece has no bytes"))?;
    let mut pieces = grpc::stream(channel, operation.grpc_path.clone(), message).await?;
    let first = match pieces.message().await? {
        Some(bytes) => single::read(&output, bytes)?,
        None => DynamicMessage::new(output),
    };
    let text = |name: &str, otherwise: &str| match first.get_field_by_name(name) {
        Some(value) => value.as_str().unwrap_or_default().to_owned(),
        None => otherwise.to_owned(),
    };
    let (media_type, file_name) = (text("media_type", ARCHIVE.0), text("file_name", ARCHIVE.1));
    let start = (Some(piece(&first, &field)), pieces, operation.rpc.output(), field);
    let content = stream::try_unfold(start, |(ready, mut pieces, output, field)| async move {
        if let Some(bytes) = ready {
            return Ok(Some((bytes, (None, pieces, output, field))));
        }
        let Some(bytes) = next(&mut pieces).await? else { return Ok(None) };
        let message = DynamicMessage::decode(output.clone(), bytes).map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(Some((piece(&message, &field), (None, pieces, output, field))))
    });
    Ok(named(Body::from_stream(content), &media_type, &file_name))
}

async fn next(pieces: &mut Streaming<Bytes>) -> std::io::Result<Option<Bytes>> {
    pieces.message().await.map_err(|status| {
        tracing::warn!(code = ?status.code(), "a file broke off");
        std::io::Error::other("the file broke off")
    })
}

fn piece(message: &DynamicMessage, field: &FieldDescriptor) -> Bytes {
    message.get_field(field).as_bytes().cloned().unwrap_or_default()
}

/// A file to keep, under this name.
pub(crate) fn named(content: Body, media_type: &str, file_name: &str) -> Response {
    let mut response = Response::new(content);
    let headers = response.headers_mut();
    let octets = HeaderValue::from_static("application/octet-stream");
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::try_from(media_type).ok().filter(|value| !value.is_empty()).unwrap_or(octets),
    );
    let plain: String =
        file_name.chars().map(|c| if c.is_ascii_alphanumeric() || ".-_".contains(c) { c } else { '_' }).collect();
    let whole = utf8_percent_encode(file_name, NON_ALPHANUMERIC);
    if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
