//! What law has counted, published and audited, as dated data: each figure with its article, its limit and the share it asks for, the terms it is about, and the error
//! it bears.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::Figure;
use crate::data::{DataError, PUBLISHED};

/// Where the days of the law begin.
const ZONE: &str = "Europe/Madrid";

/// What law asks of one figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Article that asks for it.
    pub article: String,
    /// Within less than how long something is to be done, in microseconds; none where no duration is measured.
    pub less_than: Option<i64>,
    /// The share that is asked for, in percent; none where the law only has it told.
    pub percent: Option<u8>,
}

/// What law has published, from a day on.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// First civil day.
    pub from: Date,
    /// Rules whose terms the answer to an affair meets.
    pub terms: Vec<String>,
    /// The error that an audit bears in each figure.
    pub most_error: f64,
    /// Text and article that bear it.
    pub error_citation: String,
    asked: BTreeMap<Figure, Asked>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    law: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    from: String,
    terms: Vec<String>,
    most_error_percent: u8,
    error_citation: String,
    figure: Vec<FigureRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FigureRow {
    id: String,
    article: String,
    less_than: Option<u32>,
    percent: Option<u8>,
}

static SHIPPED: LazyLock<Vec<Published>> =
    LazyLock::new(|| Published::parse(PUBLISHED).expect("what is published ships as data that a test reads"));

impl Published {
    /// Reads what a file says, the oldest first.
    ///
    /// # Errors
    /// [`DataError`] when a figure is unknown, stands twice or is missing, a limit stands where nothing is timed or is missing where something is, or the days are not in order.
    pub fn parse(text: &str) -> Result<Vec<Self>, DataError> {
        let file: File = toml::from_str(text).map_err(|e| DataError::new("what is published", e.message()))?;
        let read = file.law.into_iter().map(Self::read).collect::<Result<Vec<_>, _>>()?;
        if read.is_empty() || !read.is_sorted_by(|a, b| a.from < b.from) {
            return Err(DataError::new("what is published", "its days must go forward, and there must be one"));
        }
        Ok(read)
    }

    fn read(row: Row) -> Result<Self, DataError> {
        let wrong = |what: &str| DataError::new(&row.from, what);
        let mut asked = BTreeMap::new();
        for told in row.figure {
            let figure = Figure::ALL.into_iter().find(|figure| figure.id() == told.id);
            let figure = figure.ok_or_else(|| wrong(&format!("no figure {}", told.id)))?;
            if figure.is_timed() != told.less_than.is_some() || told.percent.is_some_and(|percent| percent > 100) {
                return Err(wrong(&format!("{} has a limit or a share that it cannot have", told.id)));
            }
            let less_than = told.less_than.map(|seconds| i64::from(seconds) * 1_000_000);
            let ask = Asked { article: told.article, less_than, percent: told.percent };
            if asked.insert(figure, ask).is_some() {
                return Err(wrong(&format!("{} stands twice", told.id)));
            }
        }
        if let Some(missing) = Figure::ALL.into_iter().find(|figure| !asked.contains_key(figure)) {
            return Err(wrong(&format!("{} is missing", missing.id())));
        }
        let from = row.from.parse().map_err(|_| wrong("it is no date"))?;
        let most_error = f64::from(row.most_error_percent) / 100.0;
        Ok(Self { from, terms: row.terms, most_error, error_citation: row.error_citation, asked })
    }

    /// Everything that ships, the oldest first.
    pub fn shipped() -> &'static [Self] {
        &SHIPPED
    }

    /// What a period is measured by that begins at an instant: what is in force on its first day, or the first there was.
    pub fn of_period(from: Timestamp) -> &'static Self {
        let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
        Self::on(&SHIPPED, zone.to_datetime(from).date()).expect("at least one ships")
    }

    /// What is in force on a day, or the first there was.
    pub fn on(all: &[Self], day: Date) -> Option<&Self> {
        all.iter().rev().find(|law| law.from <= day).or(all.first())
    }

    /// What it asks of a figure.
    pub fn asked(&self, figure: Figure) -> &Asked {
        self.asked.get(&figure).expect("it was read with every figure")
    }

    /// Within less than how long, in microseconds: longer than anything where no duration is measured.
    pub fn limit(&self, figure: Figure) -> i64 {
        self.asked(figure).less_than.unwrap_or(i64::MAX)
    }
}
