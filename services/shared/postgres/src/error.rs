//! What the database says, in the terms of the house.
//!
//! Nothing of a driver error that may hold row values (message, detail) is kept: SQLSTATE, table and
//! constraint are enough to act on, and personal data must not reach a log.

use std::borrow::Cow;

use kernel::{Classify, Kind};
use sqlx::postgres::PgQueryResult;

/// Why a statement or a transaction did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// A named constraint refused the row; the store maps it to a domain error.
    #[error("the write breaks the rule {name}")]
    Constraint {
        /// Name of the constraint.
        name: String,
    },
    /// The row has another version than the caller's `etag` says.
    #[error("the resource changed since it was read; read it again and retry")]
    Stale,
    /// Lock time-out, deadlock or serialization failure.
    #[error("another write was in the way; retry")]
    Contended,
    /// The database cannot be reached, is starting, stopping or full. Nothing was written.
    #[error("storage is not available; retry with the same request_id")]
    Unavailable(#[source] Cause),
    /// The connection broke at COMMIT, so the outcome is not known.
    #[error("the outcome of the commit is not known; retry with the same request_id to learn it")]
    OutcomeUnknown(#[source] Cause),
    /// A stored row does not have the shape this binary knows.
    #[error("a stored row cannot be read")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// Key of the row.
        row: String,
    },
    /// A fault of ours: bad SQL, a type that does not fit.
    #[error("storage refused a statement")]
    Driver(#[source] Cause),
}

/// What is kept of a driver error for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{what}{}{}", .sqlstate.as_deref().map(|c| format!(" (SQLSTATE {c})")).unwrap_or_default(),
    .table.as_deref().map(|t| format!(" on {t}")).unwrap_or_default())]
pub struct Cause {
    what: &'static str,
    sqlstate: Option<String>,
    table: Option<String>,
}

impl StoreError {
    /// A stored row that cannot be decoded, named by table, column and key.
    pub fn corrupt(table: &'static str, column: &'static str, row: impl std::fmt::Display) -> Self {
        Self::Corrupt { table, column, row: row.to_string() }
    }

    /// The server answers and takes no writes: another was promoted.
    pub(crate) fn only_reads() -> Self {
        Self::Unavailable(Cause { what: "the server only reads", sqlstate: None, table: None })
    }

    /// The name of the constraint that refused, if one did.
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name } => Some(name),
            _ => None,
        }
    }

    /// Whether it says nothing of what was to be written: it would have met any other statement too.
    pub(crate) fn is_about_the_connection(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::OutcomeUnknown(_))
    }

    /// The same error when it came from COMMIT: a broken connection leaves the outcome unknown.
    pub(crate) fn at_commit(self) -> Self {
        match self {
            Self::Unavailable(cause) => Self::OutcomeUnknown(cause),
            other => other,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let cause = |what| Cause { what, sqlstate: None, table: None };
        match error {
            sqlx::Error::Database(db) => from_database(db.as_ref()),
            sqlx::Error::Io(_) => Self::Unavailable(cause("the connection broke")),
            sqlx::Error::Tls(_) => Self::Unavailable(cause("the secure connection failed")),
            sqlx::Error::PoolTimedOut => Self::Unavailable(cause("no connection became free in time")),
            sqlx::Error::PoolClosed => Self::Unavailable(cause("the pool is closed")),
            sqlx::Error::WorkerCrashed => Self::Unavailable(cause("a driver task died")),
            sqlx::Error::RowNotFound => Self::Driver(cause("a row that must exist is absent")),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                Self::Driver(cause("a column cannot be decoded"))
            }
            sqlx::Error::Encode(_) => Self::Driver(cause("a parameter cannot be encoded")),
            sqlx::Error::Protocol(_) => Self::Unavailable(cause("the protocol was broken off")),
            sqlx::Error::Configuration(_) => Self::Driver(cause("the connection settings are wrong")),
            _ => Self::Driver(cause("the driver failed")),
        }
    }
}

fn from_database(db: &dyn sqlx::error::DatabaseError) -> StoreError {
    let sqlstate = db.code().map(Cow::into_owned).unwrap_or_default();
    if sqlstate.starts_with("23")
        && let Some(name) = db.constraint()
    {
        return StoreError::Constraint { name: name.to_owned() };
    }
    let cause = |what| Cause { what, sqlstate: Some(sqlstate.clone()), table: db.table().map(str::to_owned) };
    match sqlstate.as_str() {
        // serialization failure, deadlock, lock not available
        "40001" | "40P01" | "55P03" => StoreError::Contended,
        // read-only transaction: a standby was promoted elsewhere
        "25006" => StoreError::Unavailable(cause("the server only reads")),
        // connection exceptions, insufficient resources, operator intervention, system error
        code if ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => {
            StoreError::Unavailable(cause("the server cannot serve"))
        }
        _ => StoreError::Driver(cause("the server refused")),
    }
}

impl Classify for StoreError {
    fn kind(&self) -> Kind {
        match self {
            Self::Stale | Self::Contended => Kind::Aborted,
            Self::Unavailable(_) | Self::OutcomeUnknown(_) => Kind::Unavailable,
            Self::Constraint { .. } | Self::Corrupt { .. } | Self::Driver(_) => Kind::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Stale => "STALE_ETAG",
            Self::Contended => "CONTENDED",
            Self::Unavailable(_) => "STORAGE_UNAVAILABLE",
            Self::OutcomeUnknown(_) => "OUTCOME_UNKNOWN",
            Self::Constraint { .. } | Self::Corrupt { .. } | Self::Driver(_) => "INTERNAL",
        }
    }
}

/// An UPDATE guarded by a version must have met its row.
///
/// # Errors
/// [`StoreError::Stale`] when no row was changed.
pub fn affected_one(result: &PgQueryResult) -> Result<(), StoreError> {
    if result.rows_affected() == 0 { Err(StoreError::Stale) } else { Ok(()) }
}
