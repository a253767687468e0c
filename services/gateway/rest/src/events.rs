//! A stream as server-sent events (<https://html.spec.whatwg.org/multipage/server-sent-events.html>).
//!
//! One event for each message: `data` is its JSON, `event` the member of its `item` that is set (`event`, `heartbeat`, `progress`, …),
//! and, where the RPC can be resumed, `id` the position to resume after. A stream that is over says `end`, or `error` with
//! the problem; one that just stops broke, and is opened again.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use edge::{Draining, Problem};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use prost::bytes::Bytes;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};
use server::PeerChannel;
use tonic::{Status, Streaming};

use crate::contract::Operation;
use crate::{Gate, grpc, single};

/// How long a client waits before it opens a broken stream again, in milliseconds.
const RETRY: &str = "retry: 2000\n\n";

/// Calls, and passes on what comes as events.
///
/// # Errors
/// The refusal of a service that opened no stream.
pub(crate) async fn answer(
    operation: Arc<Operation>,
    gate: &Gate,
    channel: PeerChannel,
    message: Vec<u8>,
    draining: Option<Draining>,
) -> Result<Response, Problem> {
    let items = grpc::stream(channel, operation.grpc_path.clone(), message).await?;
    let silence = Duration::from_millis(gate.settings.keepalive_ms);
    let mut response = Response::new(Body::from_stream(events(operation, items, silence, draining)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers would hold events back.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn events(
    operation: Arc<Operation>,
    mut items: Streaming<Bytes>,
    silence: Duration,
    draining: Option<Draining>,
) -> impl futures::Stream<Item = Result<String, std::convert::Infallible>> {
    async_stream::stream! {
        yield Ok(RETRY.to_owned());
        let going_down = async move {
            match draining {
                Some(Draining(token)) => token.cancelled_owned().await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(going_down);
        loop {
            let next = tokio::select! {
                biased;
                // No last word: the client opens the stream again, elsewhere, where it stood.
                () = &mut going_down => break,
                next = tokio::time::timeout(silence, items.message()) => next,
            };
            match next {
                Err(_) => yield Ok(": alive\n\n".to_owned()),
                Ok(Ok(Some(bytes))) => match event(&operation, bytes) {
                    Ok(event) => yield Ok(event),
                    Err(problem) => {
                        yield Ok(failure(&problem));
                        break;
                    }
                },
                Ok(Ok(None)) => {
                    yield Ok("event: end\ndata: {}\n\n".to_owned());
                    break;
                }
                Ok(Err(status)) => {
                    yield Ok(failure(&told(status)));
                    break;
                }
            }
        }
    }
}

fn told(status: Status) -> Problem {
    Problem::from(status)
}

fn failure(problem: &Problem) -> String {
    let data = serde_json::to_string(problem).unwrap_or_else(|_| "{}".to_owned());
    format!("event: error\ndata: {data}\n\n")
}

fn event(operation: &Operation, bytes: Bytes) -> Result<String, Problem> {
    let message = single::read(&operation.rpc.output(), bytes)?;
    let json = single::json(&message)?;
    let data = String::from_utf8(json).unwrap_or_default();
    let mut event = String::with_capacity(data.len() + 64);
    let item = item(&message);
    if let Some((name, _)) = &item {
        let _ = writeln!(event, "event: {name}");
    }
    if operation.cursor.is_some()
        && let Some(position) = position(&message).or_else(|| position(item.as_ref()?.1.as_message()?))
    {
        let _ = writeln!(event, "id: {position}");
    }
    let _ = write!(event, "data: {data}\n\n");
    Ok(event)
}

/// The member of the message's choice that is set.
fn item(message: &DynamicMessage) -> Option<(String, Value)> {
    let descriptor = message.descriptor();
    let choice = descriptor.oneofs().find(|choice| !choice.is_synthetic())?;
    let set = choice.fields().find(|field| message.has_field(field))?;
    Some((set.json_name().to_owned(), message.get_field(&set).into_owned()))
}

fn position(message: &DynamicMessage) -> Option<i64> {
    message.get_field_by_name("position")?.as_i64().filter(|position| *position > 0)
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use ventanilla_proto::ledger::v1::Heartbeat;
    use ventanilla_proto::ticketing::v1::{TicketEvent, WatchTicketsResponse, watch_tickets_response::Item};

    use super::*;
    use crate::contract::tests::of;

    fn shown(item: Item) -> String {
        let bytes = WatchTicketsResponse { item: Some(item), ..Default::default() }.encode_to_vec();
        event(of("WatchTickets"), bytes.into()).unwrap()
    }

    #[test]
    fn an_event_says_what_it_is_and_where_to_go_on() {
        let happened = TicketEvent { position: 7, ticket: "tickets/1".to_owned(), ..TicketEvent::default() };
        assert_eq!(
            shown(Item::Event(happened)),
            "event: event\nid: 7\ndata: {\"event\":{\"position\":\"7\",\"ticket\":\"tickets/1\"}}\n\n"
        );
    }

    #[test]
    fn a_heartbeat_moves_no_cursor() {
        let heartbeat = Heartbeat { head_position: 9, as_of_time: None };
        assert_eq!(
            shown(Item::Heartbeat(heartbeat)),
            "event: heartbeat\ndata: {\"heartbeat\":{\"headPosition\":\"9\"}}\n\n"
        );
    }

    #[test]
    fn a_failure_is_a_problem() {
        let said = failure(&Problem::new(http::StatusCode::BAD_REQUEST, "POSITION_AHEAD", "later"));
        assert!(said.starts_with("event: error\ndata: {\"type\":\"urn:ventanilla:reason:POSITION_AHEAD\""), "{said}");
        assert!(said.ends_with("\n\n") && said.lines().count() == 3, "{said}");
    }
}
