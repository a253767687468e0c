//! Streams both ways as lines of JSON (NDJSON): each line a message, each line of the answer the result of one.
//!
//! A line that is no message ends what is sent: results of the lines before it come, then a line `{"problem": …}` that names
//! the line. Whatever has no result is sent again, as the contract says of such streams.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::response::Response;
use edge::{Problem, Violation};
use futures::{Stream, StreamExt as _};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use kernel::Violations;
use prost::Message as _;
use prost::bytes::{Bytes, BytesMut};
use prost_reflect::MessageDescriptor;
use server::PeerChannel;
use tonic::Streaming;

use crate::contract::Operation;
use crate::json::{Json, Limits};
use crate::{Gate, Settings, decode, grpc, single};

/// Why no more was sent, once that is known.
type Stopped = Arc<Mutex<Option<Problem>>>;

/// Calls with the lines of the body, and answers with a line for each result.
///
/// # Errors
/// The refusal of a service that opened no stream.
pub(crate) async fn answer(
    operation: Arc<Operation>,
    gate: &Gate,
    channel: PeerChannel,
    body: Body,
) -> Result<Response, Problem> {
    let stopped = Stopped::default();
    let messages = messages(operation.rpc.input(), body, gate.settings.clone(), Arc::clone(&stopped));
    let results = grpc::both_ways(channel, operation.grpc_path.clone(), messages).await?;
    let mut response = Response::new(Body::from_stream(results_of(operation, results, stopped)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn messages(
    input: MessageDescriptor,
    body: Body,
    settings: Settings,
    stopped: Stopped,
) -> impl Stream<Item = Vec<u8>> + Send + 'static {
    let mut lines = Lines { waiting: BytesMut::new(), longest: settings.line_bytes };
    let limits = Limits { values: settings.body_values, depth: settings.body_depth };
    async_stream::stream! {
        let mut chunks = body.into_data_stream();
        let mut number = 0_u64;
        loop {
            let line = match lines.next() {
                Ok(Some(line)) => line,
                Ok(None) => match chunks.next().await {
                    Some(Ok(chunk)) => {
                        lines.waiting.extend_from_slice(&chunk);
                        continue;
                    }
                    Some(Err(_)) => {
                        stop(&stopped, Problem::new(StatusCode::BAD_REQUEST, "BODY_BROKEN", "the body did not arrive whole"));
                        break;
                    }
                    None if lines.waiting.is_empty() => break,
                    None => lines.waiting.split().freeze(),
                },
                Err(TooLong) => {
                    let detail = format!("line {} has more than {} bytes", number + 1, settings.line_bytes);
                    stop(&stopped, Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", detail));
                    break;
                }
            };
            number += 1;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match message(&input, &line, limits, number) {
                Ok(message) => yield message,
                Err(problem) => {
                    stop(&stopped, problem);
                    break;
                }
            }
        }
    }
}

fn stop(stopped: &Stopped, problem: Problem) {
    *stopped.lock().unwrap_or_else(PoisonError::into_inner) = Some(problem);
}

fn message(input: &MessageDescriptor, line: &[u8], limits: Limits, number: u64) -> Result<Vec<u8>, Problem> {
    let json = Json::read(line, limits).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", format!("line {number} {error}"))
            .violation(Violation::new("", error.to_string()))
    })?;
    let mut wrong = Violations::new();
    let message = decode::message(input, json, "", &mut wrong);
    match (message, wrong.is_empty()) {
        (Some(message), true) => Ok(message.encode_to_vec()),
        _ => {
            let violations = wrong.as_slice().iter().map(|v| Violation::new(&v.field, &v.description));
            Err(Problem::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", format!("line {number}: {wrong}"))
                .with_violations(violations))
        }
    }
}

fn results_of(
    operation: Arc<Operation>,
    mut results: Streaming<Bytes>,
    stopped: Stopped,
) -> impl Stream<Item = Result<Vec<u8>, std::convert::Infallible>> {
    async_stream::stream! {
        let problem = loop {
            match results.message().await {
                Ok(Some(bytes)) => match line(&operation.rpc.output(), bytes) {
                    Ok(line) => yield Ok(line),
                    Err(problem) => break Some(problem),
                },
                Ok(None) => break stopped.lock().unwrap_or_else(PoisonError::into_inner).take(),
                Err(status) => break Some(Problem::from(status)),
            }
        };
        if let Some(problem) = problem {
            yield Ok(last_line(&problem));
        }
    }
}

fn line(output: &MessageDescriptor, bytes: Bytes) -> Result<Vec<u8>, Problem> {
    let mut line = single::json(&single::read(output, bytes)?)?;
    line.push(b'\n');
    Ok(line)
}

fn last_line(problem: &Problem) -> Vec<u8> {
    let told = serde_json::to_string(problem).unwrap_or_else(|_| "{}".to_owned());
    format!("{{\"problem\":{told}}}\n").into_bytes()
}

/// Bytes cut at line ends.
struct Lines {
    waiting: BytesMut,
    longest: usize,
}

/// A line is longer than lines may be.
#[derive(Debug, PartialEq, Eq)]
struct TooLong;

impl Lines {
    /// The next whole line.
    fn next(&mut self) -> Result<Option<Bytes>, TooLong> {
        match self.waiting.iter().position(|byte| *byte == b'\n') {
            Some(end) if end > self.longest => Err(TooLong),
            Some(end) => {
                let mut line = self.waiting.split_to(end + 1);
                line.truncate(end);
                Ok(Some(line.freeze()))
            }
            None if self.waiting.len() > self.longest => Err(TooLong),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::tests::of;

    async fn sent(body: Body) -> (usize, Option<Problem>) {
        let stopped = Stopped::default();
        let settings = Settings { line_bytes: 200, ..Settings::default() };
        let messages = messages(of("IngestFacts").rpc.input(), body, settings, Arc::clone(&stopped));
        let count = messages.count().await;
        let problem = stopped.lock().unwrap().take();
        (count, problem)
    }

    #[tokio::test]
    async fn each_line_is_a_message_however_the_bytes_come() {
        let whole = "{\"requestId\": \"a\"}\n\n{\"requestId\": \"b\"}\r\n{\"requestId\": \"ñ\"}";
        for size in [1, 7, 1_000] {
            let chunks: Vec<Result<Vec<u8>, std::io::Error>> =
                whole.as_bytes().chunks(size).map(|c| Ok(c.to_vec())).collect();
            let (count, problem) = sent(Body::from_stream(futures::stream::iter(chunks))).await;
            assert_eq!((count, problem.is_none()), (3, true));
        }
    }

    #[tokio::test]
    async fn the_first_line_that_is_none_ends_it_and_is_named() {
        let (count, problem) = sent(Body::from("{}\n{\"nothing\": 1, \"requestId\": 2}\n{}\n")).await;
        let problem = problem.unwrap();
        assert_eq!(count, 1);
        assert!(problem.detail().starts_with("line 2: 2 fields"), "{}", problem.detail());
        assert_eq!(problem.violations().len(), 2);
    }

    #[tokio::test]
    async fn a_line_without_end_is_refused_before_it_is_kept() {
        let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b' '; 100]));
        let (count, problem) = sent(Body::from_stream(endless)).await;
        assert_eq!((count, problem.unwrap().status()), (0, StatusCode::PAYLOAD_TOO_LARGE));
    }
}
