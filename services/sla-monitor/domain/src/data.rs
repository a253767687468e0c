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

/// What is extended comes before what extends it.
pub(crate) const CALENDARS: &[&str] = &[
    include_str!("../../data/calendars/es.national.toml"),
    include_str!("../../data/calendars/es.andalucia.toml"),
    include_str!("../../data/calendars/es.aragon.toml"),
    include_str!("../../data/calendars/es.asturias.toml"),
    include_str!("../../data/calendars/es.baleares.toml"),
    include_str!("../../data/calendars/es.canarias.toml"),
    include_str!("../../data/calendars/es.cantabria.toml"),
    include_str!("../../data/calendars/es.castilla-la-mancha.toml"),
    include_str!("../../data/calendars/es.castilla-y-leon.toml"),
    include_str!("../../data/calendars/es.cataluna.toml"),
    include_str!("../../data/calendars/es.ceuta.toml"),
    include_str!("../../data/calendars/es.extremadura.toml"),
    include_str!("../../data/calendars/es.galicia.toml"),
    include_str!("../../data/calendars/es.la-rioja.toml"),
    include_str!("../../data/calendars/es.madrid.toml"),
    include_str!("../../data/calendars/es.melilla.toml"),
    include_str!("../../data/calendars/es.murcia.toml"),
    include_str!("../../data/calendars/es.navarra.toml"),
    include_str!("../../data/calendars/es.pais-vasco.toml"),
    include_str!("../../data/calendars/es.valencia.toml"),
    include_str!("../../data/calendars/au.national.toml"),
    include_str!("../../data/calendars/au.nsw.toml"),
    include_str!("../../data/calendars/au.vic.toml"),
    include_str!("../../data/calendars/cl.toml"),
    include_str!("../../data/calendars/co.toml"),
    include_str!("../../data/calendars/gb.england.toml"),
    include_str!("../../data/calendars/gb.northern-ireland.toml"),
    include_str!("../../data/calendars/gb.scotland.toml"),
    include_str!("../../data/calendars/gg.toml"),
    include_str!("../../data/calendars/ie.toml"),
    include_str!("../../data/calendars/je.toml"),
    include_str!("../../data/calendars/mx.toml"),
    include_str!("../../data/calendars/pe.toml"),
    include_str!("../../data/calendars/us.toml"),
];

/// What law has published of service.
pub(crate) const PUBLISHED: &str = include_str!("../../data/published/es-l10-2025.toml");

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
