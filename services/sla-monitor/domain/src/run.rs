//! One run of a clock: a term counted from an origin on a calendar, with the spans in which it stood still.
//!
//! Every day term comes down to a number of counting days after the day of the origin. A civil day counts when it is of the
//! kind the term asks for and the clock did not stand still at its end. Shares of a term (50, 75, 90 %) are taken on the same
//! scale: half of 15 business days is noon of the eighth of them, whatever weekends lie between.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::calendar::{HORIZON_DAYS, next_day};
use crate::{Calendar, Term, Uncountable};

/// A span that does not count, from an instant up to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// When time stopped counting.
    pub from: Timestamp,
    /// When it counted again.
    pub to: Timestamp,
    /// Ground.
    pub ground: String,
}

/// A term counted from an origin.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// What is counted.
    pub term: Term,
    /// From when.
    pub origin: Timestamp,
    /// On which calendar.
    pub calendar: &'a Calendar,
    /// Spans left out: in order, apart from each other, all after the origin.
    pub pauses: &'a [Pause],
}

/// What a term comes down to.
pub(crate) enum Scale {
    /// So many counting days after the day of the origin.
    Days { count: u32, business: bool },
    /// So much time, day and night.
    Elapsed(SignedDuration),
    /// So much time within hours of work.
    Open(SignedDuration),
}

impl Run<'_> {
    /// The last instant at which the obligation is met in time.
    ///
    /// # Errors
    /// [`Uncountable`] when the calendar has nothing to count, or the end cannot be written.
    pub fn due(&self) -> Result<Timestamp, Uncountable> {
        match self.scale()? {
            Scale::Days { count, business } => self.calendar.last_instant(self.counting_day(count, business)?),
            Scale::Elapsed(amount) => self.elapsed(amount),
            Scale::Open(amount) => self.calendar.add_open_time(self.origin, amount, self.pauses),
        }
    }

    /// The instant at which `percent` (1 to 99) of the term is used up.
    ///
    /// # Errors
    /// As [`Run::due`].
    pub fn share(&self, percent: u8) -> Result<Timestamp, Uncountable> {
        let percent = u32::from(percent.clamp(1, 99));
        match self.scale()? {
            Scale::Days { count, business } => self.share_of_days(count * percent, business),
            Scale::Elapsed(amount) => self.elapsed(part(amount, percent)),
            Scale::Open(amount) => self.calendar.add_open_time(self.origin, part(amount, percent), self.pauses),
        }
    }

    /// The civil day the origin falls on, which is not counted.
    pub fn first_day(&self) -> Date {
        self.calendar.day_of(self.origin)
    }

    pub(crate) fn scale(&self) -> Result<Scale, Uncountable> {
        Ok(match self.term {
            Term::BusinessDays(count) => Scale::Days { count, business: true },
            Term::CalendarDays(count) => Scale::Days { count, business: false },
            Term::Weeks(n) => Scale::Days { count: n * 7, business: false },
            Term::Months(n) => {
                let first = self.first_day();
                // jiff takes the last day of the month where the date does not exist.
                let last = first.checked_add(i64::from(n).months()).map_err(|_| Uncountable::OutOfRange)?;
                let days = first.until(last).map_err(|_| Uncountable::OutOfRange)?.get_days();
                Scale::Days { count: u32::try_from(days).map_err(|_| Uncountable::OutOfRange)?, business: false }
            }
            Term::Minutes(n) => Scale::Elapsed(SignedDuration::from_mins(i64::from(n))),
            Term::OpenMinutes(n) => Scale::Open(SignedDuration::from_mins(i64::from(n))),
            Term::Seconds(n) => Scale::Elapsed(SignedDuration::from_secs(i64::from(n))),
            Term::OpenSeconds(n) => Scale::Open(SignedDuration::from_secs(i64::from(n))),
        })
    }

    /// The civil days of each pause: at the end of the first of them and of all up to the second, without it, the clock stood still.
    fn days_of_pauses(&self) -> Vec<(Date, Date)> {
        self.pauses.iter().map(|p| (self.calendar.day_of(p.from), self.calendar.day_of(p.to))).collect()
    }

    pub(crate) fn stood_still_at_the_end_of(&self, date: Date) -> bool {
        stood_still(&self.days_of_pauses(), date)
    }

    /// The `count`-th counting day after the day of the origin.
    pub(crate) fn counting_day(&self, count: u32, business: bool) -> Result<Date, Uncountable> {
        let pauses = self.days_of_pauses();
        let counts = |date: Date| (!business || self.calendar.is_business_day(date)) && !stood_still(&pauses, date);
        let mut date = self.first_day();
        let (mut left, mut idle) = (count, 0);
        while left > 0 {
            date = next_day(date)?;
            if counts(date) {
                left -= 1;
                idle = 0;
            } else {
                idle += 1;
                if idle > HORIZON_DAYS {
                    return Err(Uncountable::NothingCounts);
                }
            }
        }
        Ok(date)
    }

    /// The instant at which `hundredths` hundredths of a counting day are used up. Within a day time runs evenly, however long
    /// the day is; where the share ends with a day, it is the first instant after it.
    fn share_of_days(&self, hundredths: u32, business: bool) -> Result<Timestamp, Uncountable> {
        let (whole, rest) = (hundredths / 100, hundredths % 100);
        if rest == 0 {
            return self.calendar.start_of_day(next_day(self.counting_day(whole, business)?)?);
        }
        let day = self.counting_day(whole + 1, business)?;
        let start = self.calendar.start_of_day(day)?;
        let length = self.calendar.start_of_day(next_day(day)?)?.duration_since(start);
        start.checked_add(part(length, rest)).map_err(|_| Uncountable::OutOfRange)
    }

    fn elapsed(&self, amount: SignedDuration) -> Result<Timestamp, Uncountable> {
        let (mut from, mut remaining) = (self.origin, amount);
        for pause in self.pauses {
            let length = pause.from.duration_since(from);
            if remaining <= length {
                break;
            }
            remaining -= length;
            from = pause.to;
        }
        from.checked_add(remaining).map_err(|_| Uncountable::OutOfRange)
    }
}

/// Whether the clock stood still at the end of a day, by the days of its pauses.
fn stood_still(pauses: &[(Date, Date)], date: Date) -> bool {
    pauses.iter().any(|(from, to)| *from <= date && date < *to)
}

/// `percent` hundredths of a length, cut to the microsecond.
fn part(length: SignedDuration, percent: u32) -> SignedDuration {
    let micros = length.as_micros() * i128::from(percent) / 100;
    SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
}
