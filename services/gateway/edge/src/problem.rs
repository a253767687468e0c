//! What a refusal looks like over HTTP: RFC 9457, with the machine-readable reason the services give over gRPC.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

/// One thing that is wrong with a request, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Path of the field, parameter or header, e.g. `ticket.claimPoints[0].text`.
    pub field: String,
    /// What is wrong and what would be right.
    pub description: String,
}

impl Violation {
    /// A violation of `field`.
    pub fn new(field: impl Into<String>, description: impl Into<String>) -> Self {
        Self { field: field.into(), description: description.into() }
    }
}

/// A refusal as `application/problem+json`. `reason` and `domain` are those of the service's `google.rpc.ErrorInfo`.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Inner>);

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    reason: String,
    domain: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    violations: Vec<Violation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_seconds: Option<f64>,
}

impl Problem {
    /// A refusal of the gateway's own. `detail` says what happened and what would cure it, and holds nothing personal.
    pub fn new(status: StatusCode, reason: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind: format!("urn:ventanilla:reason:{reason}"),
            title: title(status),
            status: status.as_u16(),
            detail: detail.into(),
            instance: telemetry::current_trace_id().map(|id| format!("urn:ventanilla:trace:{id}")),
            reason: reason.to_owned(),
            domain: "gateway.ventanilla".to_owned(),
            metadata: BTreeMap::new(),
            violations: Vec::new(),
            retry_after_seconds: None,
        }))
    }

    /// Adds a violation.
    #[must_use]
    pub fn violation(mut self, violation: Violation) -> Self {
        self.0.violations.push(violation);
        self
    }

    /// Adds violations.
    #[must_use]
    pub fn with_violations(mut self, violations: impl IntoIterator<Item = Violation>) -> Self {
        self.0.violations.extend(violations);
        self
    }

    /// Says when to come back, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: f64) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// The same refusal under another status, e.g. 412 where the caller's own precondition failed.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status.as_u16();
        self.0.title = title(status);
        self
    }

    /// The status it is answered with.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The machine-readable reason, e.g. `STALE_ETAG`.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// What happened, for a person.
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// Facts of the reason.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.0.metadata
    }

    /// All that is wrong with the request.
    pub fn violations(&self) -> &[Violation] {
        &self.0.violations
    }
}

/// The status of HTTP for a code of gRPC, as `google/rpc/code.proto` maps them.
pub fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        // 499: the caller went away. It has no name in the registry.
        Code::Cancelled => StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST),
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => StatusCode::BAD_REQUEST,
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn title(status: StatusCode) -> String {
    let known = if status.as_u16() == 499 { Some("Client Closed Request") } else { status.canonical_reason() };
    known.unwrap_or("Refused").to_owned()
}

/// The reason of a status without `ErrorInfo`: nobody of the house made it (a broken connection, a proxy).
const fn reason_of(code: Code) -> &'static str {
    match code {
        Code::Unavailable => "SERVICE_UNREACHABLE",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::Cancelled => "CANCELLED",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::OutOfRange | Code::InvalidArgument => "INVALID_ARGUMENT",
        _ => "INTERNAL",
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let code = status.code();
        let Some(info) = details.error_info() else {
            // A connection that broke under an answer: the service was stopped, or its machine was.
            if matches!(code, Code::Unknown | Code::Internal) && std::error::Error::source(&status).is_some() {
                let detail = "the service broke off; what became of the call is not known: send it again as it was";
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, reason_of(Code::Unavailable), detail);
            }
            // The transport's own words name hosts and ports.
            let detail = match code {
                Code::Unavailable => "the service that answers this cannot be reached; try again",
                Code::DeadlineExceeded => "the answer took longer than you wait",
                Code::Cancelled => "the call was ended before its answer",
                _ => "internal error",
            };
            return Self::new(http_status(code), reason_of(code), detail);
        };
        let mut problem = Self::new(http_status(code), &info.reason, status.message());
        problem.0.domain.clone_from(&info.domain);
        problem.0.metadata = info.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        if let Some(bad) = details.bad_request() {
            problem.0.violations =
                bad.field_violations.iter().map(|v| Violation::new(camel(&v.field), &v.description)).collect();
        } else if let Some(failed) = details.precondition_failure() {
            let named = failed.violations.iter().filter(|v| v.description != status.message());
            problem.0.violations = named.map(|v| Violation::new(camel(&v.subject), &v.description)).collect();
        }
        problem.0.retry_after_seconds =
            details.retry_info().and_then(|retry| retry.retry_delay).map(|delay| delay.as_secs_f64());
        problem
    }
}

/// `ticket.claim_points[0].text` as JSON spells it: `ticket.claimPoints[0].text`. What is no field path, such as `tickets/…`,
/// stays as it is.
fn camel(path: &str) -> String {
    if path.contains('/') {
        return path.to_owned();
    }
    let mut spelled = String::with_capacity(path.len());
    let mut raise = false;
    for c in path.chars() {
        match c {
            '_' => raise = true,
            c if raise => {
                spelled.extend(c.to_uppercase());
                raise = false;
            }
            c => spelled.push(c),
        }
    }
    spelled
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.0.retry_after_seconds {
            // The header counts in whole seconds; never sooner than was said.
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds.max(0.0).ceil() as u64));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic_types::{ErrorDetails, FieldViolation};

    use super::*;

    #[test]
    fn an_answer_that_breaks_off_is_to_be_asked_for_again_and_no_fault_of_ours() {
        let broken = Status::from_error(Box::new(std::io::Error::other("connection reset by 10.0.0.7")));
        let problem = Problem::from(broken);
        assert_eq!((problem.status(), problem.reason()), (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNREACHABLE"));
        assert!(!problem.detail().contains("10.0.0.7"));
    }

    #[test]
    fn a_service_s_refusal_keeps_its_reason_its_violations_and_when_to_come_back() {
        let mut details =
            ErrorDetails::with_bad_request(vec![FieldViolation::new("ticket.claim_points[0].text", "is empty")]);
        details.set_error_info("INVALID_FIELDS", "ticketing.ventanilla", [("limit".to_owned(), "5".to_owned())]);
        details.set_retry_info(Some(Duration::from_millis(1_200)));
        let problem =
            Problem::from(Status::with_error_details(Code::InvalidArgument, "the ticket cannot be used", details));
        let response = problem.clone().into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let json = serde_json::to_value(&problem).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "urn:ventanilla:reason:INVALID_FIELDS", "title": "Bad Request", "status": 400,
                "detail": "the ticket cannot be used", "reason": "INVALID_FIELDS", "domain": "ticketing.ventanilla",
                "metadata": {"limit": "5"}, "retryAfterSeconds": 1.2,
                "violations": [{"field": "ticket.claimPoints[0].text", "description": "is empty"}],
            })
        );
    }

    #[test]
    fn what_the_transport_says_stays_inside() {
        let problem = Problem::from(Status::unavailable("tcp connect error: 10.0.0.7:7102"));
        assert_eq!((problem.status(), problem.reason()), (StatusCode::SERVICE_UNAVAILABLE, "SERVICE_UNREACHABLE"));
        assert!(!problem.detail().contains("10.0.0.7"));
    }

    #[test]
    fn every_code_has_a_status_that_says_whose_fault_it_is() {
        for code in (0..17).map(Code::from) {
            let status = http_status(code);
            let servers = matches!(
                code,
                Code::Unknown
                    | Code::Internal
                    | Code::DataLoss
                    | Code::Unimplemented
                    | Code::Unavailable
                    | Code::DeadlineExceeded
            );
            assert_eq!(status.is_server_error(), servers, "{code:?}");
        }
    }
}
