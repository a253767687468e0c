//! Calendars: where a civil day begins and ends, which days count as business days, and in which hours work is done.

mod hours;
mod local;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::Deserialize;

use crate::Uncountable;
use crate::data::DataError;

pub use hours::Window;
pub use local::{LOCAL_TIME_RULE, first_instant};

/// Days looked ahead before a calendar is said to have none that counts.
pub(crate) const HORIZON_DAYS: u32 = 3_660;

/// Hours of one day of the week. `end_minute` may lie past 1440: the shift goes on into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// 1 Monday to 7 Sunday.
    pub weekday: i8,
    /// Minute of the day it begins, below 1440.
    pub start_minute: i32,
    /// Minute it ends, exclusive; less than a day after `start_minute`.
    pub end_minute: i32,
}

/// A day that is no business day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// Its name, in Spanish.
    pub title: String,
    /// `national`, `community` or `town`.
    pub scope: String,
}

/// Where days begin and end, which of them count, and the hours of work.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Id, e.g. `es.madrid`.
    pub id: String,
    /// Version of the data.
    pub version: String,
    /// IANA name of the zone.
    pub zone_name: String,
    /// First year whose holidays are held.
    pub first_year: i16,
    /// Last year whose holidays are held.
    pub last_year: i16,
    /// Where the holidays come from.
    pub source: String,
    /// Hours by weekday.
    pub hours: Vec<Hours>,
    /// Days that are no business days.
    pub holidays: BTreeMap<Date, Holiday>,
    /// Days with hours of their own: minutes as in [`Hours`]. They change the hours, not whether the day is a business day.
    pub exceptions: BTreeMap<Date, Vec<(i32, i32)>>,
    business_weekdays: [bool; 7],
    zone: TimeZone,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    version: String,
    zone: String,
    first_year: i16,
    last_year: i16,
    source: String,
    business_weekdays: Vec<i8>,
    #[serde(default)]
    hours: Vec<Hours>,
    #[serde(default)]
    holiday: Vec<HolidayRow>,
    #[serde(default)]
    exception: Vec<ExceptionRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayRow {
    date: String,
    title: String,
    scope: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExceptionRow {
    date: String,
    #[serde(default)]
    hours: Vec<(i32, i32)>,
}

impl Calendar {
    /// Reads a calendar from its data file.
    ///
    /// # Errors
    /// [`DataError`] that names the calendar and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, DataError> {
        let file: File = toml::from_str(text).map_err(|e| DataError::new("a calendar", e.message()))?;
        let wrong = |what: String| DataError::new(&file.id, &what);
        let zone = TimeZone::get(&file.zone).map_err(|_| wrong(format!("unknown zone {}", file.zone)))?;
        let mut business_weekdays = [false; 7];
        for day in &file.business_weekdays {
            let slot = usize::try_from(day - 1).ok().and_then(|i| business_weekdays.get_mut(i));
            *slot.ok_or_else(|| wrong(format!("no weekday {day}")))? = true;
        }
        for h in &file.hours {
            if !(1..=7).contains(&h.weekday) || !well_formed(h.start_minute, h.end_minute) {
                return Err(wrong(format!("hours {}-{} of weekday {}", h.start_minute, h.end_minute, h.weekday)));
            }
        }
        let date = |text: &str| text.parse::<Date>().map_err(|_| wrong(format!("no date {text}")));
        let mut holidays = BTreeMap::new();
        for row in &file.holiday {
            let holiday = Holiday { title: row.title.clone(), scope: row.scope.clone() };
            if holidays.insert(date(&row.date)?, holiday).is_some() {
                return Err(wrong(format!("{} twice", row.date)));
            }
        }
        let mut exceptions = BTreeMap::new();
        for row in &file.exception {
            if row.hours.iter().any(|&(start, end)| !well_formed(start, end)) {
                return Err(wrong(format!("hours of {}", row.date)));
            }
            exceptions.insert(date(&row.date)?, row.hours.clone());
        }
        Ok(Self {
            zone,
            business_weekdays,
            holidays,
            exceptions,
            id: file.id,
            version: file.version,
            zone_name: file.zone,
            first_year: file.first_year,
            last_year: file.last_year,
            source: file.source,
            hours: file.hours,
        })
    }

    /// Whether business is done on the day: a business weekday that is no holiday.
    pub fn is_business_day(&self, date: Date) -> bool {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.business_weekdays[weekday] && !self.holidays.contains_key(&date)
    }

    /// Whether the holidays of the day's year are held; outside, only weekends are left out.
    pub fn covers(&self, date: Date) -> bool {
        (self.first_year..=self.last_year).contains(&date.year())
    }

    /// The civil day in the calendar's zone that the instant belongs to.
    pub fn day_of(&self, at: Timestamp) -> Date {
        self.zone.to_datetime(at).date()
    }

    /// The first instant of a civil day.
    ///
    /// # Errors
    /// [`Uncountable::OutOfRange`] at the edges of the calendar.
    pub fn start_of_day(&self, date: Date) -> Result<Timestamp, Uncountable> {
        first_instant(&self.zone, date.at(0, 0, 0, 0))
    }

    /// The last microsecond of a civil day.
    ///
    /// # Errors
    /// [`Uncountable::OutOfRange`] at the edges of the calendar.
    pub fn last_instant(&self, date: Date) -> Result<Timestamp, Uncountable> {
        let next = self.start_of_day(next_day(date)?)?;
        next.checked_sub(1.microsecond()).map_err(|_| Uncountable::OutOfRange)
    }

    /// The zone.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }
}

/// The day after.
pub(crate) fn next_day(date: Date) -> Result<Date, Uncountable> {
    date.tomorrow().map_err(|_| Uncountable::OutOfRange)
}

fn well_formed(start: i32, end: i32) -> bool {
    (0..1440).contains(&start) && end > start && end - start < 1440
}
