//! Calls by path and bytes: the messages are known by their descriptors alone.

use futures::Stream;
use http::uri::PathAndQuery;
use prost::bytes::{Buf as _, BufMut as _, Bytes};
use server::PeerChannel;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status, Streaming};

/// The largest answer that is taken: documents are larger than tonic's 4 MiB.
const LARGEST_ANSWER: usize = 32 * 1024 * 1024;

/// One message for one message.
///
/// # Errors
/// What the service answered, or that it could not be reached.
pub(crate) async fn unary(channel: PeerChannel, path: PathAndQuery, message: Vec<u8>) -> Result<Bytes, Status> {
    let mut grpc = ready(channel).await?;
    Ok(grpc.unary(Request::new(message), path, Raw).await?.into_inner())
}

/// Many messages for one.
///
/// # Errors
/// What the service answered instead of a stream, or that it could not be reached.
pub(crate) async fn stream(
    channel: PeerChannel,
    path: PathAndQuery,
    message: Vec<u8>,
) -> Result<Streaming<Bytes>, Status> {
    let mut grpc = ready(channel).await?;
    Ok(grpc.server_streaming(Request::new(message), path, Raw).await?.into_inner())
}

/// Many messages for many.
///
/// # Errors
/// What the service answered instead of a stream, or that it could not be reached.
pub(crate) async fn both_ways(
    channel: PeerChannel,
    path: PathAndQuery,
    messages: impl Stream<Item = Vec<u8>> + Send + 'static,
) -> Result<Streaming<Bytes>, Status> {
    let mut grpc = ready(channel).await?;
    Ok(grpc.streaming(Request::new(messages), path, Raw).await?.into_inner())
}

async fn ready(channel: PeerChannel) -> Result<Grpc<PeerChannel>, Status> {
    let mut grpc = Grpc::new(channel).max_decoding_message_size(LARGEST_ANSWER);
    grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
    Ok(grpc)
}

/// Messages as they are on the wire.
#[derive(Debug, Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
