//! The civil days of the house's zone, as sums are kept by them.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Unit};

use crate::calendar::first_instant;

/// An hour.
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Days of one zone. A day lasts from its first instant until the next begins: of an hour about midnight that is had twice, once on either day, all is the later's.
#[derive(Debug, Clone)]
pub struct Days(pub TimeZone);

impl Days {
    /// The day an instant is in.
    pub fn of(&self, at: Timestamp) -> Date {
        let mut day = self.0.to_datetime(at).date();
        while let Ok(next) = day.tomorrow()
            && self.start(next).is_some_and(|start| start <= at)
        {
            day = next;
        }
        day
    }

    /// The first instant of a day; none where instants end. Of a day that the zone left out, that of the next.
    pub fn start(&self, day: Date) -> Option<Timestamp> {
        first_instant(&self.0, day.at(0, 0, 0, 0)).ok()
    }

    /// The first day that begins at an instant or after it; none where dates end.
    pub fn at_or_after(&self, at: Timestamp) -> Option<Date> {
        let day = self.of(at);
        if self.start(day) == Some(at) { Some(day) } else { day.tomorrow().ok() }
    }

    /// The hour of its day that an instant is in, the first being 0, and when it begins. Hours are counted from the first instant of the day on, so that a day
    /// may have one more or less, or a last that is no whole hour.
    pub fn hour(&self, at: Timestamp) -> (Date, i16, Timestamp) {
        let day = self.of(at);
        let start = self.start(day).unwrap_or(at);
        let hour = i16::try_from(at.duration_since(start).as_secs() / HOUR.as_secs()).unwrap_or(0);
        (day, hour, start.checked_add(HOUR * i32::from(hour)).unwrap_or(at))
    }

    /// The first hour that begins at an instant or after it, and when; none where instants end.
    pub fn hour_at_or_after(&self, at: Timestamp) -> Option<(Date, i16, Timestamp)> {
        let (day, hour, start) = self.hour(at);
        if start == at {
            return Some((day, hour, at));
        }
        let (next, tomorrow) = (start.checked_add(HOUR).ok()?, day.tomorrow().ok()?);
        let begins = self.start(tomorrow)?;
        if next < begins { Some((day, hour + 1, next)) } else { Some(self.hour(begins)) }
    }

    /// A number of the hour of its day that an instant is in, higher for any that begins later.
    pub fn hour_number(&self, at: Timestamp) -> i32 {
        let (day, hour, _) = self.hour(at);
        first_hour(day) + i32::from(hour)
    }
}

/// The number of the first hour of a day, as [`Days::hour_number`] counts. A day has 64 of them, which is more than any lasts.
pub fn first_hour(day: Date) -> i32 {
    let days = date(1970, 1, 1).until((Unit::Day, day)).map_or(0, |since| since.get_days());
    days * 64
}
