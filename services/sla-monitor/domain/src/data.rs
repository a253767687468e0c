//! The data files that the product ships: calendars and rules, embedded at compile time.

/// A data file that does not hold what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct DataError {
    place: String,
    what: String,
}

impl DataError {
    /// Something wrong at a place.
    pub fn new(place: &str, what: &str) -> Self {
        Self { place: place.to_owned(), what: what.to_owned() }
    }
}

pub(crate) const CALENDARS: &[&str] = &[
    include_str!("../../data/calendars/es.national.toml"),
    include_str!("../../data/calendars/es.madrid.toml"),
    include_str!("../../data/calendars/es.canarias.toml"),
];

pub(crate) const REGIMES: &[(&str, &str)] = &[
    ("es-general.toml", include_str!("../../data/regimes/es-general.toml")),
    ("es-finance.toml", include_str!("../../data/regimes/es-finance.toml")),
    ("es-adr.toml", include_str!("../../data/regimes/es-adr.toml")),
    ("eu.toml", include_str!("../../data/regimes/eu.toml")),
    ("uk.toml", include_str!("../../data/regimes/uk.toml")),
    ("latin-america.toml", include_str!("../../data/regimes/latin-america.toml")),
    ("elsewhere.toml", include_str!("../../data/regimes/elsewhere.toml")),
    ("house.toml", include_str!("../../data/regimes/house.toml")),
];
