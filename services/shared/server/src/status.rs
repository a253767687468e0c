//! The only place that makes an error into a `tonic::Status`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use kernel::{Classify, Kind, Severity, Violation};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, PreconditionViolation, StatusExt as _};
use ventanilla_proto::r#type::v1 as proto;

use crate::scope;

/// Details travel in a header, and clients take 8 KiB of headers in all.
const VIOLATION_BYTES: usize = 4 * 1024;

/// When to come back, unless the error knows better (metadata `retry_delay_ms`).
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// The answer for an error, in the error domain of the service whose call is being served
/// (`<service>.ventanilla`), and its line in the log: once, at the level of its severity, with
/// the chain of causes that the caller does not see.
pub fn status(error: &(impl Classify + ?Sized)) -> Status {
    let domain = match scope::service() {
        Some(service) => Cow::Owned(format!("{service}.ventanilla")),
        None => Cow::Borrowed("ventanilla"),
    };
    status_in(&domain, error)
}

/// The same as one of many results of a call that goes on.
pub fn refusal(status: &Status) -> proto::Refusal {
    let details = status.get_error_details();
    let violations = details.bad_request().map_or(&[][..], |bad| &bad.field_violations);
    let violation =
        |v: &FieldViolation| proto::FieldViolation { field: v.field.clone(), description: v.description.clone() };
    proto::Refusal {
        code: status.code().into(),
        reason: details.error_info().map(|info| info.reason.clone()).unwrap_or_default(),
        message: status.message().to_owned(),
        violations: violations.iter().map(violation).collect(),
    }
}

/// The answer for an error of the named domain.
pub(crate) fn status_in(domain: &str, error: &(impl Classify + ?Sized)) -> Status {
    log(error);
    let kind = error.kind();
    let message = match kind {
        Kind::Internal => internal_message(),
        _ => error.to_string(),
    };
    Status::with_error_details(code(kind), message.clone(), details(domain, error, &message))
}

const fn code(kind: Kind) -> Code {
    match kind {
        Kind::InvalidArgument => Code::InvalidArgument,
        Kind::Unauthenticated => Code::Unauthenticated,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::AlreadyExists => Code::AlreadyExists,
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::OutOfRange => Code::OutOfRange,
        Kind::Aborted => Code::Aborted,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::DeadlineExceeded => Code::DeadlineExceeded,
        Kind::Internal => Code::Internal,
    }
}

fn details(domain: &str, error: &(impl Classify + ?Sized), message: &str) -> ErrorDetails {
    let kind = error.kind();
    let metadata: HashMap<String, String> = match kind {
        // What happened inside is nobody's business outside.
        Kind::Internal => telemetry::current_trace_id().map(|id| ("trace_id".to_owned(), id)).into_iter().collect(),
        _ => error.metadata().into_iter().map(|(key, value)| (key.to_owned(), value.into_owned())).collect(),
    };
    let fact = |key: &str| metadata.get(key).cloned();
    let mut details = ErrorDetails::new();
    match kind {
        Kind::InvalidArgument if !error.violations().is_empty() => {
            details.set_bad_request(field_violations(error.violations()));
        }
        Kind::Unavailable | Kind::ResourceExhausted => {
            let stated = fact("retry_delay_ms").and_then(|ms| ms.parse().ok()).map(Duration::from_millis);
            details.set_retry_info(Some(stated.unwrap_or(RETRY_DELAY)));
        }
        Kind::NotFound => {
            if let Some(resource) = fact("resource") {
                let collection = resource.split('/').next().unwrap_or_default().to_owned();
                details.set_resource_info(collection, resource, "", message);
            }
        }
        Kind::FailedPrecondition => {
            let subject = fact("resource").or_else(|| fact("state")).unwrap_or_default();
            let mut failures: Vec<_> = field_violations(error.violations())
                .into_iter()
                .map(|v| PreconditionViolation::new(error.reason(), v.field, v.description))
                .collect();
            if failures.is_empty() {
                failures.push(PreconditionViolation::new(error.reason(), subject, message));
            }
            details.set_precondition_failure(failures);
        }
        _ => {}
    }
    details.set_error_info(error.reason(), domain, metadata);
    details
}

/// All of them, as far as a header can carry them; the last one says how many are left out.
fn field_violations(violations: &[Violation]) -> Vec<FieldViolation> {
    let mut room = VIOLATION_BYTES;
    let mut fields = Vec::with_capacity(violations.len());
    for (position, violation) in violations.iter().enumerate() {
        let size = violation.field.len() + violation.description.len() + 8;
        if size > room {
            let left = violations.len() - position;
            fields.push(FieldViolation::new("", format!("and {left} more")));
            break;
        }
        room -= size;
        fields.push(FieldViolation::new(&violation.field, &violation.description));
    }
    fields
}

fn internal_message() -> String {
    match telemetry::current_trace_id() {
        Some(trace) => format!("internal error; quote trace {trace}"),
        None => "internal error".to_owned(),
    }
}

fn log(error: &(impl Classify + ?Sized)) {
    let reason = error.reason();
    match error.severity() {
        Severity::Refused => tracing::debug!(reason, "refused"),
        Severity::Degraded => tracing::warn!(reason, error = kernel::chain(error), "degraded"),
        Severity::Broken => tracing::error!(reason, error = kernel::chain(error), "broken"),
    }
}
