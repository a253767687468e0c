//! Everything a use case may fail with.

use std::borrow::Cow;

use kernel::{Classify, Kind, Violation, Violations};
use ombudsman_escalation_domain::{HouseRefused, Refused};
use postgres::{RequestError, StoreError};

use crate::seal::{KeyId, Unopened, Unsealable};

/// Why a use case gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request is wrong.
    #[error(transparent)]
    Invalid(#[from] Violations),
    /// The page token is wrong.
    #[error(transparent)]
    Page(#[from] server::InvalidPageToken),
    /// The rules of the house refuse it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The request's id.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// ticketing knows no such ticket, or it is not the caller's.
    #[error("there is no such ticket, or it is not yours")]
    TicketNotFound,
    /// ticketing knows no ticket with this key and this proof.
    #[error("no ticket has this tracking key and proof")]
    KeyOrProofUnknown,
    /// The code is not the one that the claimant of the case was given.
    #[error("the office's code is not the one of this case; the registry of the office tells it anew")]
    OfficeCodeWrong,
    /// The ticket has a live case; which one is looked up before answering.
    #[error("the complaint of this ticket is before the office already")]
    TicketTaken,
    /// The wall of the database refused what the program's let through: something was committed between.
    #[error("a conflict came to light meanwhile; retry")]
    WallMoved,
    /// Who is one person with the claimant is not known as customer-profile knows it now.
    #[error("who is one person with the claimant is not known yet; retry with the same request_id")]
    LinksUnknown,
    /// Who acted on the affair is not known as ticketing knows it now.
    #[error("who acted on the affair is not known yet; retry with the same request_id")]
    TouchesUnknown,
    /// A service that must be asked does not answer.
    #[error("{peer} does not answer; retry with the same request_id")]
    Peer {
        /// Which.
        peer: &'static str,
        /// What it said.
        code: tonic::Code,
    },
    /// A peer's answer makes no sense.
    #[error("{peer} gave an answer that cannot be used")]
    PeerAnswer {
        /// Which.
        peer: &'static str,
    },
    /// A document could not be set.
    #[error("the document could not be made")]
    Document,
    /// A stored answer or draft cannot be read.
    #[error("a stored answer cannot be read")]
    Unreadable,
    /// The office's key does not open what it closed.
    #[error(transparent)]
    Seal(#[from] Unsealable),
    /// The office was not given the key that a draft was closed under.
    #[error("the draft was closed under the key {key}, which the office was not given")]
    KeyMissing {
        /// Which.
        key: KeyId,
    },
}

impl Failure {
    /// One field of the request is wrong.
    pub(crate) fn field(field: &str, why: impl Into<String>) -> Self {
        let mut violations = Violations::new();
        violations.push(field, why);
        violations.into()
    }
}

impl From<Unopened> for Failure {
    fn from(error: Unopened) -> Self {
        match error {
            Unopened::KeyMissing(key) => Self::KeyMissing { key },
            Unopened::Unsealable(error) => Self::Seal(error),
        }
    }
}

impl From<HouseRefused> for Failure {
    fn from(refused: HouseRefused) -> Self {
        Self::Refused(refused.into())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Classify for Failure {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(error) => error.kind(),
            Self::Page(error) => error.kind(),
            Self::Refused(error) => error.kind(),
            Self::Request(error) => error.kind(),
            Self::Store(error) => error.kind(),
            Self::TicketNotFound | Self::KeyOrProofUnknown => Kind::NotFound,
            Self::OfficeCodeWrong => Kind::PermissionDenied,
            Self::TicketTaken => Kind::AlreadyExists,
            Self::WallMoved | Self::KeyMissing { .. } => Kind::FailedPrecondition,
            Self::LinksUnknown | Self::TouchesUnknown | Self::Peer { .. } => Kind::Unavailable,
            Self::PeerAnswer { .. } | Self::Document | Self::Unreadable | Self::Seal(_) => Kind::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(error) => error.reason(),
            Self::Page(error) => error.reason(),
            Self::Refused(error) => error.reason(),
            Self::Request(error) => error.reason(),
            Self::Store(error) => error.reason(),
            Self::TicketNotFound => "TICKET_NOT_FOUND",
            Self::KeyOrProofUnknown => "KEY_OR_PROOF_UNKNOWN",
            Self::OfficeCodeWrong => "OFFICE_CODE_WRONG",
            Self::TicketTaken => "TICKET_AT_OFFICE",
            Self::WallMoved => "CONFLICT_OF_INTEREST",
            Self::KeyMissing { .. } => "DRAFT_KEY_MISSING",
            Self::LinksUnknown => "LINKS_UNKNOWN",
            Self::TouchesUnknown => "TOUCHES_UNKNOWN",
            Self::Peer { .. } => "PEER_UNAVAILABLE",
            Self::PeerAnswer { .. } | Self::Document | Self::Unreadable | Self::Seal(_) => "INTERNAL",
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::Refused(error) => error.metadata(),
            Self::Request(error) => error.metadata(),
            Self::Peer { peer, .. } => vec![("peer", (*peer).into())],
            Self::KeyMissing { key } => vec![("key", key.to_string().into())],
            _ => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(error) => error.as_slice(),
            Self::Page(error) => error.violations(),
            Self::Refused(error) => error.violations(),
            _ => &[],
        }
    }
}
