//! Calls through the dial plan, what an Asterisk asks in them, and the same asked again without one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use ventanilla_tests::scene::doorway::{Answer, Visitor};

use super::exchange;

/// A session that was recorded.
#[derive(Debug, Serialize, Deserialize)]
pub struct Session {
    /// What was called through.
    pub asterisk: String,
    /// SHA-256 of the plan it had, in hex.
    pub plan: String,
    /// Its calls, in order.
    pub calls: Vec<Call>,
}

/// One call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Who calls.
    pub caller: String,
    /// What is pressed, where the exchange has asked for something.
    pub presses: Vec<String>,
    /// What the exchange asked of the gateway, in order.
    #[serde(default)]
    pub asked: Vec<Asked>,
}

/// One question and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Where it was sent.
    pub path: String,
    /// How its body is written.
    pub content_type: String,
    /// Whether a token was shown.
    pub bearer: bool,
    /// What was sent; what differs from run to run in braces.
    pub fields: BTreeMap<String, String>,
    /// The status of the answer.
    pub status: u16,
    /// What the plan is to do then.
    pub next: String,
    /// The language that is spoken.
    pub lang: String,
    /// The facts that the answer held.
    pub facts: Vec<String>,
}

/// The calls, as people make them.
pub fn calls() -> Vec<Call> {
    let call = |caller: &str, presses: &[&str]| Call {
        caller: caller.to_owned(),
        presses: presses.iter().map(|keys| (*keys).to_owned()).collect(),
        asked: Vec::new(),
    };
    vec![
        call("spanish", &["1", "0"]),
        call("spanish", &["2", "{key}", "{proof}", "4", "0"]),
        call("spanish", &["3", "#", "0"]),
        call("english", &["1", "2", "{key}", "{proof}", "5"]),
        call("english", &["3", "#", "0"]),
        call("nobody", &["3"]),
        // A person, where a key is asked for, and where its password is.
        call("spanish", &["2", "0#"]),
        call("english", &["2", "{key}", "0#"]),
        // What is no key is taken no oftener than the menu is told.
        call("spanish", &["2", "12#", "34#", "12#", "34#", "12#", "34#", "12#", "34#"]),
    ]
}

/// Who calls, and what they know.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// Their number.
    pub phone: String,
    /// The key of their affair, as it is typed.
    pub key: String,
    /// Its proof, as it is typed.
    pub proof: String,
}

impl Caller {
    /// Keys with what this caller knows in the place of what stands in braces.
    pub fn typed(&self, keys: &str) -> String {
        keys.replace("{key}", &self.key).replace("{proof}", &self.proof)
    }
}

fn place() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/gateway_ivr/session.json")
}

/// The session that was recorded last.
pub fn recorded() -> Session {
    let text = std::fs::read_to_string(place()).expect("a session was recorded");
    serde_json::from_str(&text).expect("it can be read")
}

/// Keeps a session in the place of the one before.
pub fn keep(session: &Session) {
    let text = serde_json::to_string_pretty(session).expect("it can be written");
    std::fs::write(place(), text + "\n").expect("its folder takes files");
}

/// By what the plan is known.
pub fn plan() -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, exchange::plan().as_bytes());
    hex::encode(hash.as_ref())
}

/// What went over the wire.
#[derive(Clone, Default)]
pub struct Wire(Arc<Mutex<Vec<(Asked, Facts)>>>);

/// What an answer holds.
type Facts = BTreeMap<String, String>;

impl Wire {
    /// The same routes, with a record of what is asked and answered.
    pub fn around(&self, routes: Router) -> Router {
        let wire = self.clone();
        routes.layer(from_fn(move |request: Request, next: Next| {
            let wire = wire.clone();
            async move { wire.pass(request, next).await }
        }))
    }

