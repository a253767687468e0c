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
    /// No such version of a policy, or no draft.
    #[error("the policy {policy} has no such version, or no draft; list its versions")]
    PolicyVersionNotFound {
        /// Policy.
        policy: String,
        /// Version; 0 for its draft.
        version: i32,
    },
    /// The name is of something that ships.
    #[error("{0} ships with the product and is changed by a release only; take another name")]
    Shipped(String),
    /// An instant lies in the past.
    #[error(
        "a policy cannot take effect or end in the past, affairs received since have what held for them; take a later time"
    )]
    InThePast,
    /// There is nothing to end.
    #[error("no version of the policy is in force or activated for later, so there is nothing to end")]
    NotInForce(String),
    /// The request was made before with another content.
    #[error(transparent)]
    Request(#[from] postgres::RequestError),
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
    /// No such call.
    #[error("no call of that system was recorded under that id; record it first")]
    CallNotFound(String),
    /// A call is known with other content.
    #[error("{} known with other content; what was recorded is not changed", .0.join(", "))]
    CallDiffers(Vec<String>),
    /// Nothing can be foretold of it.
    #[error("the clock is {state}; only of a running one is a breach foretold")]
    ClockNotRunning {
        /// What it is.
        state: &'static str,
    },
    /// Too little is summed for a board.
    #[error("boards are being summed, after an upgrade or since days are counted in another zone; try again later")]
    BoardBeingSummed,
    /// Entries wait for their position in the ledger.
    #[error("entries of the ledger wait for their position; try again")]
    LedgerBehind,
    /// Nothing was published under that name, or not that version.
    #[error("no such evaluation was published; ask for version 0, or for a preview")]
    EvaluationNotFound {
        /// Evaluation.
        name: String,
        /// Version; 0 for the newest.
        version: i32,
    },
    /// The year goes on.
    #[error("the year is not over, so its evaluation cannot be published; ask for a preview")]
    YearNotOver,
    /// The document cannot be written.
    #[error("the document cannot be written: {0}")]
    Paper(#[from] paper::PaperError),
    /// Whoever wrote the document was stopped.
    #[error("the document was not written to its end; try again")]
    DocumentGivenUp,
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
            Self::ClockNotFound(_)
            | Self::CallNotFound(_)
            | Self::PolicyNotFound(_)
            | Self::CalendarNotFound(_)
            | Self::EvaluationNotFound { .. }
            | Self::PolicyVersionNotFound { .. } => Kind::NotFound,
            Self::NoTermToCount { .. }
            | Self::DateOutOfRange
            | Self::Shipped(_)
            | Self::InThePast
            | Self::NotInForce(_)
            | Self::YearNotOver
            | Self::ClockNotRunning { .. } => Kind::FailedPrecondition,
            Self::CallDiffers(_) => Kind::AlreadyExists,
            Self::Paper(_) => Kind::Internal,
            Self::BoardBeingSummed | Self::LedgerBehind | Self::DocumentGivenUp => Kind::Unavailable,
            Self::Request(error) => error.kind(),
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
            Self::PolicyVersionNotFound { .. } => "POLICY_VERSION_NOT_FOUND",
            Self::Shipped(_) => "SHIPPED",
            Self::InThePast => "IN_THE_PAST",
            Self::NotInForce(_) => "NOT_IN_FORCE",
            Self::Request(error) => error.reason(),
            Self::NoTermToCount { .. } => "NO_TERM_TO_COUNT",
            Self::DateOutOfRange => "DATE_OUT_OF_RANGE",
            Self::PositionAhead { .. } => "POSITION_AHEAD",
            Self::CallNotFound(_) => "CALL_NOT_FOUND",
            Self::CallDiffers(_) => "CALL_DIFFERS",
            Self::ClockNotRunning { .. } => "CLOCK_NOT_RUNNING",
            Self::EvaluationNotFound { .. } => "EVALUATION_NOT_FOUND",
            Self::BoardBeingSummed => "BOARD_BEING_SUMMED",
            Self::LedgerBehind => "LEDGER_BEHIND",
            Self::YearNotOver => "YEAR_NOT_OVER",
            Self::Paper(_) => "INTERNAL",
            Self::DocumentGivenUp => "DOCUMENT_GIVEN_UP",
            Self::Store(error) => error.reason(),
        }
    }

    fn metadata(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Self::ClockNotFound(name)
            | Self::CallNotFound(name)
            | Self::PolicyNotFound(name)
            | Self::CalendarNotFound(name)
            | Self::Shipped(name)
            | Self::NotInForce(name) => vec![("resource", name.clone().into())],
            Self::PolicyVersionNotFound { policy, version } => {
                vec![("resource", format!("policies/{policy}").into()), ("version", version.to_string().into())]
            }
            Self::EvaluationNotFound { name, version } => {
                vec![("resource", name.clone().into()), ("version", version.to_string().into())]
            }
            Self::Request(error) => error.metadata(),
            Self::NoTermToCount { rule, stage } => {
                vec![("resource", format!("policies/{rule}").into()), ("stage", stage.clone().into())]
            }
            Self::PositionAhead { head } => vec![("head_position", head.to_string().into())],
            Self::CallDiffers(calls) => vec![("calls", calls.join(", ").into())],
            Self::ClockNotRunning { state } => vec![("state", (*state).into())],
            Self::Invalid(_)
            | Self::Page(_)
            | Self::DateOutOfRange
            | Self::InThePast
            | Self::YearNotOver
            | Self::BoardBeingSummed
            | Self::LedgerBehind
            | Self::Paper(_)
            | Self::DocumentGivenUp
            | Self::Store(_) => Vec::new(),
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
