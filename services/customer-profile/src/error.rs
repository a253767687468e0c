//! Why this service refuses or fails a call.

use std::borrow::Cow;

use customer_profile_domain::CustomerId;
use kernel::{Classify, Department, Kind, ResourceId, Violation, Violations};
use postgres::{RequestError, StoreError};

/// Everything a use case of this service may end with.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The request is wrong by itself.
    #[error(transparent)]
    Invalid(#[from] Violations),
    /// The page token is not one of this list.
    #[error("page_token is not one that this list gave for this filter; start again without it")]
    PageToken([Violation; 1]),
    /// Nobody ever had this id.
    #[error("there is no such customer; look it up by phone, or ingest a source record")]
    CustomerNotFound(CustomerId),
    /// The record is another department's.
    #[error("the record of this source_system and external_id belongs to the department {owner}")]
    DepartmentMismatch {
        /// Whose it is.
        owner: Department,
    },
    /// Records of the same person kept changing.
    #[error("other records of the same person kept changing; retry with the same request_id")]
    IdentityContended,
    /// The `request_id`.
    #[error(transparent)]
    Request(RequestError),
    /// The database.
    #[error(transparent)]
    Store(StoreError),
}

impl ProfileError {
    /// Whether doing the whole thing again may go well.
    pub(crate) fn is_contention(&self) -> bool {
        matches!(self, Self::IdentityContended | Self::Store(StoreError::Contended))
    }
}

impl From<StoreError> for ProfileError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for ProfileError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<RequestError> for ProfileError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Store(error) => Self::Store(error),
            other => Self::Request(other),
        }
    }
}

impl Classify for ProfileError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) | Self::PageToken(_) => Kind::InvalidArgument,
            Self::CustomerNotFound(_) => Kind::NotFound,
            Self::DepartmentMismatch { .. } => Kind::FailedPrecondition,
            Self::IdentityContended => Kind::Aborted,
            Self::Request(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(violations) => violations.reason(),
            Self::PageToken(_) => "INVALID_PAGE_TOKEN",
            Self::CustomerNotFound(_) => "CUSTOMER_NOT_FOUND",
            Self::DepartmentMismatch { .. } => "DEPARTMENT_MISMATCH",
            Self::IdentityContended => "IDENTITY_CONTENDED",
            Self::Request(error) => error.reason(),
            Self::Store(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::CustomerNotFound(id) => vec![("resource", Cow::Owned(id.name()))],
            Self::DepartmentMismatch { owner } => vec![("department", Cow::Owned(owner.to_string()))],
            Self::Request(error) => error.metadata(),
            Self::Store(error) => error.metadata(),
            Self::Invalid(_) | Self::PageToken(_) | Self::IdentityContended => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(violations) => violations.as_slice(),
            Self::PageToken(violation) => violation,
            _ => &[],
        }
    }
}
