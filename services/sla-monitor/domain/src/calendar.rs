//! Calendars: where a civil day begins and ends, which days count as business days, and in which hours work is done.

mod extended;
mod file;
mod hours;
mod local;

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::Uncountable;

pub use extended::Changes;
pub use hours::Window;
pub use local::{LOCAL_TIME_RULE, first_instant};

/// Days looked ahead before a calendar is said to have none that counts.
pub(crate) const HORIZON_DAYS: u32 = 3_660;

/// Who may set a holiday: the state, the region, the town, or the house for itself.
pub const SCOPES: [&str; 4] = ["national", "community", "town", "house"];

/// Hours of one day of the week. `end_minute` may lie past 1440: the shift goes on into the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    /// 1 Monday to 7 Sunday.
    pub weekday: i8,
    /// Minute of the day it begins, below 1440.
    pub start_minute: i32,
    /// Minute it ends, exclusive; a day after `start_minute` at most: from 0 to 1440 is the whole day.
    pub end_minute: i32,
}

/// A day that is no business day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// Its name, in the language of the place; Spanish in Spain.
    pub title: String,
    /// Who set it, one of [`SCOPES`].
    pub scope: String,
}

/// What people call a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Title {
    /// In Spanish, e.g. `Comunidad de Madrid, villa de Madrid`.
    pub es: String,
    /// In English, e.g. `Madrid, town and region`.
    pub en: String,
}

/// Where days begin and end, which of them count, and the hours of work.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Id, e.g. `es.madrid`.
    pub id: String,
    /// Version of the data.
    pub version: String,
    /// Id of the calendar whose days it holds too; empty where it stands alone.
    pub extends: String,
    /// ISO 3166-1 code of the place whose law holds, e.g. `ES`, `GB`.
    pub jurisdiction: String,
    /// ISO 3166-2 code of the region, e.g. `ES-MD`; empty for a whole country.
    pub region: String,
    /// Its name.
    pub title: Title,
    /// IANA name of the zone.
    pub zone_name: String,
    /// The day the holidays were taken from their source.
    pub data_date: Date,
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
    /// Monday first; at least one is set.
    business_weekdays: [bool; 7],
    zone: TimeZone,
}

impl Calendar {
    /// Whether business is done on the day: a business weekday that is no holiday. Every day has an answer, within the years that are
    /// held and without.
    pub fn is_business_day(&self, date: Date) -> bool {
        self.is_business_weekday(date) && !self.holidays.contains_key(&date)
    }

    /// Whether business is done on the day's weekday, holidays aside.
    pub fn is_business_weekday(&self, date: Date) -> bool {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).ok();
        weekday.and_then(|i| self.business_weekdays.get(i)).copied().unwrap_or(false)
    }

    /// The weekdays on which business is done, 1 Monday to 7 Sunday, in order.
    pub fn business_weekdays(&self) -> impl Iterator<Item = i8> + '_ {
        (1..=7).zip(self.business_weekdays).filter_map(|(weekday, works)| works.then_some(weekday))
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
    (0..1440).contains(&start) && end > start && end - start <= 1440
}
