//! A period with two ends and a department, as the smaller pages ask for.

use axum::http::StatusCode;
use jiff::Timestamp;
use serde::Deserialize;
use web::{Lang, Trouble, When};

use crate::Floor;
use crate::addresses::stamp;
use crate::period::Period;

/// The address as it comes.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct AskedQuery {
    period: String,
    from: String,
    to: String,
    zone: String,
    department: String,
}

/// The same, read.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) period: Period,
    pub(crate) from: String,
    pub(crate) to: String,
    /// A slug, or empty for all.
    pub(crate) department: String,
    first: Timestamp,
    after: Timestamp,
}

impl Asked {
    /// Reads an address; `otherwise` where it names no period. Of what has no beginning, the last year is looked at: that is the
    /// most that services measure at once.
    pub(crate) fn read(floor: &Floor, asked: AskedQuery, otherwise: Period) -> Result<Self, Trouble> {
        let nothing_said = asked.period.is_empty() && asked.from.is_empty() && asked.to.is_empty();
        let period = if nothing_said { Some(otherwise) } else { Period::read(&asked.period, &asked.from, &asked.to) };
        let mut trouble = Trouble::new(StatusCode::BAD_REQUEST);
        if period.is_none() {
            trouble = trouble.naming(
                "period",
                "Elija un periodo, o dos fechas que vayan en orden.",
                "Choose a period, or two dates that are in order.",
            );
        }
        let zone = floor.zone(&asked.zone);
        if zone.is_none() {
            trouble = trouble.naming("zone", "Elija una de las zonas de la lista.", "Choose a zone of the list.");
        }
        let (Some(period), Some((_, counted_in))) = (period, zone) else { return Err(trouble) };
        let (first, after) = period.bounded(floor.ambient.now(), &counted_in, 1);
        Ok(Self { period, from: asked.from, to: asked.to, department: asked.department, first, after })
    }

    /// First instant.
    pub(crate) fn begins(&self) -> Option<prost_types::Timestamp> {
        Some(stamp(self.first))
    }

    /// First instant after.
    pub(crate) fn ends(&self) -> Option<prost_types::Timestamp> {
        Some(stamp(self.after))
    }

    /// Both, for people.
    pub(crate) fn said(&self, lang: Lang) -> String {
        let day = |at: Option<prost_types::Timestamp>| When::of(lang, at).map(|when| when.text).unwrap_or_default();
        format!("{} – {}", day(self.begins()), day(self.ends()))
    }
}
