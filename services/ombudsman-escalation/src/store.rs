//! SQL, and nothing but: rows to values of the domain, values to rows, named constraints to refusals.

pub(crate) mod access;
pub mod case;
pub mod cause;
pub mod clock;
pub mod contact;
pub mod criterion;
pub mod decision;
pub mod dossier;
pub mod draft;
pub mod obligation;
pub mod precedent;
pub mod procedure;
pub mod report;
pub(crate) mod rights;
pub(crate) mod screen;
pub(crate) mod seats;
pub mod staff;
pub mod wall;

use jiff::Timestamp;
use ombudsman_escalation_domain::matter::Amount;
use postgres::StoreError;

/// A stored word, or the row that holds none of the known ones.
fn word<T: std::str::FromStr>(
    text: &str,
    table: &'static str,
    column: &'static str,
    row: impl std::fmt::Display,
) -> Result<T, StoreError> {
    text.parse().map_err(|_| StoreError::corrupt(table, column, row))
}

fn hash(
    bytes: &[u8],
    table: &'static str,
    column: &'static str,
    row: impl std::fmt::Display,
) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::corrupt(table, column, row))
}

/// An amount of two columns that are filled together.
fn amount(minor: Option<i64>, currency: Option<String>) -> Option<Amount> {
    minor.zip(currency).map(|(minor, currency)| Amount::stored(minor, currency))
}

fn instant(stored: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    stored.map(jiff_sqlx::Timestamp::to_jiff)
}
