//! Due instants worked out by hand from the law, before the code was run. Each test cites what it reads.

use jiff::Timestamp;
use ventanilla_sla_monitor_domain::catalogue::{Switches, TicketFacts};
use ventanilla_sla_monitor_domain::proof::{Outcome, preview};
use ventanilla_sla_monitor_domain::{Catalogue, Run};

fn catalogue() -> Catalogue {
    Catalogue::embedded(&Switches::new()).unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Due instant of a rule for a start, on a calendar.
fn due(catalogue: &Catalogue, rule: &str, calendar: &str, start: &str) -> String {
    let calendar = catalogue.calendar(calendar).unwrap();
    let term = catalogue.rule(rule).unwrap().term.unwrap();
    Run { term, origin: instant(start), calendar, pauses: &[] }.due().unwrap().to_string()
}

fn chosen(catalogue: &Catalogue, ticket_type: &str, sector: &str, topic: &str, received: &str) -> Vec<String> {
    let facts = TicketFacts { ticket_type, sector, topic, channel: "", received: instant(received) };
    let calendar = catalogue.calendar("es.madrid").unwrap();
    catalogue.for_ticket(facts, calendar).iter().map(|c| c.rule.id.clone()).collect()
}

#[test]
fn fifteen_business_days_from_friday_19_december_skip_christmas_new_year_and_epiphany_in_madrid() {
    // Counted: 22 23 24 | 26 | 29 30 31 | 2 | 5 | 7 8 9 | 12 13 14 January.
    let c = catalogue();
    assert_eq!(
        due(&c, "es.l10-2025.17-1.resolve", "es.madrid", "2025-12-19T10:00:00+01:00"),
        "2026-01-14T22:59:59.999999Z"
    );
}

#[test]
fn a_month_from_31_january_ends_with_february() {
    let c = catalogue();
    let rule = "es.fin.29septies-1.decide";
    assert_eq!(due(&c, rule, "es.madrid", "2026-01-31T09:00:00+01:00"), "2026-02-28T22:59:59.999999Z");
    assert_eq!(due(&c, rule, "es.madrid", "2028-01-31T09:00:00+01:00"), "2028-02-29T22:59:59.999999Z");
}

#[test]
fn fifteen_business_days_in_august_end_before_the_month_of_a_holding_reply() {
    // RDL 19/2018, 69: received Monday 3-08-2026. 15-08 is a Saturday: 24-08. The bound of one month: 3-09.
    let c = catalogue();
    assert_eq!(due(&c, "es.fin.pay.decide", "es.madrid", "2026-08-03T09:00:00+02:00"), "2026-08-24T21:59:59.999999Z");
}

#[test]
fn five_days_for_billing_are_calendar_days_unless_the_switch_says_business_days() {
    // Received Thursday 30-04-2026, before the long weekend of 1 to 3 May: calendar days end on 5-05.
    let start = "2026-04-30T12:00:00+02:00";
    assert_eq!(due(&catalogue(), "es.l10-2025.17-3.billing", "es.madrid", start), "2026-05-05T21:59:59.999999Z");
    let switches = Switches::from([("es.l10-2025.17-3.unit".to_owned(), "5bd".to_owned())]);
    let other = Catalogue::embedded(&switches).unwrap();
    // 4 5 6 7 8 May: Friday the 1st is a holiday.
    assert_eq!(due(&other, "es.l10-2025.17-3.billing", "es.madrid", start), "2026-05-08T21:59:59.999999Z");
}

#[test]
fn the_same_complaint_has_another_law_on_the_other_side_of_28_december_2025() {
    let c = catalogue();
    let (before, after) = ("2025-12-27T12:00:00+01:00", "2025-12-29T12:00:00+01:00");
    assert_eq!(chosen(&c, "reclamacion", "finance", "", before), ["es.fin.eco734-15.decide"]);
    assert_eq!(chosen(&c, "reclamacion", "finance", "", after), ["es.fin.29septies-1.decide"]);
    assert_eq!(chosen(&c, "reclamacion", "general", "", before), [""; 0]);
    assert_eq!(chosen(&c, "reclamacion", "general", "", after), ["es.l10-2025.17-1.resolve"]);
    assert_eq!(due(&c, "es.fin.eco734-15.decide", "es.madrid", before), "2026-02-27T22:59:59.999999Z");
    assert_eq!(due(&c, "es.fin.29septies-1.decide", "es.madrid", after), "2026-01-29T22:59:59.999999Z");
}

#[test]
fn the_law_of_the_day_is_that_of_the_day_in_the_calendars_zone() {
    // 23:30 in London and the Canaries is already the 28th in Madrid.
    let c = catalogue();
    let at = instant("2025-12-27T23:30:00Z");
    let facts = TicketFacts { ticket_type: "queja", sector: "general", topic: "", channel: "", received: at };
    let rules = |calendar: &str| c.for_ticket(facts, c.calendar(calendar).unwrap()).len();
    assert_eq!((rules("es.madrid"), rules("es.canarias")), (1, 0));
}

#[test]
fn a_day_ends_an_hour_later_in_the_canaries() {
    let c = catalogue();
    // Half past midnight in Madrid is still the day before in the Canaries: another first day, another end.
    let start = "2026-03-03T00:30:00+01:00";
    let rule = "es.l10-2025.17-3.billing";
    assert_eq!(due(&c, rule, "es.madrid", start), "2026-03-08T22:59:59.999999Z");
    assert_eq!(due(&c, rule, "es.canarias", start), "2026-03-07T23:59:59.999999Z");
}

#[test]
fn the_day_ends_by_summer_time_when_the_clocks_changed_in_between() {
    let c = catalogue();
    assert_eq!(
        due(&c, "es.l10-2025.17-3.billing", "es.madrid", "2026-03-26T12:00:00+01:00"),
        "2026-03-31T21:59:59.999999Z"
    );
}

#[test]
fn two_hours_are_two_hours_by_day_and_night() {
    let c = catalogue();
    // Over the repeated hour of 25-10-2026.
    assert_eq!(
        due(&c, "es.l10-2025.17-2.continuity", "es.madrid", "2026-10-25T02:30:00+02:00"),
        "2026-10-25T02:30:00Z"
    );
}

#[test]
fn eight_weeks_are_fifty_six_calendar_days() {
    let c = catalogue();
    assert_eq!(due(&c, "uk.disp.1-6-2.final", "es.madrid", "2026-02-16T12:00:00+01:00"), "2026-04-13T21:59:59.999999Z");
}

#[test]
fn billing_takes_the_place_of_the_general_term_and_continuity_stands_beside_it() {
    let c = catalogue();
    let at = "2026-03-02T12:00:00+01:00";
    assert_eq!(chosen(&c, "reclamacion", "general", "billing", at), ["es.l10-2025.17-3.billing"]);
    assert_eq!(
        chosen(&c, "incidencia", "general", "continuity", at),
        ["es.l10-2025.17-1.resolve", "es.l10-2025.17-2.continuity"]
    );
    assert_eq!(chosen(&c, "consulta", "general", "", at), [""; 0]);
}

#[test]
fn a_sector_without_rules_of_its_own_falls_back_on_the_law_for_every_trader() {
    let c = catalogue();
    let facts = TicketFacts {
        ticket_type: "queja",
        sector: "toy_shop",
        topic: "",
        channel: "",
        received: instant("2026-03-02T12:00:00+01:00"),
    };
    let chosen = c.for_ticket(facts, c.calendar("es.madrid").unwrap());
    assert_eq!(chosen[0].rule.id, "es.trlgdcu.21-3");
    assert!(chosen[0].because_en.contains("toy_shop"), "{}", chosen[0].because_en);
}

#[test]
fn an_incident_of_2010_has_the_houses_standard() {
    let c = catalogue();
    assert_eq!(chosen(&c, "incidencia", "general", "", "2010-04-01T00:59:00Z"), ["house.incident.resolution"]);
    assert_eq!(chosen(&c, "incidencia", "general", "", "2026-04-01T00:59:00Z"), ["es.l10-2025.17-1.resolve"]);
}

#[test]
fn the_proof_names_article_calendar_holidays_and_the_end_of_the_day() {
    let c = catalogue();
    let rule = c.rule("es.l10-2025.17-1.resolve").unwrap();
    let start = instant("2025-12-29T10:00:00+01:00");
    let proof = preview(rule, c.calendar("es.madrid").unwrap(), start).unwrap();
    // 30 31 | 2 | 5 | 7 8 9 | 12..16 | 19 20 21 January.
    assert_eq!(proof.due, Some(instant("2026-01-21T22:59:59.999999Z")));
    assert_eq!((proof.article.as_str(), proof.in_force_at_start), ("17.1", true));
    let english: Vec<&str> = proof.steps.iter().map(|s| s.en.as_str()).collect();
    assert_eq!(
        english,
        [
            "The term starts from 29-12-2025 10:00:00, Europe/Madrid time",
            "29-12-2025 is not counted: it is the day of the starting event",
            "6 weekend days are not counted",
            "Holidays are not counted: 01-01-2026 Año Nuevo; 06-01-2026 Epifanía del Señor",
            "business day number 15 is 21-01-2026",
            "The day ends with its last microsecond in Europe/Madrid",
            "It falls due on 21-01-2026 23:59:59; what is done at that instant or before is in time",
        ]
    );
    assert_eq!(proof.steps[4].outcome, Outcome::Day("2026-01-21".parse().unwrap()));
    assert!(proof.sentence_es.contains("15 días hábiles") && proof.sentence_es.contains("es.madrid"));
}

#[test]
fn a_preview_before_the_law_says_that_it_was_not_in_force() {
    let c = catalogue();
    let rule = c.rule("es.l10-2025.17-1.resolve").unwrap();
    let proof = preview(rule, c.calendar("es.madrid").unwrap(), instant("2025-12-19T10:00:00+01:00")).unwrap();
    assert!(!proof.in_force_at_start);
    assert!(proof.steps.iter().any(|s| s.en.contains("not in force")));
}

#[test]
fn half_of_fifteen_business_days_is_noon_of_the_eighth() {
    let c = catalogue();
    let calendar = c.calendar("es.madrid").unwrap();
    let term = "15bd".parse().unwrap();
    let run = Run { term, origin: instant("2025-12-29T10:00:00+01:00"), calendar, pauses: &[] };
    assert_eq!(run.share(50).unwrap(), instant("2026-01-12T12:00:00+01:00"));
}

#[test]
fn what_was_not_read_in_the_law_is_disabled_and_says_why() {
    let c = catalogue();
    for rule in c.rules() {
        use ventanilla_sla_monitor_domain::rule::Evidence;
        if matches!(rule.evidence, Evidence::Secondary | Evidence::Recalled) {
            assert!(!rule.enabled(), "{}", rule.id);
        }
        assert!(rule.disabled_because.as_ref().is_none_or(|why| why.len() > 10), "{}", rule.id);
        assert!(!rule.es.is_empty() && !rule.en.is_empty() && !rule.citation.is_empty(), "{}", rule.id);
    }
    let enabled: Vec<&str> = c.rules().filter(|r| r.enabled()).map(|r| r.id.as_str()).collect();
    assert_eq!(
        enabled,
        [
            "es.adr.18.refuse",
            "es.adr.20.result",
            "es.fin.29quater-2.cure",
            "es.fin.29quater-4.alleg",
            "es.fin.29quinquies.entity",
            "es.fin.29septies-1.decide",
            "es.fin.29septies-3.notify",
            "es.fin.eco734-15.decide",
            "es.fin.pay.decide",
            "es.l10-2025.17-1.resolve",
            "es.l10-2025.17-2.continuity",
            "es.l10-2025.17-3.billing",
            "es.trlgdcu.21-3",
            "house.incident.resolution",
            "house.office.acceptance_by_claimant",
            "house.office.acceptance_by_firm",
            "house.office.allegations",
            "house.office.comply",
            "house.office.cure",
            "house.office.decide",
            "house.office.notify",
            "house.office.offer",
            "house.office.order",
            "house.office.recommendation",
            "house.office.reflection",
            "house.office.report",
            "house.office.statement",
            "house.promise",
            "uk.disp.1-6-2.final",
            "uk.disp.1-6-2A.psd",
        ]
    );
}

#[test]
fn an_unknown_switch_or_reading_is_refused() {
    for (name, value) in [("es.l10-2025.17-3.unit", "6cd"), ("no.such.switch", "5cd")] {
        let switches = Switches::from([(name.to_owned(), value.to_owned())]);
        assert!(Catalogue::embedded(&switches).is_err(), "{name} {value}");
    }
}
