//! Instants as people read them: in the house's time zone, with the machine's form beside it.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::Lang;

static MADRID: LazyLock<TimeZone> = LazyLock::new(|| TimeZone::get("Europe/Madrid").unwrap_or(TimeZone::UTC));

/// An instant for `<time datetime="{{ when.iso }}">{{ when.text }}</time>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct When {
    /// RFC 3339.
    pub iso: String,
    /// For people.
    pub text: String,
    /// The instant itself.
    pub at: Timestamp,
}

impl When {
    /// This instant; `None` for none and for one outside the calendar.
    pub fn of(lang: Lang, at: Option<prost_types::Timestamp>) -> Option<Self> {
        let at = at?;
        let at = Timestamp::new(at.seconds, at.nanos).ok()?;
        Some(Self { iso: at.to_string(), text: moment(lang, at), at })
    }

    /// How far it is from `now`, in words.
    pub fn distance(&self, lang: Lang, now: Timestamp) -> String {
        let minutes = self.at.duration_since(now).as_mins();
        let (past, minutes) = (minutes < 0, minutes.unsigned_abs());
        let (count, es, en) = match minutes {
            0..60 => (minutes, ("minuto", "minutos"), ("minute", "minutes")),
            60..2_880 => (minutes / 60, ("hora", "horas"), ("hour", "hours")),
            _ => (minutes / 1_440, ("día", "días"), ("day", "days")),
        };
        let unit = |(one, many): (&'static str, &'static str)| if count == 1 { one } else { many };
        match (lang, past) {
            (Lang::Es, false) => format!("en {count} {}", unit(es)),
            (Lang::Es, true) => format!("hace {count} {}", unit(es)),
            (Lang::En, false) => format!("in {count} {}", unit(en)),
            (Lang::En, true) => format!("{count} {} ago", unit(en)),
        }
    }
}

/// Day and minute, e.g. `27-11-2026 23:59` or `27 Nov 2026 23:59`.
pub fn moment(lang: Lang, at: Timestamp) -> String {
    at.to_zoned(MADRID.clone()).strftime(lang.of("%d-%m-%Y %H:%M", "%d %b %Y %H:%M")).to_string()
}

/// The day alone.
pub fn day(lang: Lang, at: Timestamp) -> String {
    at.to_zoned(MADRID.clone()).strftime(lang.of("%d-%m-%Y", "%d %b %Y")).to_string()
}

/// The instant that somebody typed as day and hour of the house's zone, as a browser writes them: `2026-11-27T18:30`. Of an hour that a change of the clock
/// gives twice the first is meant; one that it leaves out is as far after the change as it says.
pub fn typed_moment(typed: &str) -> Option<Timestamp> {
    let typed = typed.trim();
    // A day alone names no instant.
    let at: jiff::civil::DateTime = typed.contains(['T', ' ']).then(|| typed.parse().ok()).flatten()?;
    at.to_zoned(MADRID.clone()).ok().map(|at| at.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_told_in_the_time_of_the_house() {
        let at: Timestamp = "2026-11-27T22:59:59Z".parse().unwrap();
        assert_eq!(moment(Lang::Es, at), "27-11-2026 23:59");
        assert_eq!(day(Lang::En, at), "27 Nov 2026");
        let when = When::of(Lang::Es, Some(prost_types::Timestamp { seconds: at.as_second(), nanos: 0 })).unwrap();
        assert_eq!(when.distance(Lang::Es, "2026-11-24T22:59:59Z".parse().unwrap()), "en 3 días");
        assert_eq!(when.distance(Lang::En, "2026-11-28T00:00:00Z".parse().unwrap()), "1 hour ago");
    }
    #[test]
    fn what_is_typed_as_day_and_hour_is_read_in_the_time_of_the_house() {
        let typed = |text: &str| typed_moment(text).map(|at| at.to_string());
        assert_eq!(typed("2026-11-27T18:30").as_deref(), Some("2026-11-27T17:30:00Z"));
        assert_eq!(typed(" 2026-06-01 09:00 ").as_deref(), Some("2026-06-01T07:00:00Z"));
        // Twice there on 25 October 2026, and not there on 29 March.
        assert_eq!(typed("2026-10-25T02:30").as_deref(), Some("2026-10-25T00:30:00Z"));
        assert_eq!(typed("2026-03-29T02:30").as_deref(), Some("2026-03-29T01:30:00Z"));
        for other in ["", "2026-11-27", "mañana", "2026-13-01T10:00", "2026-11-27T25:00"] {
            assert_eq!(typed(other), None, "{other:?}");
        }
    }
}