    async fn pass(&self, request: Request, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 64 * 1024).await.expect("a question is short");
        let header =
            |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let fields = body.split(|byte| *byte == b'&').filter_map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            let (name, value) = pair.split_once('=')?;
            Some((name.to_owned(), decoded(value)))
        });
        let (path, content_type) = (parts.uri.path().to_owned(), header("content-type"));
        let (bearer, fields) = (header("authorization").starts_with("Bearer "), fields.collect());
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 64 * 1024).await.expect("an answer is short");
        let facts: Facts = serde_json::from_slice(&body).expect("an answer is flat JSON of texts");
        let asked = Asked {
            path,
            content_type,
            bearer,
            fields,
            status: parts.status.as_u16(),
            next: facts.get("next").cloned().unwrap_or_default(),
            lang: facts.get("lang").cloned().unwrap_or_default(),
            facts: facts.keys().cloned().collect(),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((asked, facts));
        Response::from_parts(parts, Body::from(body))
    }

    /// What was asked since this was called last, with what differs from run to run in braces.
    pub fn take(&self, caller: &Caller) -> Vec<Asked> {
        let taken = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        let (mut ticket, mut etag) = (String::new(), String::new());
        let told = |(mut asked, facts): (Asked, Facts)| {
            for (name, value) in &mut asked.fields {
                let known = match name.as_str() {
                    "call" => "{call}",
                    "phone" if *value == caller.phone => "{phone}",
                    "key" if *value == caller.key => "{key}",
                    "proof" if *value == caller.proof => "{proof}",
                    "ticket" if !value.is_empty() && *value == ticket => "{ticket}",
                    "etag" if !value.is_empty() && *value == etag => "{etag}",
                    "recording" if value.starts_with("ventanilla-") && value.ends_with(".wav") => "{recording}",
                    _ => continue,
                };
                known.clone_into(value);
            }
            ticket = facts.get("ticket").cloned().unwrap_or_default();
            etag = facts.get("etag").cloned().unwrap_or_default();
            asked
        };
        taken.into_iter().map(told).collect()
    }
}

fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let code: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&code, 16).expect("it is percent-encoded")
            }
            other => other,
        });
    }
    String::from_utf8(bytes).expect("it is text")
}

/// Asks what was asked in a call once more, and answers what differs.
pub async fn again(exchange: &mut Visitor, call: &Call, caller: &Caller, number: usize) -> Vec<String> {
    let (mut ticket, mut etag) = (String::new(), String::new());
    let mut differences = Vec::new();
    for asked in &call.asked {
        let sent: Vec<(&str, String)> = asked
            .fields
            .iter()
            .map(|(name, value)| {
                let value = match value.as_str() {
                    "{call}" => format!("replayed.{number}"),
                    "{phone}" => caller.phone.clone(),
                    "{key}" => caller.key.clone(),
                    "{proof}" => caller.proof.clone(),
                    "{ticket}" => ticket.clone(),
                    "{etag}" => etag.clone(),
                    "{recording}" => format!("ventanilla-replayed-{number}.wav"),
                    other => other.to_owned(),
                };
                (name.as_str(), value)
            })
            .collect();
        let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = exchange.post(&asked.path, &sent).await;
        differences.extend(difference(asked, &answer).map(|what| format!("call {number}, {}: {what}", asked.path)));
        (ticket, etag) = (answer.fact("ticket"), answer.fact("etag"));
    }
    differences
}

fn difference(asked: &Asked, answer: &Answer) -> Option<String> {
    let facts: BTreeMap<String, String> = serde_json::from_slice(&answer.body).ok()?;
    let status = StatusCode::from_u16(asked.status).expect("it was a status");
    if answer.status != status || answer.fact("next") != asked.next || answer.fact("lang") != asked.lang {
        return Some(format!("was {status}, {} in {}, and is {}", asked.next, asked.lang, answer.text()));
    }
    let missing: Vec<&String> = asked.facts.iter().filter(|fact| !facts.contains_key(*fact)).collect();
    (!missing.is_empty()).then(|| format!("lacks {missing:?}"))
}

/// The facts of an answer that the plan reads.
pub fn read_by_the_plan() -> Vec<String> {
    let plan = exchange::plan();
    let facts = plan.split("JSON_DECODE(VT_ANSWER,").skip(1).filter_map(|rest| rest.split(')').next());
    facts.map(str::to_owned).collect()
}

/// The questions that the plan asks, each with the names of its own fields.
pub fn asked_by_the_plan() -> Vec<(String, Vec<String>)> {
    let plan = exchange::plan();
    let calls = plan.split("Gosub(ventanilla-ask,s,1(").skip(1).filter_map(|rest| rest.split_once(','));
    calls
        .map(|(question, rest)| {
            let line = rest.lines().next().unwrap_or_default();
            let fields = line.split('&').skip(1).filter_map(|field| field.split_once('='));
            (question.to_owned(), fields.map(|(name, _)| name.to_owned()).collect())
        })
        .collect()
}
