//! The shape of a calendar file, and its reading. A file that `extends` a calendar is that calendar with the file's changes.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Calendar, Changes, Holiday, Hours, Title};
use crate::data::DataError;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    extends: Option<String>,
    version: String,
    jurisdiction: String,
    #[serde(default)]
    region: String,
    title_es: String,
    title_en: String,
    zone: String,
    data_date: String,
    first_year: i16,
    last_year: i16,
    source: String,
    business_weekdays: Option<Vec<i8>>,
    /// Weekday, first minute, minute of the end.
    #[serde(default)]
    hours: Vec<(i8, i32, i32)>,
    /// Dates that are holidays of what is extended, and not here.
    #[serde(default)]
    unless: Vec<String>,
    /// Lines of `date scope title`.
    #[serde(default)]
    holidays: String,
    #[serde(default)]
    exception: Vec<ExceptionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionRow {
    date: String,
    #[serde(default)]
    hours: Vec<(i32, i32)>,
}

impl Calendar {
    /// Reads a calendar that stands alone from its data file.
    ///
    /// # Errors
    /// [`DataError`] that names the calendar and all that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        Self::parse_among(text, &BTreeMap::new())
    }

    /// Reads a calendar from its data file, which may extend one of those known.
    ///
    /// # Errors
    /// [`DataError`] that names the calendar and all that is wrong with it.
    pub fn parse_among(text: &str, known: &BTreeMap<String, Self>) -> Result<Self, DataError> {
        let file: File = toml::from_str(text).map_err(|e| DataError::new("a calendar", e.message()))?;
        let id = file.id.clone();
        let wrong = |what: String| DataError::new(&id, &what);
        let date = |text: &str| text.parse::<Date>().map_err(|_| wrong(format!("no date {text}")));
        let data_date = date(&file.data_date)?;
        let ground = match &file.extends {
            Some(base) => {
                let base = known.get(base).ok_or_else(|| wrong(format!("no calendar {base} to extend")))?;
                if base.jurisdiction != file.jurisdiction {
                    return Err(wrong(format!("it extends a calendar of {}", base.jurisdiction)));
                }
                base.clone()
            }
            None => Self::blank(),
        };
        let ground = Self {
            jurisdiction: file.jurisdiction,
            region: file.region,
            data_date,
            first_year: file.first_year,
            last_year: file.last_year,
            ..ground
        };
        let hours: Vec<Hours> = file
            .hours
            .iter()
            .map(|&(weekday, start_minute, end_minute)| Hours { weekday, start_minute, end_minute })
            .collect();
        let mut added = Vec::new();
        for line in file.holidays.lines() {
            let mut words = line.splitn(3, ' ');
            let (Some(day), Some(scope), Some(title)) = (words.next(), words.next(), words.next()) else {
                return Err(wrong(format!("`{line}` is not a date, a scope and a title")));
            };
            added.push((date(day)?, Holiday { title: title.to_owned(), scope: scope.to_owned() }));
        }
        let mut exceptions = Vec::with_capacity(file.exception.len());
        for row in file.exception {
            exceptions.push((date(&row.date)?, row.hours));
        }
        let alone = file.extends.is_none();
        let changes = Changes {
            id: file.id,
            version: file.version,
            title: Title { es: file.title_es, en: file.title_en },
            source: file.source,
            added,
            removed: file.unless.iter().map(|text| date(text)).collect::<Result<_, _>>()?,
            hours: (!hours.is_empty()).then_some(hours),
            exceptions,
            business_weekdays: file.business_weekdays.or_else(|| alone.then(Vec::new)),
            zone: Some(file.zone),
        };
        ground.extended(changes).map_err(|problems| wrong(problems.join("; ")))
    }

    /// The whole calendar as a data file that stands alone; [`Calendar::parse`] reads it back. Only what it extends is not in it.
    pub fn text(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let spans = |hours: &[(i32, i32)]| {
            hours.iter().map(|(from, to)| format!("[{from}, {to}]")).collect::<Vec<_>>().join(", ")
        };
        let hours = self.hours.iter().map(|h| format!("[{}, {}, {}]", h.weekday, h.start_minute, h.end_minute));
        let weekdays = self.business_weekdays().map(|day| day.to_string());
        let holidays =
            self.holidays.iter().map(|(day, holiday)| format!("{day} {} {}\n", holiday.scope, holiday.title));
        let mut text = String::new();
        for (key, value) in [
            ("id", &self.id),
            ("version", &self.version),
            ("jurisdiction", &self.jurisdiction),
            ("region", &self.region),
            ("title_es", &self.title.es),
            ("title_en", &self.title.en),
            ("zone", &self.zone_name),
            ("data_date", &self.data_date.to_string()),
            ("source", &self.source),
            ("holidays", &holidays.collect::<String>()),
        ] {
            text.push_str(&format!("{key} = {}\n", quoted(value)));
        }
        text.push_str(&format!("first_year = {}\nlast_year = {}\n", self.first_year, self.last_year));
        text.push_str(&format!("business_weekdays = [{}]\n", weekdays.collect::<Vec<_>>().join(", ")));
        text.push_str(&format!("hours = [{}]\n", hours.collect::<Vec<_>>().join(", ")));
        for (day, hours) in &self.exceptions {
            text.push_str(&format!("[[exception]]\ndate = \"{day}\"\nhours = [{}]\n", spans(hours)));
        }
        text
    }

    /// A calendar of nothing, for one that stands alone to extend.
    fn blank() -> Self {
        Self {
            id: String::new(),
            version: String::new(),
            extends: String::new(),
            jurisdiction: String::new(),
            region: String::new(),
            title: Title::default(),
            zone_name: String::new(),
            data_date: Date::ZERO,
            first_year: 0,
            last_year: 0,
            source: String::new(),
            hours: Vec::new(),
            holidays: BTreeMap::new(),
            exceptions: BTreeMap::new(),
            business_weekdays: [false; 7],
            zone: TimeZone::UTC,
        }
    }
}
