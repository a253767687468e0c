//! How a refusal or a failure is described, apart from how it travels.

use std::borrow::Cow;

use crate::Violation;

/// What the caller should do about an error. One kind maps to one gRPC status code, and the map
/// stands in one place (`server::status`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is wrong whatever the state; fix it.
    InvalidArgument,
    /// Say who you are.
    Unauthenticated,
    /// You are known, and may not.
    PermissionDenied,
    /// Absent, or not yours to see.
    NotFound,
    /// It exists, and another was asked for.
    AlreadyExists,
    /// The state does not allow it; change the state first.
    FailedPrecondition,
    /// A position beyond the end of what there is: it belongs to something else.
    OutOfRange,
    /// Somebody else was faster; read again and retry.
    Aborted,
    /// Too much; later.
    ResourceExhausted,
    /// Not now; retry with the same `request_id`.
    Unavailable,
    /// The time the caller gave is over. The outcome is unknown for a mutation.
    DeadlineExceeded,
    /// Ours to mend.
    Internal,
}

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The caller alone: an ordinary refusal pages nobody.
    Refused,
    /// The log, as a warning: it heals by itself or by a retry.
    Degraded,
    /// The log, as an error: somebody must look.
    Broken,
}

/// Implemented by every error that may reach an edge.
///
/// `Display` of the error is what the caller may read; `source()` is for the log alone.
pub trait Classify: std::error::Error {
    /// What to do about it.
    fn kind(&self) -> Kind;

    /// The machine-readable reason: the name of a value of the service's `ErrorReason` enum,
    /// without its prefix.
    fn reason(&self) -> &'static str;

    /// Facts a program needs to act on the reason (`state`, `article`, `policy_version`, …).
    /// Never personal data.
    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        Vec::new()
    }

    /// Every field that was wrong, for [`Kind::InvalidArgument`]; every resource that stands in the way and why, for
    /// [`Kind::FailedPrecondition`].
    fn violations(&self) -> &[Violation] {
        &[]
    }

    /// Who is told; derived from the kind unless the error knows better.
    fn severity(&self) -> Severity {
        match self.kind() {
            Kind::Internal => Severity::Broken,
            Kind::Unavailable | Kind::ResourceExhausted | Kind::DeadlineExceeded => Severity::Degraded,
            _ => Severity::Refused,
        }
    }
}
