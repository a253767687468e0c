//! When a customer is called back: a window of the house's hours, on a working day.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};

use crate::Settings;

/// When the customer would like to be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// As soon as can be.
    Soon,
    /// The morning that comes next.
    Morning,
    /// The afternoon that comes next.
    Afternoon,
}

impl When {
    pub(crate) fn of(word: &str) -> Option<Self> {
        match word {
            "" | "soon" => Some(Self::Soon),
            "morning" => Some(Self::Morning),
            "afternoon" => Some(Self::Afternoon),
            _ => None,
        }
    }
}

/// Beginning and end of the window: whole hours, the first that begins after now and fits.
pub(crate) fn window(settings: &Settings, zone: &TimeZone, now: Timestamp, when: When) -> Option<(Zoned, Zoned)> {
    let hours = settings.window_hours.max(1);
    let noon = 14.clamp(settings.open_hour, settings.close_hour);
    let (first, last) = match when {
        When::Soon => (settings.open_hour, settings.close_hour),
        When::Morning => (settings.open_hour, noon),
        When::Afternoon => (noon, settings.close_hour),
    };
    let now = now.to_zoned(zone.clone());
    for day in 0..14 {
        let date = now.date().checked_add(day.days()).ok()?;
        if matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday) {
            continue;
        }
        for hour in first..last.saturating_sub(hours).saturating_add(1) {
            let Ok(from) = date.at(hour, 0, 0, 0).to_zoned(zone.clone()) else { continue };
            if from > now {
                let until = from.checked_add(i64::from(hours).hours()).ok()?;
                return Some((from, until));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(now: &str, when: When) -> (String, String) {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let (from, until) = window(&Settings::default(), &zone, now.parse().unwrap(), when).unwrap();
        (from.datetime().to_string(), until.datetime().to_string())
    }

    #[test]
    fn it_is_the_next_whole_hours_that_fit() {
        let soon = told("2026-11-30T10:20:00Z", When::Soon);
        assert_eq!(soon, ("2026-11-30T12:00:00".into(), "2026-11-30T14:00:00".into()));
        let morning = told("2026-11-30T10:20:00Z", When::Morning);
        assert_eq!(morning, ("2026-11-30T12:00:00".into(), "2026-11-30T14:00:00".into()));
        let afternoon = told("2026-11-30T10:20:00Z", When::Afternoon);
        assert_eq!(afternoon, ("2026-11-30T14:00:00".into(), "2026-11-30T16:00:00".into()));
    }

    #[test]
    fn late_in_the_evening_it_is_the_next_working_day() {
        // Friday, half past eight in the evening.
        let soon = told("2026-11-27T19:30:00Z", When::Soon);
        assert_eq!(soon, ("2026-11-30T09:00:00".into(), "2026-11-30T11:00:00".into()));
    }
}
