//! Answers: flat, and never without a way on.

use std::time::Duration;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode, header};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::say::{self, Lang};

/// What to do once the sentence is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    /// Offer the menu.
    Menu,
    /// Put through to a person.
    Human,
    /// Ask the same again.
    Again,
    /// Ask for key and proof.
    Key,
    /// Nothing more is needed: menu or goodbye.
    Done,
}

impl Next {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Menu => "menu",
            Self::Human => "human",
            Self::Again => "again",
            Self::Key => "key",
            Self::Done => "done",
        }
    }
}

/// An answer that knows something.
pub(crate) struct Reply {
    facts: serde_json::Map<String, serde_json::Value>,
}

impl Reply {
    /// Says this, then.
    pub(crate) fn new(lang: Lang, next: Next, say: impl Into<String>) -> Self {
        let facts = serde_json::Map::new();
        Self { facts }
            .with("ok", "true")
            .with("lang", lang.as_str())
            .with("say", speakable(&say.into()))
            .with("next", next.as_str())
    }

    /// A fact; every value is a text.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.facts.insert(name.to_owned(), serde_json::Value::String(value.into()));
        self
    }

    pub(crate) fn answer(self) -> Response {
        flat(StatusCode::OK, self.facts)
    }
}

/// Why there is nothing but a way on.
#[derive(Debug)]
pub(crate) enum Fault {
    /// These fields are wrong, or missing.
    Invalid(Vec<String>),
    /// Too large, or no form.
    Unreadable,
    /// A question is posted.
    NotPosted,
    /// Nobody asks that here.
    NoSuchQuestion,
    /// The number leads to nobody, or to several.
    CallerUnknown,
    /// Key and proof fit no affair.
    KeyUnknown,
    /// Too many wrong ones.
    TooManyTries,
    /// The exchange asks more than it may: how long until it may again.
    TooManyCalls(Duration),
    /// No time is left.
    Late,
    /// A service refuses or does not answer.
    Service(Box<Status>),
}

impl From<Status> for Fault {
    fn from(status: Status) -> Self {
        if reason_of(&status) == "KEY_OR_PROOF_UNKNOWN" { Self::KeyUnknown } else { Self::Service(Box::new(status)) }
    }
}

/// The machine-readable reason of a refusal; empty when it carries none.
pub(crate) fn reason_of(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

impl Fault {
    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) | Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::NotPosted => StatusCode::METHOD_NOT_ALLOWED,
            Self::NoSuchQuestion | Self::CallerUnknown | Self::KeyUnknown => StatusCode::NOT_FOUND,
            Self::TooManyTries | Self::TooManyCalls(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Late => StatusCode::GATEWAY_TIMEOUT,
            Self::Service(status) => edge::http_status(status.code()),
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Invalid(_) => "INVALID_REQUEST".to_owned(),
            Self::Unreadable => "BODY_UNREADABLE".to_owned(),
            Self::NotPosted => "METHOD_NOT_ALLOWED".to_owned(),
            Self::NoSuchQuestion => "NOT_FOUND".to_owned(),
            Self::CallerUnknown => "CALLER_UNKNOWN".to_owned(),
            Self::KeyUnknown => "KEY_OR_PROOF_UNKNOWN".to_owned(),
            Self::TooManyTries => "TOO_MANY_TRIES".to_owned(),
            Self::TooManyCalls(_) => "RESOURCE_EXHAUSTED".to_owned(),
            Self::Late => "DEADLINE_EXCEEDED".to_owned(),
            Self::Service(status) => Some(reason_of(status)).filter(|r| !r.is_empty()).unwrap_or_else(|| {
                let unreachable = matches!(status.code(), Code::Unavailable | Code::Unknown);
                if unreachable { "UNAVAILABLE" } else { "INTERNAL" }.to_owned()
            }),
        }
    }

    /// The answer that a dial plan goes on with.
    pub(crate) fn answer(self, lang: Lang) -> Response {
        let (next, say) = match self {
            Self::KeyUnknown => (Next::Again, say::key_unknown(lang)),
            _ => (Next::Human, say::one_moment(lang)),
        };
        let mut reply = Reply::new(lang, next, say).with("ok", "false").with("reason", self.reason());
        if let Self::Invalid(fields) = &self {
            reply = reply.with("fields", fields.join(" "));
        }
        let mut answer = flat(self.status(), reply.facts);
        if let Self::TooManyCalls(wait) = self {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        answer
    }
}

fn flat(status: StatusCode, facts: serde_json::Map<String, serde_json::Value>) -> Response {
    let body = serde_json::Value::Object(facts).to_string();
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // What is said is somebody's; nothing on the way keeps it.
    let keep = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    (status, [kind, keep], body).into_response()
}

/// A sentence for a voice: one line, without the signs of markup.
fn speakable(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() || "<>&{}[]|\"\\".contains(c) { ' ' } else { c });
    plain.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_holds_nothing_a_voice_or_a_dial_plan_stumbles_over() {
        assert_eq!(
            speakable("Hola,\n<break time=\"3s\"/> \"usted\" & ${EXTEN}"),
            "Hola, break time= 3s / usted $ EXTEN"
        );
    }
}
