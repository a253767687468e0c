//! Why a call to ticketing is refused or fails: what business says, what storage says, what is absent.

use std::borrow::Cow;

use kernel::{Classify, Kind, Violation, Violations};
use postgres::{RequestError, StoreError};
use ticketing_domain::Refusal;

/// Nobody is turned away without reasons and a way on.
const REJECTION_ARTICLE: &str = "Ley 10/2025 art. 13.7";

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Business refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What only the moment of writing can tell to be invalid.
    #[error(transparent)]
    Invalid(#[from] Violations),
    /// Not taken up, and the customer would not learn why or where to turn to.
    #[error("who is not taken up learns why and where to turn to (Ley 10/2025 art. 13.7)")]
    Unreasoned(Violations),
    /// No such resource.
    #[error("{resource} does not exist")]
    NotFound {
        /// Its name.
        resource: String,
    },
    /// No ticket has this key with this proof.
    #[error("no ticket has this tracking key and proof")]
    KeyOrProofUnknown,
    /// Another service of the house does not answer.
    #[error("{peer} does not answer; retry with the same request_id")]
    PeerSilent {
        /// Which.
        peer: &'static str,
    },
    /// Another service's answer makes no sense.
    #[error("{peer} gave an answer that cannot be used")]
    PeerAnswer {
        /// Which.
        peer: &'static str,
    },
    /// A document could not be made.
    #[error("the document could not be made")]
    Document,
    /// The position is of another ledger.
    #[error("after_position is beyond the head {head}: it is of another ledger")]
    PositionAhead {
        /// Where the head is.
        head: i64,
    },
    /// The `request_id`.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Storage.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// A resource that is not there.
    pub fn not_found(resource: impl Into<String>) -> Self {
        Self::NotFound { resource: resource.into() }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Classify for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Refused(error) => error.kind(),
            Self::Invalid(error) | Self::Unreasoned(error) => error.kind(),
            Self::NotFound { .. } | Self::KeyOrProofUnknown => Kind::NotFound,
            Self::PositionAhead { .. } => Kind::OutOfRange,
            Self::PeerSilent { .. } => Kind::Unavailable,
            Self::PeerAnswer { .. } | Self::Document => Kind::Internal,
            Self::Request(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Refused(error) => error.reason(),
            Self::Invalid(error) | Self::Unreasoned(error) => error.reason(),
            Self::NotFound { .. } => "NOT_FOUND",
            Self::KeyOrProofUnknown => "KEY_OR_PROOF_UNKNOWN",
            Self::PositionAhead { .. } => "POSITION_AHEAD",
            Self::PeerSilent { .. } => "PEER_UNAVAILABLE",
            Self::PeerAnswer { .. } | Self::Document => "INTERNAL",
            Self::Request(error) => error.reason(),
            Self::Store(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::Refused(error) => error.metadata(),
            Self::Unreasoned(_) => vec![("article", Cow::Borrowed(REJECTION_ARTICLE))],
            Self::NotFound { resource } => vec![("resource", Cow::Owned(resource.clone()))],
            Self::PositionAhead { head } => vec![("head", Cow::Owned(head.to_string()))],
            Self::PeerSilent { peer } | Self::PeerAnswer { peer } => vec![("peer", Cow::Borrowed(*peer))],
            Self::Request(error) => error.metadata(),
            Self::Store(error) => error.metadata(),
            Self::Invalid(_) | Self::KeyOrProofUnknown | Self::Document => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(error) | Self::Unreasoned(error) => error.as_slice(),
            _ => &[],
        }
    }
}
