//! Calls by path and bytes, for what no generated client would send.

use std::time::Duration;

use http::uri::PathAndQuery;
use prost::bytes::{Buf, BufMut};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status, Streaming};

use super::caller::Transport;

/// No answer to bad input may take longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the first message of a stream without end is awaited, which may have nothing to tell.
const MOMENT: Duration = Duration::from_millis(500);

/// Sends `body` to the unary method at `path`.
///
/// # Errors
/// What the service, or the transport, answered.
pub async fn unary(transport: &Transport, path: &'static str, body: Vec<u8>) -> Result<Vec<u8>, Status> {
    let call = async {
        let mut grpc = tonic::client::Grpc::new(transport.clone());
        grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
        let answer = grpc.unary(Request::new(body), PathAndQuery::from_static(path), Bytes).await?;
        Ok(answer.into_inner())
    };
    tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| Err(Status::unknown("no answer at all")))
}

/// What the method at `path` answers, however many messages that are.
///
/// # Errors
/// What the service, or the transport, answered instead.
pub async fn stream(transport: &Transport, path: &'static str, body: Vec<u8>) -> Result<Streaming<Vec<u8>>, Status> {
    let mut grpc = tonic::client::Grpc::new(transport.clone()).max_decoding_message_size(64 * 1024 * 1024);
    grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let answer = grpc.server_streaming(Request::new(body), PathAndQuery::from_static(path), Bytes).await?;
    Ok(answer.into_inner())
}

/// Opens the stream at `path` and gives it up at once; says whether it was opened.
///
/// # Errors
/// What the service, or the transport, answered instead of a stream.
pub async fn open_stream(transport: &Transport, path: &'static str, body: Vec<u8>) -> Result<(), Status> {
    let call = async {
        let mut grpc = tonic::client::Grpc::new(transport.clone());
        grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
        grpc.server_streaming(Request::new(body), PathAndQuery::from_static(path), Bytes).await?;
        Ok(())
    };
    tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| Err(Status::unknown("no answer at all")))
}

/// Sends `body` as all that is said to the stream at `path`, and gives the first message of the answer: nothing when the stream ends without one. Of one
/// that does not end (`goes_on`) it is awaited for a moment alone: what such a stream refuses, it refuses before it begins.
///
/// # Errors
/// What the service, or the transport, answered instead.
pub async fn first_word(
    transport: &Transport,
    path: &'static str,
    body: Vec<u8>,
    goes_on: bool,
) -> Result<Vec<u8>, Status> {
    let call = async {
        let mut grpc = tonic::client::Grpc::new(transport.clone());
        grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
        let answer = grpc.server_streaming(Request::new(body), PathAndQuery::from_static(path), Bytes).await?;
        let mut said = answer.into_inner();
        let patience = if goes_on { MOMENT } else { PATIENCE };
        tokio::time::timeout(patience, said.message()).await.unwrap_or(Ok(None)).map(Option::unwrap_or_default)
    };
    tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| Err(Status::unknown("no answer at all")))
}

/// Messages as they are on the wire.
#[derive(Clone, Copy, Default)]
struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; from.remaining()];
        from.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
