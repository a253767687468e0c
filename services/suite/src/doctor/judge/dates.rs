//! Tokens and data that are over, or soon will be.

use jiff::Timestamp;
use jiff::civil::Date;
use server::{Chain, Inspected};

use crate::doctor::finding::Finding;

/// From when until when something holds.
#[derive(Debug, Clone, Copy)]
pub struct Validity {
    /// From.
    pub from: Timestamp,
    /// Until.
    pub until: Timestamp,
}

/// Whether a process's own token is valid, and for how much longer.
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

/// Whether others will take the certificate of a process, and for how much longer. The window shows its own to the services alone, which look at no name
/// of it: `is_found` says whether others connect to the process by its name.
pub fn certificate(about: &str, seen: &Inspected, is_found: bool, at: Timestamp) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut ill = |says: String, cure: &str| findings.push(Finding::ill(about, "certificate", says, cure));
    if !seen.key_fits {
        ill("`tls.key_file` is not the key of `tls.cert_file`".to_owned(), "put the two there that were made together");
    }
    if is_found && !seen.is_of_service {
        let names = if seen.names.is_empty() { "no name".to_owned() } else { seen.names.join(", ") };
        ill(
            format!("its certificate is for {names}: whoever connects to {about} refuses it"),
            "have one made with its name as a DNS name, followed by `tls.service_domain` where that is set",
        );
    }
    let cure = "have a new one made and put it there; it is read again within two seconds";
    match seen.chain {
        Chain::Never => ill(
            "its certificate does not hold against `tls.ca_file`: another authority signed it, what leads there is missing, or it is not for servers and clients"
                .to_owned(),
            "put the chain into `tls.cert_file`, the house's authority into `tls.ca_file`, and have it made for serverAuth and clientAuth",
        ),
        Chain::Between { from, until } => {
            let day = |instant: Timestamp| instant.strftime("%d-%m-%Y %H:%M UTC").to_string();
            if at > until {
                ill(format!("its certificate was valid until {}", day(until)), cure);
            } else if at < from {
                ill(format!("its certificate is valid from {} on", day(from)), "look at the machine's clock, and at who made it");
            } else {
                let says = format!("its certificate is valid until {}", day(until));
                let (life, left) = (until.duration_since(from), until.duration_since(at));
                findings.push(if left.as_secs() * 5 < life.as_secs() {
                    Finding::note(about, "certificate", says, cure)
                } else {
                    Finding::well(about, "certificate", says)
                });
            }
        }
    }
    findings
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
    fn a_certificate_is_ill_for_each_reason_that_others_have_and_told_of_in_its_last_fifth() {
        let good = Inspected {
            names: vec!["ticketing".to_owned()],
            is_of_service: true,
            key_fits: true,
            chain: Chain::Between { from: at("2026-11-01T00:00:00Z"), until: at("2026-12-01T00:00:00Z") },
        };
        let states = |seen: &Inspected, now: &str| -> Vec<State> {
            certificate("ticketing", seen, true, at(now)).iter().map(|found| found.state).collect()
        };
        assert_eq!(states(&good, "2026-11-10T00:00:00Z"), [State::Well]);
        assert_eq!(states(&good, "2026-11-26T00:00:00Z"), [State::Note]);
        assert_eq!(states(&good, "2026-12-01T00:00:01Z"), [State::Ill]);
        assert_eq!(states(&good, "2026-10-31T00:00:00Z"), [State::Ill]);
        let never = Inspected { chain: Chain::Never, ..good.clone() };
        assert_eq!(states(&never, "2026-11-10T00:00:00Z"), [State::Ill]);
        let another_key = Inspected { key_fits: false, ..good.clone() };
        assert_eq!(states(&another_key, "2026-11-10T00:00:00Z"), [State::Ill, State::Well]);
        let of_another = Inspected { names: vec!["webhooks".to_owned()], is_of_service: false, ..good };
        let found = certificate("ticketing", &of_another, true, at("2026-11-10T00:00:00Z"));
        assert!(found[0].state == State::Ill && found[0].says.contains("webhooks"), "{}", found[0].says);
        assert_eq!(
            certificate("gateway", &of_another, false, at("2026-11-10T00:00:00Z")).len(),
            1,
            "nobody looks for it"
        );
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
