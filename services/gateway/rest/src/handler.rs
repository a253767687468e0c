//! One request: which operation it means, whether it is well made, and which way it is answered.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use edge::{Caller, Draining, Problem, Route, Violation};
use http::header::{
    ACCEPT, ALLOW, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, TRANSFER_ENCODING,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::BodyExt as _;
use kernel::Violations;
use prost::Message as _;
use secrecy::ExposeSecret as _;
use server::{PeerChannel, Refusal};

use crate::accept::{Accept, essence};
use crate::contract::{BodyPlace, Operation, Shape};
use crate::json::{Json, Limits};
use crate::request::{self, Asked};
use crate::table::Found;
use crate::{Gate, events, file, lines, open, single};

/// How long the rest of a body that is too large, or whose sender is turned away, is taken.
const DISCARDING: Duration = Duration::from_secs(2);
/// How much of a body that is too large is taken so.
const DISCARDED: usize = 16 * 1024 * 1024;
/// How much of a body is whose sender shows no token: the answer does not wait for it.
const DISCARDED_OF_STRANGERS: usize = 1024 * 1024;
/// The longest token that the services take.
const LONGEST_TOKEN: usize = 4096;

/// Answers a request under `/v1/`.
pub(crate) async fn call(State(gate): State<Arc<Gate>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let head = parts.method == Method::HEAD;
    let method = if head { &Method::GET } else { &parts.method };
    let operation = match gate.contract.table.find(method, parts.uri.path()) {
        Found::One(operation) => Arc::clone(operation),
        Found::Other(allowed) => return not_allowed(&allowed),
        Found::Nothing => {
            return Problem::new(StatusCode::NOT_FOUND, "ROUTE_NOT_FOUND", "there is nothing at this path")
                .into_response();
        }
    };
    if head && operation.shape != Shape::Single {
        return not_allowed(&["GET"]);
    }
    let mut response = match open::count(&gate, &operation, &mut parts).await {
        Ok(tried) => {
            let answered = answer(&gate, &operation, &parts, body).await;
            if let Some(tried) = tried {
                tried.came_to(&gate, answered.as_ref().err());
            }
            answered.unwrap_or_else(Problem::into_response)
        }
        Err(problem) => {
            tokio::spawn(tokio::time::timeout(DISCARDING, discard(body, DISCARDED_OF_STRANGERS)));
            problem.into_response()
        }
    };
    response.extensions_mut().insert(Route(Cow::Owned(operation.text.clone())));
    if head {
        *response.body_mut() = Body::empty();
    }
    response
}

fn not_allowed(allowed: &[&str]) -> Response {
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "this path has other methods");
    let mut response = problem.into_response();
    let mut methods = allowed.to_vec();
    if allowed.contains(&"GET") {
        methods.push("HEAD");
    }
    if let Ok(value) = HeaderValue::try_from(methods.join(", ")) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

async fn answer(gate: &Gate, operation: &Arc<Operation>, parts: &Parts, body: Body) -> Result<Response, Problem> {
    let caller = Caller::read(&parts.headers, Instant::now())?;
    if let Some(refusal) = turned_away(operation, &caller) {
        // Whoever still sends reads no answer: what comes is thrown away while the answer goes out.
        tokio::spawn(tokio::time::timeout(DISCARDING, discard(body, DISCARDED_OF_STRANGERS)));
        return Err(Problem::from(refusal.status()));
    }
    let accept = Accept::read(text(&parts.headers, ACCEPT.as_str())?);
    if !acceptable(operation, &accept) {
        return Err(not_acceptable());
    }
    plain(&parts.headers)?;
    let channel = gate.channels.get(operation.peer).ok_or_else(|| internal("a service has no channel"))?;
    if operation.shape == Shape::Lines {
        require_type(&parts.headers, &["application/x-ndjson", "application/jsonl"])?;
        return lines::answer(Arc::clone(operation), gate, caller.stream(channel), body).await;
    }
    let asked = Asked {
        path: parts.uri.path(),
        query: parts.uri.query(),
        body: json(gate, operation, &parts.headers, body).await?,
        idempotency_key: text(&parts.headers, "idempotency-key")?,
        if_match: text(&parts.headers, IF_MATCH.as_str())?,
        last_event_id: text(&parts.headers, "last-event-id")?,
    };
    let conditional = asked.if_match.is_some();
    let message = request::read(operation, asked).map_err(|wrong| refused(&wrong))?.encode_to_vec();
    let answered = match operation.shape {
        Shape::Single => {
            let if_none_match = text(&parts.headers, IF_NONE_MATCH.as_str())?;
            single::answer(operation, caller.channel(channel), message, &accept, if_none_match)
                .await
                .map_err(|problem| if conditional { failed_precondition(problem) } else { problem })
        }
        Shape::Events => {
            let draining = parts.extensions.get::<Draining>().cloned();
            let channel = for_stream(&caller, channel, &parts.headers);
            events::answer(Arc::clone(operation), gate, channel, message, draining).await
        }
        Shape::File => file::answer(operation, for_stream(&caller, channel, &parts.headers), message).await,
        Shape::Lines => Err(internal("lines were answered before")),
    };
    answered.map_err(|problem| late(problem, &caller))
}

/// Why the call is not worth reading its body: it asks for a token, and none is shown, or what cannot be one. Whether a token holds is the service's to say;
/// what is answered here is what it would say.
fn turned_away(operation: &Operation, caller: &Caller) -> Option<Refusal> {
    if operation.policy.open {
        return None;
    }
    match &caller.bearer {
        None => Some(Refusal::TokenMissing),
        Some(token) if !could_be_token(token.expose_secret()) => Some(Refusal::TokenInvalid),
        Some(_) => None,
    }
}

/// Whether this has the form of a signed token (RFC 7515 §7.1): three parts in base64url.
fn could_be_token(token: &str) -> bool {
    let base64url =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    token.len() <= LONGEST_TOKEN && token.split('.').count() == 3 && token.split('.').all(base64url)
}

/// tonic's own timer may be the first to end a call, and says CANCELLED; the caller did not go away.
fn late(problem: Problem, caller: &Caller) -> Problem {
    if problem.reason() != "CANCELLED" || Instant::now() < caller.deadline {
        return problem;
    }
    Problem::new(StatusCode::GATEWAY_TIMEOUT, "DEADLINE_EXCEEDED", "the answer took longer than you wait")
}

/// A stream lasts as long as it is read, unless its caller says how long.
fn for_stream(caller: &Caller, channel: &PeerChannel, headers: &HeaderMap) -> PeerChannel {
    if headers.contains_key("ventanilla-timeout") { caller.channel(channel) } else { caller.stream(channel) }
}

/// Whether there is a type that both sides know. Which type a file has is known once it comes.
fn acceptable(operation: &Operation, accept: &Accept) -> bool {
    match operation.shape {
        Shape::Single => single::is_document(operation) || accept.takes("application/json"),
        Shape::Events => accept.takes("text/event-stream"),
        Shape::Lines => accept.takes("application/x-ndjson"),
        Shape::File => true,
    }
}

pub(crate) fn not_acceptable() -> Problem {
    Problem::new(StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE", "the answer has no media type that Accept names")
}

/// The precondition was the caller's own.
fn failed_precondition(problem: Problem) -> Problem {
    if problem.reason() == "STALE_ETAG" { problem.with_status(StatusCode::PRECONDITION_FAILED) } else { problem }
}

/// A problem of ours; the log says which.
pub(crate) fn internal(what: &str) -> Problem {
    tracing::error!(what, "cannot answer over HTTP");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")
}

/// Everything that is wrong with a request.
pub(crate) fn refused(wrong: &Violations) -> Problem {
    let violations = wrong.as_slice().iter().map(|v| Violation::new(&v.field, &v.description));
    Problem::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", wrong.to_string()).with_violations(violations)
}

/// A header as text.
fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    // Lists may be written as several headers; none of those here is ever needed longer than one.
    if values.next().is_some() && name != ACCEPT.as_str() {
        return Err(bad_header(name, "is said twice"));
    }
    first.map(|value| value.to_str().map_err(|_| bad_header(name, "must be ASCII"))).transpose()
}

fn bad_header(name: &str, what: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, "INVALID_HEADER", "a header cannot be read")
        .violation(Violation::new(name, what))
}

