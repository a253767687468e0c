//! From when until when a page looks, as it is chosen in a form and read from an address.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan as _};
use web::Lang;

/// A period as it was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Period {
    /// The civil day we are in.
    Today,
    /// The last seven civil days, with today.
    Week,
    /// The civil month we are in.
    #[default]
    Month,
    /// The civil month before.
    LastMonth,
    /// The civil year we are in.
    Year,
    /// The civil year before.
    LastYear,
    /// All there is.
    All,
    /// From one day to another, both within.
    Days(Date, Date),
}

/// First instant, and first instant after; absent where there is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Option<Timestamp>,
    /// First instant after.
    pub to: Option<Timestamp>,
}

impl Period {
    /// What is offered, in order.
    pub const OFFERED: [Self; 7] =
        [Self::Today, Self::Week, Self::Month, Self::LastMonth, Self::Year, Self::LastYear, Self::All];

    /// As in addresses.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Week => "week",
            Self::Month => "month",
            Self::LastMonth => "last-month",
            Self::Year => "year",
            Self::LastYear => "last-year",
            Self::All => "all",
            Self::Days(..) => "days",
        }
    }

    /// As people say it.
    pub const fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Today => lang.of("hoy", "today"),
            Self::Week => lang.of("últimos 7 días", "last 7 days"),
            Self::Month => lang.of("este mes", "this month"),
            Self::LastMonth => lang.of("mes anterior", "last month"),
            Self::Year => lang.of("este año", "this year"),
            Self::LastYear => lang.of("año anterior", "last year"),
            Self::All => lang.of("desde el principio", "from the beginning"),
            Self::Days(..) => lang.of("estas fechas", "these dates"),
        }
    }

    /// What an address says; nothing for what it cannot mean. Dates count only with the word for them or without one.
    pub fn read(word: &str, from: &str, to: &str) -> Option<Self> {
        let dated = !from.is_empty() || !to.is_empty();
        match word {
            "" if dated => Self::between(from, to),
            "days" => Self::between(from, to),
            "" => Some(Self::default()),
            word => Self::OFFERED.into_iter().find(|offered| offered.word() == word),
        }
    }

    fn between(from: &str, to: &str) -> Option<Self> {
        let (from, to): (Date, Date) = (from.parse().ok()?, to.parse().ok()?);
        (from <= to && (1900..3000).contains(&from.year()) && (1900..3000).contains(&to.year()))
            .then_some(Self::Days(from, to))
    }

    /// Its two ends for who counts days in `zone` at `now`.
    pub fn window(self, now: Timestamp, zone: &TimeZone) -> Window {
        let today = now.to_zoned(zone.clone()).date();
        let (first, after) = match self {
            Self::Today => (today, later(today, 1.day())),
            Self::Week => (later(today, -6.days()), later(today, 1.day())),
            Self::Month => (today.first_of_month(), later(today.first_of_month(), 1.month())),
            Self::LastMonth => (later(today.first_of_month(), -1.month()), today.first_of_month()),
            Self::Year => (today.first_of_year(), later(today.first_of_year(), 1.year())),
            Self::LastYear => (later(today.first_of_year(), -1.year()), today.first_of_year()),
            Self::All => return Window { from: None, to: None },
            Self::Days(from, to) => (from, later(to, 1.day())),
        };
        Window { from: midnight(first, zone), to: midnight(after, zone) }
    }

    /// The same with two ends whatever was chosen, for what has to be asked with both: at most `years` up to now.
    pub fn bounded(self, now: Timestamp, zone: &TimeZone, years: i32) -> (Timestamp, Timestamp) {
        let window = self.window(now, zone);
        let to = window.to.unwrap_or(now);
        let from = window.from.unwrap_or_else(|| {
            let first = later(to.to_zoned(zone.clone()).date(), (-years).years());
            midnight(first, zone).unwrap_or(Timestamp::UNIX_EPOCH)
        });
        (from, to)
    }
}

fn later(day: Date, by: Span) -> Date {
    day.saturating_add(by)
}

fn midnight(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    day.to_zoned(zone.clone()).ok().map(|start| start.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn madrid() -> TimeZone {
        TimeZone::get("Europe/Madrid").unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn days_and_months_are_those_of_the_zone() {
        // Half past eleven at night in London is tomorrow in Madrid, and next month too.
        let now = at("2026-11-30T23:30:00Z");
        let month = Period::Month.window(now, &madrid());
        assert_eq!(month, Window { from: Some(at("2026-11-30T23:00:00Z")), to: Some(at("2026-12-31T23:00:00Z")) });
        let last = Period::LastMonth.window(now, &madrid());
        assert_eq!(last, Window { from: Some(at("2026-10-31T23:00:00Z")), to: Some(at("2026-11-30T23:00:00Z")) });
        let year = Period::LastYear.window(now, &madrid());
        assert_eq!(year, Window { from: Some(at("2024-12-31T23:00:00Z")), to: Some(at("2025-12-31T23:00:00Z")) });
        let week = Period::Week.window(now, &madrid());
        assert_eq!(week, Window { from: Some(at("2026-11-24T23:00:00Z")), to: Some(at("2026-12-01T23:00:00Z")) });
    }

    #[test]
    fn both_dates_lie_within() {
        let days = Period::read("", "2026-03-28", "2026-03-29").unwrap();
        let window = days.window(at("2026-11-30T12:00:00Z"), &madrid());
        // The second of the two days is an hour short.
        assert_eq!(window, Window { from: Some(at("2026-03-27T23:00:00Z")), to: Some(at("2026-03-29T22:00:00Z")) });
    }

    #[test]
    fn what_means_nothing_is_not_read() {
        for (word, from, to) in [
            ("decade", "", ""),
            ("days", "", ""),
            ("", "2026-02-30", "2026-03-01"),
            ("", "2026-03-02", "2026-03-01"),
            ("", "2026-03-02", ""),
        ] {
            assert_eq!(Period::read(word, from, to), None, "{word} {from} {to}");
        }
        for offered in Period::OFFERED {
            assert_eq!(Period::read(offered.word(), "2026-01-01", ""), Some(offered));
        }
        assert_eq!(Period::read("", "", ""), Some(Period::Month));
    }
}
