//! Tokens and data that are over, or soon will be.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::doctor::finding::Finding;

/// From when until when something holds.
#[derive(Debug, Clone, Copy)]
pub struct Validity {
    /// From.
    pub from: Timestamp,
    /// Until.
    pub until: Timestamp,
}

/// Whether a service's own token is valid, and for how much longer. `platform` says who writes a new one.
pub fn token(about: &str, validity: Validity, at: Timestamp) -> Finding {
    let (life, left) = (validity.until.duration_since(validity.from), validity.until.duration_since(at));
    let until = validity.until.strftime("%d-%m-%Y %H:%M UTC");
    let cure = "have whoever issues it write a new one into `auth.service_token_file`; it is read within five minutes";
    if left.is_negative() || left.is_zero() {
        return Finding::ill(about, "token", format!("its own token was valid until {until}"), cure);
    }
    let says = format!("its own token is valid until {until}");
    if left.as_secs() * 5 < life.as_secs() {
        Finding::note(about, "token", says, cure)
    } else {
        Finding::well(about, "token", says)
    }
}

/// A calendar's days off, as far as they are held.
#[derive(Debug, Clone)]
pub struct Holidays {
    /// Its id.
    pub calendar: String,
    /// Last year whose days are held.
    pub last_year: i16,
    /// When they were taken from their source.
    pub taken: Date,
    /// Whether a department counts by it.
    pub used: bool,
}

/// Days before the end of the data on which it is told.
const AHEAD: i16 = 90;

/// Whether the days off of the calendars that are counted by are held, and will be for a while. Of the others the oldest is told.
pub fn holidays(about: &str, calendars: &[Holidays], today: Date) -> Vec<Finding> {
    let cure = "take a version with newer days, or write them (`PutCalendar`): outside its years a calendar knows weekends alone, \
                and terms of business days come out too short for the customer's right";
    let ahead = today.saturating_add(jiff::Span::new().days(AHEAD)).year();
    let mut findings = Vec::new();
    for used in calendars.iter().filter(|calendar| calendar.used) {
        let says = format!(
            "days off of {}, taken on {}, are held to the end of {}",
            used.calendar,
            used.taken.strftime("%d-%m-%Y"),
            used.last_year
        );
        findings.push(if used.last_year < today.year() {
            Finding::ill(about, "holidays", says, cure)
        } else if used.last_year < ahead {
            Finding::note(about, "holidays", says, cure)
        } else {
            Finding::well(about, "holidays", says)
        });
    }
    if !calendars.iter().any(|calendar| calendar.used) {
        let says = "no calendar of the settings is known to the service";
        findings.push(Finding::ill(about, "holidays", says, "correct `service.law`, and look at the service's log"));
    }
    let others = calendars.iter().filter(|calendar| !calendar.used);
    if let Some(first) = others.min_by_key(|calendar| calendar.last_year)
        && first.last_year < ahead
    {
        let says = format!("days off of {} end with {}; nobody counts by it now", first.calendar, first.last_year);
        findings.push(Finding::note(about, "holidays", says, cure));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::super::finding::State;
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_token_is_told_of_in_its_last_fifth_and_ill_when_it_is_over() {
        let validity = Validity { from: at("2026-11-01T00:00:00Z"), until: at("2026-12-01T00:00:00Z") };
        assert_eq!(token("ticketing", validity, at("2026-11-10T00:00:00Z")).state, State::Well);
        assert_eq!(token("ticketing", validity, at("2026-11-26T00:00:00Z")).state, State::Note);
        assert_eq!(token("ticketing", validity, at("2026-12-01T00:00:00Z")).state, State::Ill);
    }

    #[test]
    fn days_off_that_ended_are_ill_and_those_that_end_soon_are_told() {
        let calendar = |last_year, used| Holidays {
            calendar: "es.madrid".to_owned(),
            last_year,
            taken: "2026-11-20".parse().unwrap(),
            used,
        };
        let states = |calendars: &[Holidays], today: &str| -> Vec<State> {
            holidays("sla-monitor", calendars, today.parse().unwrap()).iter().map(|found| found.state).collect()
        };
        assert_eq!(states(&[calendar(2027, true)], "2026-11-30"), [State::Well]);
        assert_eq!(states(&[calendar(2027, true)], "2027-10-15"), [State::Note]);
        assert_eq!(states(&[calendar(2027, true)], "2028-01-01"), [State::Ill]);
        assert_eq!(states(&[calendar(2030, true), calendar(2027, false)], "2028-01-01"), [State::Well, State::Note]);
        assert_eq!(states(&[calendar(2030, false)], "2026-11-30"), [State::Ill], "none that is counted by is known");
    }
}