/// No compressed requests: a small one may be large.
fn plain(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(CONTENT_ENCODING).map(HeaderValue::as_bytes) {
        None | Some(b"identity") => Ok(()),
        Some(_) => Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "ENCODING_NOT_SUPPORTED",
            "send the body without Content-Encoding",
        )),
    }
}

fn require_type(headers: &HeaderMap, types: &[&str]) -> Result<(), Problem> {
    let sent = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, subtype) = essence(sent);
    if types.contains(&format!("{kind}/{subtype}").as_str()) {
        return Ok(());
    }
    let detail = format!("send the body as {}", types.join(" or "));
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "MEDIA_TYPE_NOT_SUPPORTED", detail))
}

async fn json(gate: &Gate, operation: &Operation, headers: &HeaderMap, body: Body) -> Result<Option<Json>, Problem> {
    let announced =
        headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0") || headers.contains_key(TRANSFER_ENCODING);
    if matches!(operation.body, BodyPlace::None) && announced {
        let mut wrong = Violations::new();
        wrong.push("", "this call takes no body");
        return Err(refused(&wrong));
    }
    let bytes = whole(body, gate.settings.body_bytes.of(operation.policy)).await?;
    if bytes.is_empty() {
        return Ok(None);
    }
    require_type(headers, &["application/json"])?;
    let limits = Limits { values: gate.settings.body_values, depth: gate.settings.body_depth };
    Json::read(&bytes, limits).map(Some).map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", format!("the body {error}"))
            .violation(Violation::new("", error.to_string()))
    })
}

/// Reads a body of at most `limit` bytes. Of a larger one the rest is taken and thrown away for a while, since whoever still
/// sends reads no answer.
async fn whole(mut body: Body, limit: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let broken = || Problem::new(StatusCode::BAD_REQUEST, "BODY_BROKEN", "the body did not arrive whole");
        let Ok(data) = frame.map_err(|_| broken())?.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            drop(bytes);
            let _ = tokio::time::timeout(DISCARDING, discard(body, DISCARDED)).await;
            let detail = format!("a body has at most {limit} bytes");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", detail));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

async fn discard(mut body: Body, most: usize) {
    let mut seen = 0;
    while let Some(Ok(frame)) = body.frame().await {
        seen += frame.data_ref().map_or(0, |data| data.len());
        if seen > most {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_the_form_of_a_signed_token_cannot_be_one() {
        assert!(could_be_token("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhIn0.c2ln-_"));
        let long = format!("a.b.{}", "c".repeat(LONGEST_TOKEN));
        for none in ["", "abc", "a.b", "a.b.", "a..c", "a.b.c.d", "a.b.c=", "a.b.ñ", "a.b c.d", &long] {
            assert!(!could_be_token(none), "{none}");
        }
    }
}
