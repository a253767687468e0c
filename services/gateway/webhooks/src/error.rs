//! Everything a use case of this service may end with.

use std::borrow::Cow;

use kernel::{Classify, Kind, Violation, Violations};
use postgres::StoreError;
use webhooks_domain::standing::WrongState;

/// Why a call got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request is wrong by itself.
    #[error(transparent)]
    Invalid(#[from] Violations),
    /// The page token is not one of this list.
    #[error(transparent)]
    Page(#[from] server::InvalidPageToken),
    /// No such subscription, or not the caller's to see.
    #[error("there is no such subscription, or it is another department's; list the subscriptions")]
    SubscriptionNotFound(String),
    /// No such delivery, or not the caller's to see.
    #[error("there is no such delivery, or it is another department's; list the deliveries of the subscription")]
    DeliveryNotFound(String),
    /// It concerns another department.
    #[error("only an SRE makes a subscription for another department, or of other departments' affairs")]
    NotYourDepartment,
    /// The verb does not fit the state.
    #[error(transparent)]
    State(#[from] WrongState),
    /// The delivery waits already.
    #[error("the delivery waits to be made already")]
    DeliveryWaiting,
    /// There is no such position yet.
    #[error("there is no event at that position yet; the last one is {head}")]
    PositionAhead {
        /// The last position.
        head: i64,
    },
    /// The department has as many as it may.
    #[error("the department has {limit} subscriptions, and may have no more; delete one")]
    TooMany {
        /// How many it may have.
        limit: i64,
    },
    /// The request was made before with another content.
    #[error(transparent)]
    Request(#[from] postgres::RequestError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
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
            Self::SubscriptionNotFound(_) | Self::DeliveryNotFound(_) => Kind::NotFound,
            Self::NotYourDepartment => Kind::PermissionDenied,
            Self::State(_) | Self::DeliveryWaiting | Self::TooMany { .. } => Kind::FailedPrecondition,
            Self::PositionAhead { .. } => Kind::OutOfRange,
            Self::Request(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(error) => error.reason(),
            Self::Page(error) => error.reason(),
            Self::SubscriptionNotFound(_) => "SUBSCRIPTION_NOT_FOUND",
            Self::DeliveryNotFound(_) => "DELIVERY_NOT_FOUND",
            Self::NotYourDepartment => "NOT_YOUR_DEPARTMENT",
            Self::State(_) => "SUBSCRIPTION_STATE",
            Self::DeliveryWaiting => "DELIVERY_WAITING",
            Self::PositionAhead { .. } => "POSITION_AHEAD",
            Self::TooMany { .. } => "TOO_MANY_SUBSCRIPTIONS",
            Self::Request(error) => error.reason(),
            Self::Store(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::SubscriptionNotFound(name) | Self::DeliveryNotFound(name) => vec![("resource", name.clone().into())],
            Self::State(WrongState(state)) => vec![("state", state.as_str().into())],
            Self::DeliveryWaiting => vec![("state", "waiting".into())],
            Self::PositionAhead { head } => vec![("head_position", head.to_string().into())],
            Self::TooMany { limit } => vec![("limit", limit.to_string().into())],
            Self::Request(error) => error.metadata(),
            Self::Invalid(_) | Self::Page(_) | Self::NotYourDepartment | Self::Store(_) => Vec::new(),
        }
    }

    fn violations(&self) -> &[Violation] {
        match self {
            Self::Invalid(error) => error.as_slice(),
            Self::Page(error) => error.violations(),
            _ => &[],
        }
    }
}
