//! SQL of ticketing. Each file holds one table's statements; what is read is turned into domain values
//! here, and a row that cannot be is named by table, column and key.

pub(crate) mod affected;
pub(crate) mod agent;
pub(crate) mod article;
pub(crate) mod cause;
pub(crate) mod characteristic;
pub(crate) mod create;
pub(crate) mod cure;
pub(crate) mod customers_apart;
pub(crate) mod draft;
pub(crate) mod erased_customer;
pub(crate) mod finding;
pub(crate) mod history;
pub(crate) mod imported;
pub(crate) mod incident;
pub(crate) mod journey;
pub(crate) mod link;
pub(crate) mod mention;
pub(crate) mod message;
pub(crate) mod named;
pub(crate) mod notice;
pub(crate) mod process;
pub(crate) mod promise;
pub(crate) mod public_status;
pub(crate) mod queue;
pub(crate) mod redress;
pub(crate) mod rights;
pub(crate) mod scan;
pub(crate) mod silence;
pub(crate) mod survey;
pub(crate) mod term;
pub(crate) mod ticket;
mod ticket_row;

use kernel::{Actor, ActorKind};
use postgres::StoreError;

pub(crate) use ticket_row::Stored;

/// A stored word as its value, or which cell it is that cannot be read.
fn word<T>(
    table: &'static str,
    column: &'static str,
    row: impl std::fmt::Display,
    value: Option<T>,
) -> Result<T, StoreError> {
    value.ok_or_else(|| StoreError::corrupt(table, column, row))
}

/// An actor stored in three columns.
fn actor(
    table: &'static str,
    row: impl std::fmt::Display + Copy,
    kind: &str,
    id: String,
    department: Option<String>,
) -> Result<Actor, StoreError> {
    let kind: ActorKind = word(table, "actor_kind", row, kind.parse().ok())?;
    let department = match department {
        Some(slug) => Some(word(table, "actor_department", row, slug.parse().ok())?),
        None => None,
    };
    Ok(Actor { kind, id, department })
}
