//! Terms in calendar days and years, counted the way Spanish administrative practice counts them:
//! the first day is left out, and a term in days ends with its last day, in peninsular time.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};

fn zone() -> TimeZone {
    // The zone database is compiled in, so the name is always known.
    TimeZone::get("Europe/Madrid").expect("the compiled zone database knows Europe/Madrid")
}

/// The local date of an instant.
pub fn date(at: Timestamp) -> Date {
    at.to_zoned(zone()).date()
}

/// The local time of day of an instant.
pub fn time(at: Timestamp) -> Time {
    at.to_zoned(zone()).time()
}

/// The instant at which a term of `days` that began at `from` is over: the end of its last day.
pub fn end_after_days(from: Timestamp, days: i64) -> Timestamp {
    end_of(date(from).saturating_add(days.days()))
}

/// A term that stood still from `since` to `now`: over already, it stays over; else the time that was left is left from now, to the
/// end of its last day.
pub fn prolonged(due: Timestamp, since: Timestamp, now: Timestamp) -> Timestamp {
    if due <= since {
        return due;
    }
    let later = due.saturating_add(now.duration_since(since)).unwrap_or(Timestamp::MAX);
    let day = start_of(date(later));
    if day == later { later } else { end_of(date(later)) }
}

/// The instant at which a term of `months` that began at `from` is over, date to date; the last day of the month where it has no such date.
pub fn end_after_months(from: Timestamp, months: i64) -> Timestamp {
    end_of(date(from).saturating_add(months.months()))
}

/// The instant at which a term of `years` that began at `from` is over, date to date.
pub fn end_after_years(from: Timestamp, years: i64) -> Timestamp {
    end_of(date(from).saturating_add(years.years()))
}

/// `years` before `at`, date to date.
pub fn years_before(at: Timestamp, years: i64) -> Timestamp {
    start_of(date(at).saturating_sub(Span::new().years(years)))
}

/// The first instant of a civil year.
pub fn start_of_year(year: i16) -> Timestamp {
    start_of(Date::constant(year, 1, 1))
}

fn end_of(day: Date) -> Timestamp {
    start_of(day.saturating_add(1.day()))
}

fn start_of(day: Date) -> Timestamp {
    // Only dates at the very end of the calendar have no instant in a zone.
    day.to_zoned(zone()).map_or(Timestamp::MAX, |start| start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    #[test]
    fn ten_calendar_days_end_with_the_tenth_day_in_madrid() {
        assert_eq!(end_after_days(at("2026-03-20T09:00:00Z"), 10), at("2026-03-30T22:00:00Z"));
    }

    #[test]
    fn what_was_left_of_a_term_is_left_after_it_stood_still_to_the_end_of_the_day() {
        let (due, since) = (at("2026-03-30T22:00:00Z"), at("2026-03-25T10:00:00Z"));
        assert_eq!(prolonged(due, since, since), due);
        assert_eq!(prolonged(due, since, at("2026-04-02T15:30:00Z")), at("2026-04-08T22:00:00Z"));
        assert_eq!(prolonged(due, at("2026-03-31T10:00:00Z"), at("2026-04-30T10:00:00Z")), due);
    }

    #[test]
    fn a_month_from_the_last_of_august_ends_with_the_last_of_september() {
        assert_eq!(end_after_months(at("2026-08-31T08:00:00Z"), 1), at("2026-09-30T22:00:00Z"));
    }

    #[test]
    fn a_year_from_the_leap_day_ends_on_the_last_of_february() {
        assert_eq!(end_after_years(at("2024-02-29T12:00:00Z"), 1), at("2025-02-28T23:00:00Z"));
    }
}
