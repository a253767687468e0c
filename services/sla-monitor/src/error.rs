//! Everything a use case of this service may end with.

use std::borrow::Cow;

use kernel::{Classify, Kind, Violation, Violations};
use postgres::StoreError;
use sla_monitor_domain::clock::Unreplayable;

/// Why a call got no answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The request is wrong by itself.
    #[error(transparent)]
    Invalid(#[from] Violations),
    /// The page token is not one of this list.
    #[error(transparent)]
    Page(#[from] server::InvalidPageToken),
    /// No such clock.
    #[error("there is no such clock; list the clocks of its subject")]
    ClockNotFound(String),
    /// No such policy.
    #[error("there is no such policy; list the policies")]
    PolicyNotFound(String),
    /// No such calendar.
    #[error("there is no such calendar; a policy names the one it counts on")]
    CalendarNotFound(String),
    /// The rule asks for something that is not counted from an event.
    #[error("the rule {rule} sets no term that could be counted: it asks for {stage}")]
    NoTermToCount {
        /// Rule.
        rule: String,
        /// What it asks for.
        stage: String,
    },
    /// The due instant cannot be written.
    #[error("the term leads past the last date that can be written; take an earlier start")]
    DateOutOfRange,
    /// The position is beyond the head.
    #[error("after_position is beyond the head of the ledger, which is {head}: it is of another ledger")]
    PositionAhead {
        /// Head.
        head: i64,
    },
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl Failure {
    /// A stored clock that cannot be replayed: its rule or calendar is gone, or its entries make no clock.
    pub(crate) fn unreplayable(clock: impl std::fmt::Display, _: &Unreplayable) -> Self {
        Self::Store(StoreError::corrupt("clock_entry", "kind", clock))
    }
}

impl Classify for Failure {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(error) => error.kind(),
            Self::Page(error) => error.kind(),
            Self::ClockNotFound(_) | Self::PolicyNotFound(_) | Self::CalendarNotFound(_) => Kind::NotFound,
            Self::NoTermToCount { .. } | Self::DateOutOfRange => Kind::FailedPrecondition,
            Self::PositionAhead { .. } => Kind::OutOfRange,
            Self::Store(error) => error.kind(),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Invalid(error) => error.reason(),
            Self::Page(error) => error.reason(),
            Self::ClockNotFound(_) => "CLOCK_NOT_FOUND",
            Self::PolicyNotFound(_) => "POLICY_NOT_FOUND",
            Self::CalendarNotFound(_) => "CALENDAR_NOT_FOUND",
            Self::NoTermToCount { .. } => "NO_TERM_TO_COUNT",
            Self::DateOutOfRange => "DATE_OUT_OF_RANGE",
            Self::PositionAhead { .. } => "POSITION_AHEAD",
            Self::Store(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::ClockNotFound(name) | Self::PolicyNotFound(name) | Self::CalendarNotFound(name) => {
                vec![("resource", name.clone().into())]
            }
            Self::NoTermToCount { rule, stage } => {
                vec![("resource", format!("policies/{rule}").into()), ("stage", stage.clone().into())]
            }
            Self::PositionAhead { head } => vec![("head_position", head.to_string().into())],
            Self::Invalid(_) | Self::Page(_) | Self::DateOutOfRange | Self::Store(_) => Vec::new(),
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
