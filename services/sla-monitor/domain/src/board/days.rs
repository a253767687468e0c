//! The civil days of the house's zone, as sums are kept by them.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::calendar::first_instant;

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
}
