//! What the shared layers refuse a call with, before a service sees it: the reasons of
//! `ventanilla.auth.v1.ErrorReason`.

use std::borrow::Cow;
use std::time::Duration;

use kernel::{Classify, Kind};
use tonic::Status;
use tonic::body::Body;

/// Error domain of these reasons.
const DOMAIN: &str = "auth.ventanilla";

/// A call that a layer refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No `authorization: Bearer …`.
    #[error("send a token in the metadata: authorization: Bearer …")]
    TokenMissing,
    /// The token does not hold; says no more than that to whoever shows a bad one.
    #[error("the token is not valid: get a new one")]
    TokenInvalid,
    /// Whoever issued the token cannot be asked for the key it names: nobody can say whether it holds.
    #[error("the token cannot be judged now, since its issuer does not answer: retry later")]
    KeysOutOfReach,
    /// The token held when the stream was opened, and does no longer.
    #[error("the token's time is over: come back with a new one, where the stream stood")]
    TokenOver,
    /// No role of the caller may call the method.
    #[error("none of your roles may call this method")]
    RoleNotAllowed,
    /// Only a service may speak for somebody else.
    #[error("only a service may act on behalf of somebody")]
    NotAService,
    /// The denial must be recorded, and could not be.
    #[error("the call is refused, and the refusal cannot be recorded now")]
    DenialNotRecorded,
    /// Out of time.
    #[error("the time given for the call is over; retry a mutation with the same request_id")]
    DeadlineExceeded,
    /// Full.
    #[error("the service is full; retry later")]
    Overloaded {
        /// When to come back.
        retry_after: Duration,
    },
    /// One caller holds as many streams as one may.
    #[error("you have as many streams open as one caller may: close one, or retry later")]
    TooManyStreams {
        /// When to come back.
        retry_after: Duration,
    },
    /// As many calls to one peer are under way as there may be.
    #[error("another service answers too late, and as many calls wait for it as may; retry later")]
    PeerBusy,
    /// A method of a peer that kept failing is left alone.
    #[error("another service does not answer, and is left alone for a moment; retry later")]
    PeerAway {
        /// When it is tried again.
        retry_after: Duration,
    },
    /// Going down.
    #[error("this instance is going down; another one will answer")]
    Draining,
}

impl Classify for Refusal {
    fn kind(&self) -> Kind {
        match self {
            Self::TokenMissing | Self::TokenInvalid | Self::TokenOver => Kind::Unauthenticated,
            Self::RoleNotAllowed | Self::NotAService => Kind::PermissionDenied,
            Self::DeadlineExceeded => Kind::DeadlineExceeded,
            Self::Overloaded { .. } | Self::TooManyStreams { .. } => Kind::ResourceExhausted,
            Self::KeysOutOfReach
            | Self::DenialNotRecorded
            | Self::PeerBusy
            | Self::PeerAway { .. }
            | Self::Draining => Kind::Unavailable,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::TokenMissing => "TOKEN_MISSING",
            Self::TokenInvalid | Self::KeysOutOfReach | Self::TokenOver => "TOKEN_INVALID",
            Self::RoleNotAllowed | Self::NotAService | Self::DenialNotRecorded => "ROLE_NOT_ALLOWED",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Overloaded { .. } | Self::TooManyStreams { .. } => "OVERLOADED",
            Self::PeerBusy => "PEER_BUSY",
            Self::PeerAway { .. } => "PEER_AWAY",
            Self::Draining => "DRAINING",
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::Overloaded { retry_after }
            | Self::TooManyStreams { retry_after }
            | Self::PeerAway { retry_after } => {
                vec![("retry_delay_ms", Cow::Owned(retry_after.as_millis().to_string()))]
            }
            _ => Vec::new(),
        }
    }

    fn severity(&self) -> kernel::Severity {
        match self {
            Self::DenialNotRecorded => kernel::Severity::Broken,
            // Under overload one line per refused call would make it worse; the histogram counts them.
            _ => kernel::Severity::Refused,
        }
    }
}

impl Refusal {
    /// The status of this refusal.
    pub fn status(&self) -> Status {
        crate::status::status_in(DOMAIN, self)
    }

    /// The whole answer, for a layer that does not pass the call on.
    pub(crate) fn answer(&self) -> http::Response<Body> {
        self.status().into_http()
    }
}
